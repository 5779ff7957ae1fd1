// All kinds of channels; a new one is its file and a line here.
import type { ChannelType } from './channel.ts'
import { desktop } from './desktop.ts'
import { discord } from './discord.ts'
import { email } from './email.ts'
import { gotify } from './gotify.ts'
import { ntfy } from './ntfy.ts'
import { resend } from './resend.ts'
import { slack } from './slack.ts'
import { telegram } from './telegram.ts'
import { webhook } from './webhook.ts'

export type { ChannelType, SendContext, SendResult } from './channel.ts'
export { TelegramSpec, telegramMarkup } from './telegram.ts'

export const channelTypes: readonly ChannelType[] = [
  desktop,
  telegram,
  discord,
  slack,
  ntfy,
  gotify,
  email,
  resend,
  webhook,
]

const byType = new Map(channelTypes.map(type => [type.type, type]))

export const channelTypeOf = (type: string): ChannelType | undefined => byType.get(type)

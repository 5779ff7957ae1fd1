// The contract's handlers for channels: thin, with an audit entry for whatever a person changed.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { ChannelDraft, ChannelKind } from '../../shared/model/channel.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import { channelTypeOf, channelTypes } from '../channels/index.ts'
import { refuseStraySecrets } from '../runtime/channel-secrets.ts'
import type { Services } from './services.ts'

interface Given {
  readonly draft: ChannelDraft
  readonly secrets: FieldSecrets
}

export const channelHandlers = ({ notifier, telegramCommands, audit }: Services) => {
  const record = (verb: AuditVerb, target: string): void => audit.record({ actor: 'person', verb, target })
  const guard = (id: string, { draft, secrets }: Given): void => {
    const type = channelTypeOf(draft.type)
    if (!type) throw new AppError('INVALID_INPUT', 'There is no such kind of channel')
    refuseStraySecrets(type, notifier.get(id).channel, draft.spec, secrets)
  }
  return {
    'channel.kinds': () => kinds,
    'channel.list': () => notifier.list(),
    'channel.add': ({ draft, secrets }: Given) => {
      const channel = notifier.add(draft, secrets)
      record('channel.add', channel.name)
      telegramCommands.refresh()
      return channel
    },
    'channel.edit': ({ id, ...given }: Given & { id: string }) => {
      guard(id, given)
      const channel = notifier.edit(id, given.draft, given.secrets)
      record('channel.edit', channel.name)
      telegramCommands.refresh()
      return channel
    },
    'channel.remove': async (id: string) => {
      const { name } = notifier.get(id).channel
      await notifier.remove(id)
      record('channel.remove', name)
      telegramCommands.refresh()
    },
    'channel.test': ({ id, ...given }: Given & { id: string | null }) => {
      if (id !== null) guard(id, given)
      return notifier.test(id, given.draft, given.secrets)
    },
    'channel.outbox': ({ id, limit }: { id: string; limit: number }) => notifier.outbox(id, limit),
  }
}

const kinds: ChannelKind[] = channelTypes.map(({ type, title, description, addable, spec }) => ({
  type,
  title,
  description,
  addable,
  schema: z.toJSONSchema(spec, { io: 'input' }),
}))

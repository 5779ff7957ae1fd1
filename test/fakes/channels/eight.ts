// One real peer for every kind of channel that goes over a network, with what a person would enter for it. Knows nothing of outboxes.
import { ChannelDraft } from '../../../src/shared/model/channel.ts'
import type { FieldSecrets } from '../../../src/shared/model/check.ts'
import { startDiscord } from './discord.ts'
import { HttpPeer, type Trouble } from './http-peer.ts'
import { startGotify, startNtfy } from './push.ts'
import { startResend } from './resend.ts'
import { startSlack } from './slack.ts'
import { startSmtp } from './smtp.ts'
import { FakeTelegram } from './telegram.ts'

export interface EightChannel {
  readonly draft: ChannelDraft
  readonly secrets: FieldSecrets
  /** What arrived, in order, as far as a reader sees it. */
  arrived(): string[]
  /** How many times it was tried. */
  attempts(): number
  /** What happens to its next attempts. */
  trouble(...troubles: Trouble[]): void
  /** What was sent against the documented API. */
  violations(): readonly string[]
}

export async function startEight() {
  const [telegram, discord, slack, ntfy, gotify, resend, webhook] = await Promise.all([
    FakeTelegram.start(),
    startDiscord(),
    startSlack(),
    startNtfy(),
    startGotify(),
    startResend(),
    HttpPeer.start(() => ({ status: 204 })),
  ])
  telegram.chats.add(42)
  const refusals: { code: number; text: string }[] = []
  const smtp = await startSmtp({ tls: 'none', refuse: () => refusals.shift() ?? null })
  const letter = { from: 'deck@example.org', to: ['me@example.org'] }
  const channel = (
    type: string,
    spec: Record<string, unknown>,
    secrets: FieldSecrets,
    peer: HttpPeer,
    arrived: () => string[],
  ): EightChannel => ({
    draft: ChannelDraft.parse({ type, name: type, spec, filter: {} }),
    secrets,
    arrived,
    attempts: () => peer.requests.length,
    trouble: (...troubles) => peer.trouble(...troubles),
    violations: () => peer.violations,
  })
  const mail: EightChannel = {
    draft: ChannelDraft.parse({
      type: 'email',
      name: 'email',
      spec: { ...letter, host: '127.0.0.1', port: smtp.port, security: 'none' },
      filter: {},
    }),
    secrets: {},
    arrived: () => smtp.letters.map(({ raw }) => decoded(raw)),
    attempts: () => smtp.letters.length,
    trouble: (...troubles) => {
      for (const _ of troubles) refusals.push({ code: 451, text: 'Greylisted' })
    },
    violations: () => [],
  }
  const channels: readonly EightChannel[] = [
    channel('telegram', { chatId: '42', apiBase: telegram.base }, { token: telegram.token }, telegram.peer, () =>
      telegram.messages.map(({ text }) => text),
    ),
    channel('discord', {}, { webhookUrl: discord.webhookUrl }, discord.peer, () =>
      discord.messages.map(({ embeds = [] }) => embeds.map(({ title }) => title?.replaceAll('\\', '')).join('\n')),
    ),
    channel('slack', {}, { webhookUrl: slack.webhookUrl }, slack.peer, () =>
      slack.messages.map(({ text }) => slack.shown(text ?? '')),
    ),
    channel('ntfy', { server: ntfy.peer.url, topic: 't' }, {}, ntfy.peer, () =>
      ntfy.messages.map(({ title = '' }) => title),
    ),
    channel('gotify', { server: gotify.server }, { token: 'AbCdEf' }, gotify.peer, () =>
      gotify.messages.map(({ title = '' }) => title),
    ),
    mail,
    channel('resend', { ...letter, apiBase: resend.peer.url }, { apiKey: 're_123456' }, resend.peer, () =>
      resend.letters.map(({ text = '' }) => text),
    ),
    channel('webhook', { url: webhook.url }, {}, webhook, () => webhook.requests.map(({ json }) => String(json.text))),
  ]
  const peers = [telegram, discord, slack, ntfy, gotify, resend, webhook, smtp]
  return {
    channels,
    telegram,
    webhook,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(peers.map(peer => peer[Symbol.asyncDispose]()))
    },
  }
}

/** The plain text of a letter, good enough to look for words in it. */
function decoded(raw: string): string {
  const [, encoded] = /Content-Transfer-Encoding: base64\r\n(?:[^\r\n]+\r\n)*\r\n([A-Za-z0-9+/=\r\n]+)/.exec(raw) ?? []
  if (encoded !== undefined) return Buffer.from(encoded, 'base64').toString()
  const bytes = raw.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

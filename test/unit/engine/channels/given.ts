// What tests of channels send: ordinary and hostile news, and the little that a channel may use.
import type { SendContext, SendResult } from '../../../../src/engine/channels/channel.ts'
import { channelTypeOf } from '../../../../src/engine/channels/index.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import type { Native } from '../../../../src/engine/ports.ts'
import type { NativeNotification } from '../../../../src/shared/contract/native.ts'
import type { NewsItem, Notification } from '../../../../src/shared/model/channel.ts'
import { FakeLoginWindows } from '../../../fakes/login-windows.ts'

export const at = Date.UTC(2026, 0, 31, 10, 0, 0)

export function news(change: Partial<NewsItem> = {}): NewsItem {
  return {
    kind: 'firing',
    incidentId: 'inc-1',
    hostId: 'web-1',
    hostName: 'web-1',
    unit: { scope: 'system', name: 'bot.service' },
    severity: 'critical',
    title: 'bot failed on web-1',
    body: '[STATE] (failed) == active. systemd is restarting it.',
    at,
    ...change,
  }
}

export function notification(items: readonly NewsItem[] = [news()], change: Partial<Notification> = {}): Notification {
  const [first] = items
  return {
    id: '0b7cf1f4-7a5f-4d07-9f7d-0f4b0c6f8f11',
    severity: items.some(item => item.severity === 'critical') ? 'critical' : (first?.severity ?? 'info'),
    title: items.length === 1 ? (first?.title ?? '') : `${items.length} messages of web-1`,
    items: [...items],
    at,
    ...change,
  }
}

/** What a host could call itself and say, to act on whoever reads it. */
export const hostile = {
  title: '@everyone <!channel> <b>bot</b>\r\nBcc: victim@example.org \u202Etxt.exe',
  body: [
    '\u001b[31mred\u001b[0m \u001b]0;owned\u0007 <script>alert(1)</script> & <!here> <@U123> @here',
    '**bold** `code` [click](http://evil.example) ||spoiler|| # head',
    '\u2066hidden\u2069 \u0000 </b></i> &amp; "quoted"',
  ].join('\n'),
}
export const hostileNews = (): NewsItem => news(hostile)

export interface Sent {
  readonly result: SendResult
  readonly shown: readonly NativeNotification[]
}

export interface Given {
  readonly secrets?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly native?: Partial<Native>
  readonly now?: number
}

/** Sends through a kind as the notifier does: the spec parsed, secrets by their fields. */
export async function send(
  type: string,
  spec: Record<string, unknown>,
  what: Notification = notification(),
  { secrets = {}, signal, native = {}, now = at + 12_000 }: Given = {},
): Promise<SendResult> {
  const kind = channelTypeOf(type)
  if (!kind) throw new Error(`no kind ${type}`)
  const context: SendContext = {
    clock: new ManualClock(now),
    signal: signal ?? AbortSignal.timeout(20_000),
    native: {
      notify: async () => ({ shown: true, reason: null }),
      setTray: () => {},
      onActed: () => ({ dispose: () => {} }),
      keyringStatus: async () => ({ available: false, reason: null }),
      keyringWrap: async plain => plain,
      keyringUnwrap: async wrapped => wrapped,
      keepKey: async () => {},
      keptKey: async () => null,
      ...new FakeLoginWindows(),
      ...native,
    },
    secret: async field => secrets[field] ?? null,
  }
  return kind.send(context, kind.spec.parse(spec), what)
}

/** None of what a terminal or the bidi algorithm obeys; line breaks stay. */
export const harmless = (text: string): boolean => !/[\p{Bidi_Control}\u2028\u2029]|(?!\n)\p{Cc}/u.test(text)

// The demo's channels and what went through them; one does not work. Knows nothing of how they are served. Never part of the app.
import type { Channel, ChannelView, OutboxEntry } from '../../../src/shared/model/channel.ts'
import { hash } from './units.ts'

const minute = 60_000
const day = 24 * 60 * minute
const everything: Channel['filter'] = { minSeverity: 'info', tags: [], hosts: [] }

export function channelsOf(now: number, filled: boolean): ChannelView[] {
  const view = (
    channel: Partial<Channel> & Pick<Channel, 'id' | 'type' | 'name'>,
    rest: Partial<ChannelView> = {},
  ): ChannelView => ({
    channel: {
      spec: {},
      enabled: true,
      filter: everything,
      quietHours: null,
      createdAt: now - 38 * day,
      stored: [],
      ...channel,
    },
    waiting: 0,
    lastSentAt: filled ? now - 4 * minute : null,
    problem: null,
    nextAttemptAt: null,
    ...rest,
  })
  const desktop = view({ id: 'desktop', type: 'desktop', name: 'Desktop' })
  if (!filled) return [desktop]
  return [
    desktop,
    view({
      id: 'telegram-night',
      type: 'telegram',
      name: 'Telegram, night shift',
      spec: { chatId: '-1001234567890', allowedChats: ['-1001234567890'], commands: true },
      stored: ['token'],
      filter: { ...everything, minSeverity: 'warning' },
      quietHours: { from: '23:00', to: '07:00', zone: 'Europe/Berlin', criticalPasses: true },
    }),
    view(
      {
        id: 'mail-ops',
        type: 'email',
        name: 'Mail to ops',
        spec: {
          host: 'smtp.example.org',
          port: 587,
          security: 'starttls',
          user: 'alerts',
          from: 'alerts@example.org',
          to: ['ops@example.org'],
        },
        stored: ['password'],
        filter: { ...everything, minSeverity: 'critical' },
      },
      {
        waiting: 3,
        lastSentAt: now - 2 * day,
        problem: 'smtp.example.org refused the login: 535 5.7.8 Authentication failed',
        nextAttemptAt: now + 83_000,
      },
    ),
    view(
      {
        id: 'ntfy-phone',
        type: 'ntfy',
        name: 'ntfy on the phone',
        spec: { server: 'https://ntfy.example.net', topic: 'quarterdeck-mira' },
        enabled: false,
        filter: { minSeverity: 'critical', tags: ['trading'], hosts: ['web-1'] },
      },
      { lastSentAt: null },
    ),
  ]
}

export function outboxOf(channelId: string, now: number): OutboxEntry[] {
  if (channelId === 'ntfy-phone') return []
  const titles = [
    ['inc-telegram', 'firing', 'Telegram webhook of webhook-bot is failing'],
    ['inc-webhook-bot', 'firing', 'webhook-bot.service failed on web-1'],
    ['inc-trading-slow', 'firing', 'Trading API on web-1 is slow'],
    ['inc-past-1', 'resolved', 'trading-bot.service is well again on web-1'],
    ['inc-past-1', 'firing', 'trading-bot.service failed on web-1'],
    [null, 'summary', '4 messages from the quiet hours'],
    [null, 'test', 'Test from Quarterdeck'],
  ] as const
  const broken = channelId === 'mail-ops'
  return Array.from({ length: 24 }, (_, index) => {
    const [incidentId, kind, title] = titles[index % titles.length] ?? titles[0]
    const createdAt = now - 4 * minute - index * 73 * minute
    const waits = broken && index < 3
    return {
      id: `${channelId}-${index}`,
      channelId,
      incidentId,
      kind,
      title,
      state: waits ? 'waiting' : index % 11 === 10 ? 'dropped' : broken && index === 3 ? 'failed' : 'sent',
      createdAt,
      sentAt: waits ? null : createdAt + 300 + (hash(`${channelId}${index}`) % 900),
      attempts: waits ? 5 : 1,
      error: waits || (broken && index === 3) ? '535 5.7.8 Authentication failed' : null,
    } satisfies OutboxEntry
  })
}

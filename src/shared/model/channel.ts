// What a channel is and what is sent through it; knows no channel in particular.
import { z } from 'zod'
import { KindInfo, Severity } from './check.ts'
import { HostId } from './host.ts'
import { TimeZone } from './incident.ts'

export const ChannelId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a channel id')
export type ChannelId = z.infer<typeof ChannelId>

/** The desktop channel is there from the first start. */
export const desktopChannelId = 'desktop'

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time like 22:00')
/** Within these hours messages wait, and come as one summary at the end. */
export const QuietHours = z.object({
  from: clockTime,
  to: clockTime,
  zone: TimeZone,
  /** Do critical ones come at once all the same? */
  criticalPasses: z.boolean().default(true),
})
export type QuietHours = z.infer<typeof QuietHours>

export const ChannelFilter = z.object({
  minSeverity: Severity.default('info'),
  /** Only alerts with one of these tags; empty is all. */
  tags: z.array(z.string().min(1).max(40)).max(32).default([]),
  /** Only alerts of these hosts; empty is all. */
  hosts: z.array(HostId).max(500).default([]),
})
export type ChannelFilter = z.infer<typeof ChannelFilter>

export const ChannelDraft = z.object({
  type: z.string().min(1).max(64),
  name: z.string().trim().min(1, 'Give the channel a name').max(100),
  /** Parsed by the kind's own schema; holds no secret. */
  spec: z.record(z.string(), z.unknown()),
  enabled: z.boolean().default(true),
  filter: ChannelFilter,
  quietHours: QuietHours.nullable().default(null),
})
export type ChannelDraft = z.infer<typeof ChannelDraft>

export const Channel = ChannelDraft.extend({
  id: ChannelId,
  createdAt: z.number(),
  /** Which of the spec's secret fields the vault holds a value for. */
  stored: z.array(z.string()),
})
export type Channel = z.infer<typeof Channel>

export const ChannelView = z.object({
  channel: Channel,
  /** Messages that wait for it. */
  waiting: z.number().int(),
  lastSentAt: z.number().nullable(),
  /** What the last attempt failed with, until one succeeds. */
  problem: z.string().nullable(),
  nextAttemptAt: z.number().nullable(),
})
export type ChannelView = z.infer<typeof ChannelView>

export const ChannelKind = KindInfo.extend({ addable: z.boolean() })
export type ChannelKind = z.infer<typeof ChannelKind>

export const notificationKinds = [
  'firing',
  'resolved',
  'flapping',
  'repeat',
  'escalated',
  'summary',
  'test',
  'notice',
] as const
/** What a message says; each becomes plain text in channels that know no other. */
export const NotificationKind = z.enum(notificationKinds)
export type NotificationKind = z.infer<typeof NotificationKind>

/** One piece of news within a message. Texts come from hosts: each channel escapes them its own way. */
export const NewsItem = z.object({
  kind: NotificationKind,
  incidentId: z.string().nullable(),
  hostId: HostId.nullable(),
  hostName: z.string().nullable(),
  /** The service it is about, by its unit name and scope. */
  unit: z.object({ scope: z.enum(['system', 'user']), name: z.string() }).nullable(),
  severity: Severity,
  /** What and where. */
  title: z.string(),
  /** Since when, why, and what is being done. */
  body: z.string(),
  at: z.number(),
})
export type NewsItem = z.infer<typeof NewsItem>

/** One message as a channel sends it: one piece of news, or several of one host that came close together (semantics 14). */
export const Notification = z.object({
  /** Stays the same over every attempt, so that a receiver can tell a duplicate (semantics 19). */
  id: z.string().min(1).max(64),
  severity: Severity,
  title: z.string(),
  items: z.array(NewsItem).min(1),
  at: z.number(),
})
export type Notification = z.infer<typeof Notification>

/** A row of the outbox as a person may look at it. */
export const OutboxEntry = z.object({
  id: z.string(),
  channelId: ChannelId,
  incidentId: z.string().nullable(),
  kind: NotificationKind,
  title: z.string(),
  state: z.enum(['waiting', 'sending', 'sent', 'failed', 'dropped']),
  createdAt: z.number(),
  sentAt: z.number().nullable(),
  attempts: z.number().int(),
  error: z.string().nullable(),
})
export type OutboxEntry = z.infer<typeof OutboxEntry>

// What an incident is: trouble with a beginning, an end and a story; knows nothing of how it is found or told.
import { z } from 'zod'
import { CheckId, CheckUnit, MutedBy, ProbeCause, Severity } from './check.ts'
import { HostId } from './host.ts'
import { JournalEntry } from './journal.ts'
import { UnitName, UnitScope } from './unit.ts'

export const IncidentId = z.string().min(1).max(64)
export type IncidentId = z.infer<typeof IncidentId>

export const Incident = z.object({
  id: IncidentId,
  hostId: HostId,
  hostName: z.string(),
  checkId: CheckId,
  checkName: z.string(),
  checkType: z.string(),
  /** The unit it is about, where it is about one. */
  unit: CheckUnit.nullable(),
  severity: Severity,
  /** open → acknowledged → resolved; or straight to resolved. */
  state: z.enum(['open', 'acknowledged', 'resolved']),
  /** What and where, in one line. */
  title: z.string(),
  /** The message of the probe that opened it, and the newest one. */
  firstMessage: z.string(),
  lastMessage: z.string(),
  cause: ProbeCause.nullable(),
  openedAt: z.number(),
  /** When the trouble began: the first failure, before the thresholds were reached. */
  startedAt: z.number(),
  acknowledgedAt: z.number().nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedAt: z.number().nullable(),
  /** Why nobody is being told, where that is so. */
  mutedBy: MutedBy.nullable(),
  tags: z.array(z.string()),
})
export type Incident = z.infer<typeof Incident>

export const IncidentQuery = z.object({
  state: z.enum(['active', 'resolved', 'all']).default('all'),
  hostId: HostId.nullable().default(null),
  checkId: CheckId.nullable().default(null),
  severity: Severity.nullable().default(null),
  unit: CheckUnit.nullable().default(null),
  text: z.string().max(200).nullable().default(null),
  /** Opened before, wall ms, for paging. */
  before: z.number().nullable().default(null),
  since: z.number().nullable().default(null),
  limit: z.number().int().min(1).max(500).default(100),
})
export type IncidentQuery = z.infer<typeof IncidentQuery>

/** One line of the incident's story (R25), whoever it comes from. */
export const TimelineItem = z.object({
  at: z.number(),
  kind: z.enum([
    'probe',
    'alert',
    'transition',
    'notification',
    'recovery',
    'action',
    'person',
    'note',
    'gap',
    'connection',
  ]),
  tone: z.enum(['good', 'bad', 'warning', 'neutral']),
  title: z.string(),
  detail: z.string().nullable(),
  /** `person`, a rule's or channel's name; null where nobody did it. */
  actor: z.string().nullable(),
})
export type TimelineItem = z.infer<typeof TimelineItem>

export const IncidentStory = z.object({
  incident: Incident,
  /** Ascending. */
  timeline: z.array(TimelineItem),
  /** The unit's (or the host's) journal within ±60 s of the beginning; empty where it could not be read, with why. */
  journal: z.array(JournalEntry),
  journalProblem: z.string().nullable(),
})
export type IncidentStory = z.infer<typeof IncidentStory>

// ── silences and maintenance windows ─────────────────────────────────────────────────────────────────────────────────

/** What a silence is about; null is "any". All that is named has to match. */
export const SilenceScope = z.object({
  hostId: HostId.nullable(),
  unit: z.object({ scope: UnitScope, name: UnitName }).nullable(),
  checkId: CheckId.nullable(),
  tag: z.string().max(40).nullable(),
})
export type SilenceScope = z.infer<typeof SilenceScope>

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time like 04:00')
/** An IANA time zone, e.g. Europe/Berlin. */
export const TimeZone = z
  .string()
  .max(64)
  .refine(zone => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone })
      return true
    } catch {
      return false
    }
  }, 'Not a known time zone')

export const SilenceSchedule = z.discriminatedUnion('kind', [
  /** From now, or `from`, until a time; null is until it is taken back. */
  z.object({ kind: z.literal('once'), from: z.number(), until: z.number().nullable() }),
  z.object({
    kind: z.literal('weekly'),
    /** 0 is Sunday. */
    days: z.array(z.number().int().min(0).max(6)).min(1, 'Choose a day').max(7),
    from: clockTime,
    to: clockTime,
    zone: TimeZone,
  }),
  z.object({
    kind: z.literal('cron'),
    expression: z.string().min(9).max(100),
    minutes: z.number().int().min(1).max(10_080),
    zone: TimeZone,
  }),
])
export type SilenceSchedule = z.infer<typeof SilenceSchedule>

export const SilenceDraft = z.object({
  name: z.string().trim().min(1, 'Say what it is for').max(100),
  /** A maintenance window also leaves its time out of uptime. */
  kind: z.enum(['silence', 'maintenance']),
  scope: SilenceScope,
  schedule: SilenceSchedule,
})
export type SilenceDraft = z.infer<typeof SilenceDraft>

export const Silence = SilenceDraft.extend({
  id: z.string().min(1).max(64),
  createdAt: z.number(),
  createdBy: z.string(),
  /** Is it in force now, and until or from when (wall ms; null where it never ends, or never comes again). */
  active: z.boolean(),
  changesAt: z.number().nullable(),
})
export type Silence = z.infer<typeof Silence>

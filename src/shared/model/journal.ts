// What a journal entry and a question to the journal are; knows nothing of journalctl.
import { z } from 'zod'
import { HostId } from './host.ts'
import { UnitName, UnitScope } from './unit.ts'

/** One entry of a host's journal. All text is the host's and untrusted. */
export const JournalEntry = z.object({
  hostId: HostId,
  cursor: z.string(),
  /** Wall ms with µs as fraction. */
  at: z.number(),
  /** syslog priority, 0 (emerg) … 7 (debug). */
  priority: z.number().int(),
  unit: z.string().nullable(),
  identifier: z.string().nullable(),
  pid: z.number().nullable(),
  message: z.string(),
  /** The message was over the size limit, on the host or here. */
  truncated: z.boolean(),
})
export type JournalEntry = z.infer<typeof JournalEntry>

/** Wall ms that a date can hold. */
const wallTime = z.number().min(0).max(8_640_000_000_000_000)

export const JournalFilter = z.object({
  hostId: HostId,
  scope: UnitScope.default('system'),
  units: z.array(UnitName).max(64).default([]),
  /** Show this priority and everything more severe. */
  priority: z.number().int().min(0).max(7).nullable().default(null),
  since: wallTime.nullable().default(null),
  until: wallTime.nullable().default(null),
  /** 0 is the present boot, -1 the one before; null is all boots. */
  boot: z.number().int().max(0).min(-1000).nullable().default(null),
  /** A text or a regular expression over the message, applied on the host where its journalctl can, else here. */
  text: z.string().max(1024).nullable().default(null),
  regex: z.boolean().default(false),
  invert: z.boolean().default(false),
  caseSensitive: z.boolean().default(false),
})
export type JournalFilter = z.infer<typeof JournalFilter>
/** A filter that lets everything pass; whoever asks narrows it. */
export const everyEntry = {
  ...{ priority: null, since: null, until: null, boot: null, text: null },
  ...{ regex: false, invert: false, caseSensitive: false },
} as const satisfies Partial<JournalFilter>

/** A page of history, always in ascending order of time. */
export const JournalPageQuery = JournalFilter.extend({
  /** Entries before or after this cursor, exclusive; null starts at the newest (or, with `after`, the oldest). */
  cursor: z.string().max(1024).nullable().default(null),
  direction: z.enum(['before', 'after']).default('before'),
  limit: z.number().int().min(1).max(10_000).default(500),
})
export type JournalPageQuery = z.infer<typeof JournalPageQuery>

export const JournalPage = z.object({
  entries: z.array(JournalEntry),
  /** Are there more in the asked direction? */
  more: z.boolean(),
})
export type JournalPage = z.infer<typeof JournalPage>

export const JournalBoot = z.object({
  index: z.number().int(),
  bootId: z.string(),
  firstAt: z.number(),
  lastAt: z.number(),
})
export type JournalBoot = z.infer<typeof JournalBoot>

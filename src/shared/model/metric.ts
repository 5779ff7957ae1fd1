// What is measured on a host and how its history is asked for; knows nothing of /proc or SQLite.
import { z } from 'zod'
import { HostId } from './host.ts'

export const DiskUse = z.object({
  mount: z.string(),
  device: z.string(),
  totalBytes: z.number(),
  usedBytes: z.number(),
  freeBytes: z.number(),
})
export type DiskUse = z.infer<typeof DiskUse>

export const NetRate = z.object({ name: z.string(), rxBytesPerSecond: z.number(), txBytesPerSecond: z.number() })
export type NetRate = z.infer<typeof NetRate>

/** Resources of one watched unit, summed over its processes. */
export const UnitUse = z.object({
  scope: z.enum(['system', 'user']),
  name: z.string(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number(),
  processes: z.number(),
})
export type UnitUse = z.infer<typeof UnitUse>

/** One look at a host. Rates are null in the first look after connecting. */
export const HostSample = z.object({
  hostId: HostId,
  /** Wall ms of this computer. */
  at: z.number(),
  cpuPercent: z.number().nullable(),
  /** Percent per core. */
  cores: z.array(z.number()),
  load: z.tuple([z.number(), z.number(), z.number()]),
  memory: z.object({ totalBytes: z.number(), availableBytes: z.number() }),
  swap: z.object({ totalBytes: z.number(), freeBytes: z.number() }),
  disks: z.array(DiskUse),
  diskReadBytesPerSecond: z.number().nullable(),
  diskWriteBytesPerSecond: z.number().nullable(),
  net: z.array(NetRate),
  uptimeSeconds: z.number(),
  units: z.array(UnitUse),
})
export type HostSample = z.infer<typeof HostSample>

/** The name of a number over time on one host, e.g. `cpu`, `memory.used`, `disk.used:/`, `unit.memory:system/bot.service`. */
export const SeriesName = z.string().min(1).max(400)

export const SeriesQuery = z.object({
  hostId: HostId,
  series: z.array(SeriesName).min(1).max(64),
  from: z.number(),
  to: z.number(),
  /** How many points are wanted at the most. */
  points: z.number().int().min(2).max(5000),
})
export type SeriesQuery = z.infer<typeof SeriesQuery>

/** Points of one series. A gap is a null in `avg`, never an interpolation. `quality` tells what each point rests on. */
export const SeriesData = z.object({
  series: z.string(),
  /** Ascending wall ms, one per bucket. */
  at: z.array(z.number()),
  min: z.array(z.number().nullable()),
  avg: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
  /** True where the bucket was filled in after a gap (R13). */
  reconstructed: z.array(z.boolean()),
})
export type SeriesData = z.infer<typeof SeriesData>

/** A stretch in which the host was not watched. */
export const ObservationGap = z.object({
  hostId: HostId,
  from: z.number(),
  to: z.number().nullable(),
  cause: z.enum(['link', 'sleep', 'not-running']),
  /** Were unit histories filled in from the host's own records? */
  filled: z.boolean(),
})
export type ObservationGap = z.infer<typeof ObservationGap>

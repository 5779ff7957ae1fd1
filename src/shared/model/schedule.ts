// When something runs by itself: a backup, a drill, maintenance; knows nothing of what that is.
import { z } from 'zod'
import { TimeZone } from './incident.ts'

export const RunSchedule = z.object({
  /** Five fields. */
  cron: z.string().trim().min(1).max(100),
  zone: TimeZone,
  /** Up to so many seconds later, so that not all begin at once. */
  jitterSeconds: z.number().int().min(0).max(86_400).default(0),
  /** A run that was missed while the app was not there is made up for, once. */
  catchUp: z.boolean().default(true),
  onlyOnMains: z.boolean().default(false),
  /** Names that `backup.networks` told: the Wi-Fi's, or the router's address. Empty is any; where nothing can be told, that holds nothing up. */
  onlyOnNetworks: z.array(z.string().trim().min(1).max(100)).max(20).default([]),
})
export type RunSchedule = z.infer<typeof RunSchedule>

/** What is due, and not begun before this computer runs on mains, or is on a network that the schedule names. */
export const WaitsFor = z.enum(['mains', 'network'])
export type WaitsFor = z.infer<typeof WaitsFor>

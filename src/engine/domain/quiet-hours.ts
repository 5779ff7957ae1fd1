// Decides until when a channel keeps quiet; knows no channel and no message.
import type { QuietHours } from '../../shared/model/channel.ts'
import { withinHours } from './zone-time.ts'

const everyDay = [0, 1, 2, 3, 4, 5, 6]

/** The wall time at which the quiet hours that `now` lies in end; null outside of them. Hours that end where they begin are none. */
export function quietUntil(quiet: QuietHours, now: number): number | null {
  const { active, changesAt } = withinHours({ days: everyDay, from: quiet.from, to: quiet.to, zone: quiet.zone }, now)
  return active ? changesAt : null
}

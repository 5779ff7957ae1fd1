// Decides which snapshots of one backup on one target stay (R31, semantics 30); knows no target and removes nothing.
import { AppError } from '../../shared/errors.ts'
import type { RetentionPolicy } from '../../shared/model/backup.ts'
import { localTime } from './zone-time.ts'

export interface RetentionItem {
  readonly id: string
  /** Wall ms of its beginning. */
  readonly takenAt: number
  readonly good: boolean
}

const hour = 3_600_000
const day = 24 * hour

/** Which hour, day, week (from Monday) or month of the zone's own calendar a moment belongs to. */
const spans = {
  hourly: (local: number) => Math.floor(local / hour),
  daily: (local: number) => Math.floor(local / day),
  // the first day of the epoch was a Thursday
  weekly: (local: number) => Math.floor((local / day + 3) / 7),
  monthly: (local: number) => new Date(local).getUTCFullYear() * 12 + new Date(local).getUTCMonth(),
} as const

/** Throws INVALID_INPUT for a policy that would keep nothing. */
export function refuseEmptyPolicy(policy: RetentionPolicy): void {
  const { last, hourly, daily, weekly, monthly } = policy
  if (last + hourly + daily + weekly + monthly > 0) return
  throw new AppError('INVALID_INPUT', 'Keep at least one', { detail: { field: 'retention' } })
}

/**
 * The ids that go, oldest first. A snapshot stays if any part of the policy wants it; of each hour, day, week or month the newest is the one that is
 * kept. Damaged ones take no good one's place, and go where a good one would; without a newer good one nothing goes.
 */
export function snapshotsToRemove(items: readonly RetentionItem[], policy: RetentionPolicy, zone: string): string[] {
  refuseEmptyPolicy(policy)
  const newestFirst = [...items].sort((a, b) => b.takenAt - a.takenAt || (a.id < b.id ? 1 : -1))
  const newestGood = newestFirst.find(({ good }) => good)
  if (!newestGood) return []
  const local = new Map<number, number>()
  const localOf = (at: number): number => {
    const known = local.get(at) ?? localTime(at, zone)
    local.set(at, known)
    return known
  }
  const good = newestFirst.filter(one => one.good)
  const wanted = wantedOf(good, policy, localOf)
  const wantedOfAll = good.length === newestFirst.length ? wanted : wantedOf(newestFirst, policy, localOf)
  return newestFirst
    .filter(item => {
      if (item === newestGood) return false
      if (item.good) return !wanted.has(item.id)
      return item.takenAt < newestGood.takenAt && !wantedOfAll.has(item.id)
    })
    .map(({ id }) => id)
    .reverse()
}

function wantedOf(
  newestFirst: readonly RetentionItem[],
  policy: RetentionPolicy,
  localOf: (at: number) => number,
): Set<string> {
  const wanted = new Set(newestFirst.slice(0, policy.last).map(({ id }) => id))
  for (const [name, spanOf] of Object.entries(spans) as [keyof typeof spans, (local: number) => number][]) {
    const seen = new Set<number>()
    for (const item of newestFirst) {
      if (seen.size >= policy[name]) break
      const span = spanOf(localOf(item.takenAt))
      if (seen.has(span)) continue
      seen.add(span)
      wanted.add(item.id)
    }
  }
  return wanted
}

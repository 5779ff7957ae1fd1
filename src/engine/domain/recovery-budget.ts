// How often and how fast a unit may be mended without a person (semantics 22). Pure, from what was persisted.
import type { RecoveryPolicy } from '../../shared/model/recovery.ts'
import type { RecoverySituation } from './recovery-situation.ts'

export const windowMs = 600_000

/** The delay before attempt n: grows by two, bounded, ± 10 % (semantics 22). */
export function delayBefore(
  attempt: number,
  policy: Pick<RecoveryPolicy, 'firstDelaySeconds' | 'maxDelaySeconds'>,
  chance: number,
): number {
  const seconds = Math.min(policy.maxDelaySeconds, policy.firstDelaySeconds * 2 ** (attempt - 1))
  return seconds * 1_000 * (0.9 + 0.2 * chance)
}

/** What is left of the budget, counted from what was persisted. A time that lies in the future counts as now (semantics 3). */
export function budgetLeft(
  attempts: RecoverySituation['attempts'],
  incidentId: string | null,
  policy: Pick<RecoveryPolicy, 'attemptsPerIncident' | 'attemptsPerTenMinutes'>,
  now: number,
): { incident: number; window: number; windowFreeAt: number } {
  const within = attempts.map(({ at }) => Math.min(at, now)).filter(at => at > now - windowMs)
  const used = attempts.filter(attempt => attempt.incidentId === incidentId).length
  const window = Math.max(0, policy.attemptsPerTenMinutes - within.length)
  // the one that has to grow old before there is room again
  const oldest = within.sort((a, b) => b - a)[policy.attemptsPerTenMinutes - 1]
  return {
    incident: Math.max(0, policy.attemptsPerIncident - used),
    window,
    windowFreeAt: window > 0 || oldest === undefined ? now : oldest + windowMs,
  }
}

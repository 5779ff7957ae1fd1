// Fetches a unit's last week for the replay of a rule; sends nothing and writes nothing.
import type { DryRunItem, RecoveryPolicy } from '../../shared/model/recovery.ts'
import { replayRecovery } from '../domain/recovery-replay.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Store } from '../store/store.ts'
import { expectationOf, mendedBy } from './recovery-facts.ts'

const weekMs = 7 * 86_400_000
const mostTransitions = 20_000

/** What the rule would have done over the last 7 days, ascending. */
export function dryRun(store: Store, steady: SteadyTime, policy: RecoveryPolicy): DryRunItem[] {
  const now = steady.now()
  const from = now - weekMs
  const { hostId, scope, name } = policy
  return replayRecovery({
    policy,
    incidents: store.incidents.ofUnit(hostId, { scope, name }, from),
    transitions: store.units
      .transitions({ hostId, scope, name }, mostTransitions)
      .filter(({ at }) => at >= from)
      .reverse(),
    mends: mendedBy(policy),
    leavesStopped: cause => expectationOf(policy, cause) === 'stopped',
    from,
    now,
  })
}

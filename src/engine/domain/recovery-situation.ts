// All that the decision to mend a unit depends on, as values; decides nothing.
import type { ProbeCause, ProbeStatus } from '../../shared/model/check.ts'
import type { RestartSettings } from './restart-settings.ts'

/** One alert of the unit that is not over. */
export interface RecoveryAlert {
  readonly incidentId: string
  readonly phase: 'firing' | 'recovering'
  /** Of its newest probe; null where that is not known. */
  readonly status: ProbeStatus | null
  readonly cause: ProbeCause | null
  /** Why the check is not judged or nobody is told. */
  readonly mutedBy: string | null
}

/** All that the decision depends on, as it is now. */
export interface RecoverySituation {
  /** The panic switch: false stops everything. */
  readonly automation: boolean
  /** Of this unit, oldest first. */
  readonly alerts: readonly RecoveryAlert[]
  readonly host: { readonly ready: boolean; readonly inTrouble: boolean; readonly uptimeSeconds: number | null }
  /** Null where it is not known now. */
  readonly unit: {
    readonly loadState: string
    readonly unitFileState: string | null
    readonly activeState: string
    readonly subState: string
    readonly result: string | null
  } | null
  /** How systemd restarts it; null until it was read (semantics 21). */
  readonly restart: RestartSettings | null
  readonly stoppedByPerson: boolean
  readonly silenced: boolean
  /** A person's action on this unit is under way. */
  readonly personActs: boolean
  /** Another unit of this host is being mended. */
  readonly hostBusy: boolean
  /** The causes that the policy's steps can mend. */
  readonly mends: ReadonlySet<ProbeCause>
  /** Do its steps for this cause leave the unit stopped (a unit whose login is over)? */
  readonly leavesStopped: boolean
  /** This unit's attempts as they are persisted: those of the last 10 min and those of its incidents that are not over. */
  readonly attempts: readonly { readonly incidentId: string; readonly at: number }[]
}

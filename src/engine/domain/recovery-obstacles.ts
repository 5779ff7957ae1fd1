// What speaks against mending a unit now, each in a sentence for the panel (semantics 20, 21). Pure; knows no budget and no delay.
import type { ProbeCause } from '../../shared/model/check.ts'
import type { RecoveryPolicy } from '../../shared/model/recovery.ts'
import type { RecoveryAlert, RecoverySituation } from './recovery-situation.ts'

/** So long a host must have been up: while it boots, units come by themselves. */
const youngHostSeconds = 120

/** The alert that decides: what is known to be no matter of the unit itself comes first, then what is worked on, then what can be mended. */
export function decisiveAlert(
  alerts: readonly RecoveryAlert[],
  incidentId: string | null,
  mends: ReadonlySet<ProbeCause>,
): RecoveryAlert | null {
  const firing = alerts.filter(({ phase }) => phase === 'firing')
  const mendable = (alert: RecoveryAlert): boolean =>
    alert.cause !== null && mends.has(alert.cause) && !isSilenced(alert)
  return (
    firing.find(({ cause, status }) => cause !== null && rootCauses.has(cause) && status !== 'degraded') ??
    alerts.find(alert => alert.incidentId === incidentId && mendable(alert)) ??
    firing.find(alert => mendable(alert) && alert.status !== 'degraded') ??
    alerts.find(mendable) ??
    alerts[0] ??
    null
  )
}

function isSilenced({ mutedBy }: RecoveryAlert): boolean {
  return mutedBy === 'silence' || mutedBy === 'maintenance'
}

/** While one of these is known, restarting for what follows from it would only hide it. */
const rootCauses: ReadonlySet<ProbeCause> = new Set(['disk', 'login', 'auth', 'rate-limit', 'start-limit'])

/** Why this is not to be mended at all as things stand; `escalate` where a person has to hear of it. */
export function refusal(
  alert: RecoveryAlert,
  situation: RecoverySituation,
  policy: Pick<RecoveryPolicy, 'enabled'>,
): { text: string; escalate: boolean } | null {
  const { unit } = situation
  const no = (text: string): { text: string; escalate: boolean } => ({ text, escalate: false })
  if (!policy.enabled) return no('The rule is switched off')
  if (!situation.automation) return no('Mending by rule is switched off')
  if (alert.cause === 'start-limit' || unit?.result === 'start-limit-hit') {
    // not while somebody mends it already, or stopped it
    const quiet = situation.stoppedByPerson || situation.silenced || isSilenced(alert)
    const text = 'systemd gave up on it (start-limit-hit), which only a person may reset'
    return { text, escalate: !quiet }
  }
  if (alert.status === 'degraded') return no('It is only degraded, which is not acted on')
  if (alert.cause === null || !situation.mends.has(alert.cause)) return no(unmendable(alert.cause))
  if (situation.silenced || isSilenced(alert)) return no('It is silenced or under maintenance')
  if (unit && (unit.loadState === 'masked' || unit.unitFileState?.startsWith('masked'))) return no('It is masked')
  if (unit && unit.loadState === 'not-found') return no('Its unit file is gone')
  if (situation.leavesStopped && (unit?.activeState === 'inactive' || unit?.activeState === 'failed'))
    return no('It is stopped already, and stays so until the cause is gone')
  if (situation.stoppedByPerson) return no('A person stopped it')
  return null
}

/** What has to pass first: after a `hold` the delay begins anew, after a `queue` it does not. */
export function obstacle(
  alert: RecoveryAlert,
  situation: RecoverySituation,
): { kind: 'hold' | 'queue'; text: string } | null {
  const { host, unit } = situation
  const hold = (text: string): { kind: 'hold'; text: string } => ({ kind: 'hold', text })
  if (alert.phase !== 'firing') return hold('Waits for its check to say whether it still fails')
  if (!host.ready) return hold('Waits for the host to be connected')
  if (host.inTrouble) return hold('Waits: the host itself is in trouble')
  if (alert.status === 'unknown') return hold('Waits: its check cannot tell how it is')
  if (alert.mutedBy !== null && unjudged.has(alert.mutedBy)) return hold('Waits: something it depends on is in trouble')
  if (host.uptimeSeconds === null) return hold('Waits to learn how long the host is up')
  if (host.uptimeSeconds < youngHostSeconds)
    return hold(`Waits: the host is up for less than ${youngHostSeconds} s and still brings its services up`)
  if (!unit || !situation.restart) return hold('Waits to learn from systemd how the service stands')
  if (unit.subState === 'auto-restart' || unit.subState === 'auto-restart-queued')
    return hold(`Waits: systemd restarts it by itself${pace(situation.restart)}`)
  if (unit.activeState === 'activating') return hold('Waits: it is just starting')
  if (unit.activeState === 'deactivating') return hold('Waits: it is just stopping')
  if (unit.activeState === 'reloading' || unit.activeState === 'refreshing') return hold('Waits: it is just reloading')
  if (situation.personActs) return hold('Waits: somebody is acting on it')
  if (situation.hostBusy) return { kind: 'queue', text: 'Waits for another service of this host to be mended first' }
  return null
}

const unjudged: ReadonlySet<string> = new Set(['host-down', 'dependency', 'offline'])

function pace({ restart, restartSeconds }: NonNullable<RecoverySituation['restart']>): string {
  if (restart === '') return ''
  return restartSeconds === null ? ` (Restart=${restart})` : ` (Restart=${restart}, every ${restartSeconds} s)`
}

const reasons: Partial<Record<ProbeCause, string>> = {
  network: 'The network is the trouble',
  dns: 'Looking up its name is the trouble',
  certificate: 'Its certificate is the trouble',
  auth: 'It was refused for want of rights (401 or 403)',
  'rate-limit': 'It is being rate limited (429)',
  disk: 'The disk is full',
  login: 'Its login is over',
  webhook: 'Its webhook is wrong',
  host: 'The host itself is the trouble',
}

function unmendable(cause: ProbeCause | null): string {
  if (cause === null) return 'The cause is not known, so nothing is done'
  return `${reasons[cause] ?? 'The cause lies elsewhere'}, which none of its steps mends`
}

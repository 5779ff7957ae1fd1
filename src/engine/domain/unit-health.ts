// Decides whether a unit's state is trouble, given what is expected of it, and says so in words; pure, knows no host and no alert.
import type { ProbeCause, ProbeStatus } from '../../shared/model/check.ts'

/** `not-failed` asks only that it did not crash; the others ask for a state. */
export type UnitExpectation = 'running' | 'not-failed' | 'stopped'

export interface UnitLook {
  readonly name: string
  readonly loadState: string
  readonly activeState: string
  readonly subState: string
  /** How its last run ended, in systemd's word. */
  readonly result: string | null
  readonly exitStatus: number | null
}

export interface UnitVerdict {
  /** `unknown` while it is on its way from one state to another, or where it was stopped on purpose. */
  readonly status: ProbeStatus
  readonly message: string
  readonly cause: ProbeCause | null
}

/** `stopped`: did somebody stop it, as opposed to it having ended by itself? Null where that is not known. */
export function judgeUnit(unit: UnitLook, expected: UnitExpectation, stopped: boolean | null): UnitVerdict {
  const { name, activeState, subState } = unit
  const verdict = (status: ProbeStatus, message: string, cause: ProbeCause | null = null): UnitVerdict => ({
    status,
    message: `${name} ${message}`,
    cause,
  })
  const runs = activeState === 'active' || activeState === 'reloading' || activeState === 'refreshing'
  if (expected === 'stopped') {
    if (runs) return verdict('unhealthy', `is ${activeState} (${subState}), but should be stopped`, 'other')
    return activeState === 'inactive' || activeState === 'failed'
      ? verdict('healthy', `is ${activeState}, as it should be`)
      : verdict('unknown', `is ${activeState}`)
  }
  // it did not end well, but it was asked to end
  if (activeState === 'failed' && stopped === true)
    return verdict(expected === 'running' ? 'unknown' : 'healthy', `was stopped; ${reasonInWords(unit)}`)
  if (activeState === 'failed') return verdict('unhealthy', `failed: ${reasonInWords(unit)}`, causeOf(unit))
  if (subState.startsWith('auto-restart')) {
    // Restart=always also restarts what ended well; with RestartMode=direct a crash does not pass through "failed"
    return crashed(unit)
      ? verdict('unhealthy', `failed: ${reasonInWords(unit)}; systemd restarts it`, causeOf(unit))
      : verdict('unknown', 'is being restarted by systemd')
  }
  if (runs) return verdict('healthy', `is ${activeState} (${subState})`)
  if (activeState === 'activating' || activeState === 'deactivating' || activeState === 'maintenance')
    return verdict('unknown', `is ${activeState}`)
  if (expected === 'not-failed') return verdict('healthy', 'is not running, and not failed')
  if (unit.loadState === 'masked') return verdict('unhealthy', 'is masked, so it cannot run', 'other')
  if (unit.loadState === 'not-found') return verdict('unhealthy', 'is not installed on this host', 'other')
  if (stopped === true) return verdict('unknown', 'was stopped')
  if (stopped === false) return verdict('unhealthy', 'ended by itself; it is not running', 'unit')
  return verdict('unhealthy', 'is not running', 'other')
}

/** How all services of a host stand: by those that failed while they were watched, and those that were found failed. */
export function summariseFailed(fresh: readonly string[], old: readonly string[]): UnitVerdict {
  const names = (all: readonly string[]): string =>
    `${all.slice(0, 5).join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''}`
  if (fresh.length > 0) return { status: 'unhealthy', message: `Failed: ${names(fresh)}`, cause: 'unit' }
  if (old.length > 0)
    return { status: 'degraded', message: `Failed since before they were watched: ${names(old)}`, cause: null }
  return { status: 'healthy', message: 'No service is failed', cause: null }
}

/** Names as they are, with or without `.service`, or a beginning with `*` behind it. */
export function isLeftOut(patterns: unknown, name: string): boolean {
  if (!Array.isArray(patterns)) return false
  return patterns.map(String).some(pattern => {
    if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1))
    return name === pattern || name === `${pattern}.service`
  })
}

function crashed({ result }: UnitLook): boolean {
  return result !== null && result !== 'success'
}

function causeOf({ result }: UnitLook): ProbeCause {
  return result === 'start-limit-hit' ? 'start-limit' : 'unit'
}

function reasonInWords({ result, exitStatus }: UnitLook): string {
  switch (result) {
    case 'signal':
      return `its process was killed${exitStatus === null ? '' : ` by signal ${exitStatus}`}`
    case 'exit-code':
      return `its process exited${exitStatus === null ? '' : ` with code ${exitStatus}`}`
    case 'oom-kill':
      return 'the kernel killed it for want of memory'
    case 'timeout':
      return 'it did not answer in time'
    case 'watchdog':
      return 'it missed its watchdog'
    case 'core-dump':
      return 'its process crashed and dumped core'
    case 'start-limit-hit':
      return 'it failed too often, so systemd gave up (start-limit-hit)'
    case null:
    case 'success':
      return 'systemd does not say why'
    default:
      return `systemd says "${result}"`
  }
}

// Plays an alert through time as the runtime does, stepping it whenever it asks for that, and writes down what came of it.
import {
  type AlertEvent,
  type AlertPolicy,
  type AlertState,
  initialAlert,
  nextAlertStepAt,
  restoreAlert,
  stepAlert,
} from '../../../../src/engine/domain/alert-state.ts'
import type { MutedBy, ProbeStatus } from '../../../../src/shared/model/check.ts'

export const minute = 60_000
export const hour = 60 * minute

export const policy = (change: Partial<AlertPolicy> = {}): AlertPolicy => ({
  failureThreshold: 3,
  recoveryThreshold: 2,
  forMs: 0,
  severity: 'critical',
  ...change,
})

export class AlertPlay {
  state: AlertState = initialAlert
  now = 0
  policy: AlertPolicy
  /** `seconds effect`, in order. */
  readonly log: string[] = []

  constructor(change: Partial<AlertPolicy> = {}) {
    this.policy = policy(change)
  }

  /** Lets time pass, with every step that is due meanwhile. */
  until(at: number): this {
    for (let steps = 0; ; steps++) {
      const next = nextAlertStepAt(this.state, this.policy)
      if (next === null || next > at) break
      if (steps > 1000) throw new Error(`asks for steps without end at ${next}: ${JSON.stringify(this.state)}`)
      this.now = Math.max(this.now, next)
      this.step({ type: 'tick' })
    }
    this.now = Math.max(this.now, at)
    return this
  }

  pass(ms: number): this {
    return this.until(this.now + ms)
  }

  step(event: AlertEvent): this {
    const { state, effects } = stepAlert(this.state, event, this.policy, this.now)
    this.state = state
    for (const effect of effects) {
      const what =
        effect.kind === 'tell'
          ? `${effect.what} ${effect.severity}`
          : effect.kind === 'muted'
            ? `muted ${effect.by}`
            : effect.kind === 'resolve'
              ? 'resolve'
              : `${effect.kind} ${effect.severity}`
      this.log.push(`${this.now / 1000} ${effect.kind === 'tell' ? 'tell ' : ''}${what}`)
    }
    return this
  }

  /** Probes of these results, `every` ms apart, the first one now. */
  probe(results: string, every = 10_000): this {
    const statuses: Record<string, ProbeStatus> = { o: 'healthy', d: 'degraded', x: 'unhealthy', '?': 'unknown' }
    for (const [index, letter] of [...results].entries()) {
      if (index > 0) this.pass(every)
      this.step({ type: 'result', status: statuses[letter] ?? 'unknown' })
    }
    return this
  }

  mute(by: MutedBy | null): this {
    return this.step({ type: 'mute', by })
  }

  /** The engine ends and starts again, with what was kept. */
  restart(now = this.now): this {
    this.state = restoreAlert(JSON.parse(JSON.stringify(this.state)), now)
    this.now = now
    return this
  }

  /** What was told, without what was merely recorded. */
  get told(): string[] {
    return this.log.filter(line => line.includes(' tell ')).map(line => line.replace('tell ', ''))
  }

  /** Empties the log, and gives what was in it. */
  take(): string[] {
    return this.log.splice(0)
  }
}

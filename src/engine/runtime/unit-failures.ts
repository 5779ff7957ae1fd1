// Tells a person that a unit failed or is well again: carries out the machine of domain/unit-failure over all hosts; knows nothing of windows.
import type { NativeNotification } from '../../shared/contract/native.ts'
import type { Host } from '../../shared/model/host.ts'
import {
  afterGap,
  initialUnitFailure,
  nextStepAt,
  recoveryMs,
  stepUnitFailure,
  type UnitFailure,
  type UnitFailureMessage,
  type UnitObservation,
} from '../domain/unit-failure.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Native, UnitState } from '../ports.ts'

/** Messages of one host within this time after the first become one (semantics 14). */
const groupMs = 10_000
/** Of one host; a host that makes up units without end must not keep the others' failures from being told. */
const maxTracked = 20_000

interface Tracked {
  host: Host
  unit: UnitState
  failure: UnitFailure
  timer: Disposable | null
}

interface Group {
  host: Host
  waiting: { unit: UnitState; message: UnitFailureMessage }[]
  timer: Disposable
}

export class UnitFailures implements Disposable {
  readonly #clock: Clock
  readonly #native: Native
  readonly #log: Logger
  readonly #enabled: () => boolean
  readonly #isWatched: (unit: UnitState) => boolean
  /** By host, then by scope and name. */
  readonly #tracked = new Map<string, Map<string, Tracked>>()
  readonly #groups = new Map<string, Group>()

  constructor(options: {
    clock: Clock
    native: Native
    log: Logger
    enabled: () => boolean
    /** Is the unit seen right now? Time alone says nothing about one that is not. */
    isWatched: (unit: UnitState) => boolean
  }) {
    this.#clock = options.clock
    this.#native = options.native
    this.#log = options.log.child('unit-failures')
    this.#enabled = options.enabled
    this.#isWatched = options.isWatched
  }

  /** A unit was seen in this state, live or after a gap. */
  observe(host: Host, unit: UnitState): void {
    const key = `${unit.scope}/${unit.name}`
    let tracked = this.#tracked.get(host.id)?.get(key)
    if (!tracked) {
      // nearly all units never fail: nothing is kept of them
      const { next } = stepUnitFailure(initialUnitFailure, unit, this.#clock.monotonic())
      if (next.state.kind === 'ok') return
      tracked = { host, unit, failure: initialUnitFailure, timer: null }
      this.#track(host.id, key, tracked)
    }
    tracked.host = host
    tracked.unit = unit
    this.#step(tracked, unit)
  }

  /** Time was lost: whatever was being proven starts anew (semantics 2). */
  onClockGap(): void {
    for (const tracked of [...this.#tracked.values()].flatMap(units => [...units.values()])) {
      tracked.failure = afterGap(tracked.failure, this.#clock.monotonic())
      this.#arm(tracked)
    }
  }

  forget(hostId: string): void {
    for (const tracked of this.#tracked.get(hostId)?.values() ?? []) tracked.timer?.dispose()
    this.#tracked.delete(hostId)
    this.#groups.get(hostId)?.timer.dispose()
    this.#groups.delete(hostId)
  }

  dispose(): void {
    for (const hostId of [...this.#tracked.keys()]) this.forget(hostId)
    for (const group of this.#groups.values()) group.timer.dispose()
    this.#groups.clear()
  }

  #track(hostId: string, key: string, tracked: Tracked): void {
    const units = this.#tracked.get(hostId) ?? new Map<string, Tracked>()
    this.#tracked.set(hostId, units)
    const [oldest] = units
    if (oldest && units.size >= maxTracked) {
      oldest[1].timer?.dispose()
      units.delete(oldest[0])
    }
    units.set(key, tracked)
  }

  #step(tracked: Tracked, observed: UnitObservation | null): void {
    const { next, message } = stepUnitFailure(tracked.failure, observed, this.#clock.monotonic())
    tracked.failure = next
    this.#arm(tracked)
    if (message) this.#tell(tracked.host, tracked.unit, message)
  }

  #arm(tracked: Tracked): void {
    tracked.timer?.dispose()
    const at = nextStepAt(tracked.failure)
    tracked.timer =
      at === null ? null : this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => this.#onTime(tracked))
  }

  /** What is due is said only of a unit that is seen; else its proof starts anew, and it is looked again later. */
  #onTime(tracked: Tracked): void {
    if (this.#isWatched(tracked.unit)) {
      this.#step(tracked, null)
      return
    }
    tracked.failure = afterGap(tracked.failure, this.#clock.monotonic())
    tracked.timer = this.#clock.after(recoveryMs, () => this.#onTime(tracked))
  }

  /** The first message of a host goes at once; what follows within the group's time goes together at its end. */
  #tell(host: Host, unit: UnitState, message: UnitFailureMessage): void {
    if (!this.#enabled()) return
    const group = this.#groups.get(host.id)
    if (group) {
      group.waiting.push({ unit, message })
      return
    }
    this.#show(notificationFor(host, unit, message))
    const timer = this.#clock.after(groupMs, () => {
      const waiting = this.#groups.get(host.id)?.waiting ?? []
      this.#groups.delete(host.id)
      const [only, ...more] = waiting
      if (!only) return
      this.#show(more.length === 0 ? notificationFor(host, only.unit, only.message) : summaryFor(host, waiting))
    })
    this.#groups.set(host.id, { host, waiting: [], timer })
  }

  #show(notification: NativeNotification): void {
    this.#native.notify(notification).then(
      ({ shown, reason }) => {
        if (!shown) this.#log.warn('notification was not shown', { id: notification.id, reason })
      },
      error => this.#log.warn('notification failed', { id: notification.id, error: String(error) }),
    )
  }
}

function notificationFor(host: Host, unit: UnitState, message: UnitFailureMessage): NativeNotification {
  const name = unit.name.replace(/\.service$/, '')
  const base = {
    id: `unit/${host.id}/${unit.scope}/${unit.name}`.slice(0, 200),
    route: `/hosts/${host.id}/services/${unit.scope}/${encodeURIComponent(unit.name)}`.slice(0, 512),
  }
  if (message.kind === 'recovered') {
    // stopped by somebody, its failure forgotten, or a one-shot that did its work: no longer failed, but nothing runs
    const runs = unit.activeState !== 'inactive'
    return {
      ...base,
      title: clip(runs ? `${name} is running again on ${host.name}` : `${name} is no longer failed on ${host.name}`),
      body: runs ? `It was down for ${inWords(message.afterMs)}.` : 'It is not running now.',
      actions: [],
      urgency: 'normal',
    }
  }
  return {
    ...base,
    title: clip(`${name} failed on ${host.name}`),
    body: `${reasonInWords(unit)} ${message.restarting ? 'systemd is restarting it.' : 'It is not running.'}`,
    actions: [],
    urgency: 'critical',
  }
}

function summaryFor(
  host: Host,
  items: readonly { unit: UnitState; message: UnitFailureMessage }[],
): NativeNotification {
  const latest = new Map(items.map(item => [`${item.unit.scope}/${item.unit.name}`, item]))
  const failed = [...latest.values()].filter(item => item.message.kind === 'failed')
  const recovered = latest.size - failed.length
  const names = (failed.length > 0 ? failed : [...latest.values()]).map(item =>
    clip(item.unit.name.replace(/\.service$/, '')),
  )
  const title =
    failed.length > 0
      ? `${failed.length} more ${failed.length === 1 ? 'service' : 'services'} failed on ${host.name}`
      : `${recovered} ${recovered === 1 ? 'service is' : 'services are'} well again on ${host.name}`
  return {
    id: `units/${host.id}`,
    title: clip(title),
    body: `${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}${
      failed.length > 0 && recovered > 0 ? `. ${recovered} well again.` : ''
    }`,
    actions: [],
    urgency: failed.length > 0 ? 'critical' : 'normal',
    route: `/hosts/${host.id}/services`,
  }
}

function reasonInWords(unit: UnitState): string {
  switch (unit.result) {
    case 'signal':
      return `Its process was killed${unit.exitStatus === null ? '' : ` by signal ${unit.exitStatus}`}.`
    case 'exit-code':
      return `Its process exited${unit.exitStatus === null ? '' : ` with code ${unit.exitStatus}`}.`
    case 'oom-kill':
      return 'The kernel killed it for want of memory.'
    case 'timeout':
      return 'It did not answer in time.'
    case 'watchdog':
      return 'It missed its watchdog.'
    case 'core-dump':
      return 'Its process crashed and dumped core.'
    case 'start-limit-hit':
      return 'It failed too often; systemd gave up.'
    default:
      return 'It failed.'
  }
}

function inWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}

function clip(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`
}

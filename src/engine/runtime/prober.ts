// Probes every check on its interval and hands on what was found: to the alerts, the history and the windows; judges nothing itself.

import { AppError } from '../../shared/errors.ts'
import type { Check, CheckUnit, CheckView, FieldSecrets, Probe } from '../../shared/model/check.ts'
import { type CheckType, checkTypeOf, type ProbeResult } from '../checks/index.ts'
import { kindOfCheck } from '../domain/circuit-breaker.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Link } from '../ports.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Store } from '../store/store.ts'
import { CheckBoard } from './check-board.ts'
import { CheckEntries, type CheckEntry } from './check-entries.ts'
import { CheckNumbers } from './check-numbers.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import { ProbeLanes } from './probe-lanes.ts'
import { runProbe } from './probe-run.ts'
import type { Publish } from './publish.ts'
import { Scheduler } from './scheduler.ts'
import { wasStopped } from './unit-purpose.ts'
import type { Vault } from './vault.ts'

type AlertView = Pick<CheckView, 'phase' | 'mutedBy' | 'incidentId'>

/** What the prober needs of the alerts. */
export interface AlertSink {
  /** Returns the probe as it counts: unknown where the host, a dependency or this computer's network is in trouble. */
  observe(check: Check, unit: CheckUnit | null, probe: Probe): Probe
  phase(checkId: string, unit: CheckUnit | null): AlertView
  /** Is this check's (or unit's) time left out of uptime now? */
  inMaintenance(check: Check, unit: CheckUnit | null): boolean
}

export interface ProberOptions {
  store: Store
  vault: Pick<Vault, 'get'>
  alerting: AlertSink
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  /** This computer's own network. */
  here: Pick<Link, 'openTcp'>
  clock: Clock
  log: Logger
  publish: Publish
  isHeard: () => boolean
  /** Switches off checks that break by their own fault. */
  breakers?: Pick<CircuitBreakers, 'allows' | 'ended' | 'count'>
  typeOf?: (type: string) => CheckType | undefined
}

const switchedOff = 'This check broke 5 times running, so it is switched off for 10 minutes and then tried once'
/** A span of one status may bridge so many missed probes. */
const spanSlack = 2.5

export class Prober implements Disposable {
  readonly board: CheckBoard
  readonly #options: ProberOptions
  readonly #log: Logger
  readonly #entries: CheckEntries
  readonly #scheduler: Scheduler
  readonly #lanes: ProbeLanes
  readonly #numbers: CheckNumbers
  readonly #bag = new DisposableBag()
  /** What a probe saw beyond its result, by those kinds that say so; before the result itself is told. */
  readonly looked = new Emitter<{ check: Check; look: unknown }>()
  /** How late probes began, newest last: what the engine's own benchmark asks for. */
  onLag: ((ms: number) => void) | null = null
  /** Looks at a check that is fed by events instead of being probed. */
  onEventCheck: (check: Check) => void = () => {}
  /** The view of a check over many units is put together by whoever feeds it. */
  phaseOf: (check: Check) => AlertView

  constructor(options: ProberOptions) {
    const { clock, publish, alerting, store } = options
    this.#options = options
    this.#log = options.log.child('prober')
    this.#entries = new CheckEntries(options.typeOf ?? checkTypeOf)
    this.phaseOf = check => alerting.phase(check.id, null)
    this.#lanes = new ProbeLanes(clock)
    this.#scheduler = this.#bag.add(new Scheduler(clock, (id, lag) => this.#onDue(id, lag)))
    this.#numbers = this.#bag.add(new CheckNumbers(store, clock))
    this.board = this.#bag.add(new CheckBoard({ clock, publish, isHeard: options.isHeard, view: id => this.view(id) }))
  }

  /** A check was added or changed; one that is switched off is not probed. */
  put(check: Check): void {
    const known = this.#entries.get(check.id)
    known?.running?.abort()
    this.#entries.put(check)
    if (check.enabled) {
      this.#scheduler.set(check.id, check.intervalSeconds * 1_000)
      if (known) this.#scheduler.hurry(check.id)
    } else this.#scheduler.remove(check.id)
    this.board.touch(check.id)
  }

  remove(checkId: string): void {
    const entry = this.#entries.get(checkId)
    if (!entry) return
    entry.running?.abort()
    this.#entries.delete(checkId)
    this.#scheduler.remove(checkId)
    this.board.forget(checkId)
  }

  removeHost(hostId: string): void {
    for (const check of this.checksOf(hostId)) this.remove(check.id)
    this.#numbers.forget(hostId)
    this.#lanes.forget(hostId)
  }

  has(checkId: string): boolean {
    return this.#entries.get(checkId) !== undefined
  }

  check(checkId: string): Check | null {
    return this.#entries.get(checkId)?.check ?? null
  }

  /** All checks of a host, or of a kind on it. */
  checksOf(hostId: string, type?: string): Check[] {
    return this.#entries.ofHost(hostId, type)
  }

  view(checkId: string): CheckView | null {
    const entry = this.#entries.get(checkId)
    if (!entry) return null
    const { check } = entry
    const { phase, mutedBy, incidentId } = this.phaseOf(check)
    const nextAt = entry.type?.mode === 'event' || !check.enabled ? null : this.#scheduler.nextAt(checkId)
    return {
      check,
      last: this.board.last(checkId),
      phase,
      mutedBy,
      incidentId,
      nextAt,
      recent: [...this.board.recent(checkId)],
    }
  }

  views(hostId: string | null): CheckView[] {
    return [...this.#entries.values()].flatMap(({ check }) =>
      hostId === null || check.hostId === hostId ? (this.view(check.id) ?? []) : [],
    )
  }

  probeNow(checkId: string): void {
    this.#scheduler.hurry(checkId)
  }

  /** The host can be reached again: what is known of it is old. */
  hurryHost(hostId: string): void {
    for (const check of this.checksOf(hostId)) this.#scheduler.hurry(check.id)
  }

  /** Time was lost (semantics 2): what is in flight says nothing of now, and all is asked afresh, once. */
  onClockGap(): void {
    for (const entry of this.#entries.values()) {
      entry.running?.abort()
      // what is aborted may take its time to end; the fresh look does not wait for it
      entry.running = null
      entry.memory.clear()
    }
    this.#scheduler.hurryAll()
  }

  /** This computer's network is back. */
  hurryAll(): void {
    this.#scheduler.hurryAll()
  }

  /** Something was found out about a check (or about one unit of a check over many), by a probe or by an event. */
  record(check: Check, unit: CheckUnit | null, result: ProbeResult, show = true): Probe | null {
    const { alerting } = this.#options
    if (!this.has(check.id)) return null
    const probe = alerting.observe(check, unit, this.#probeOf(check, result))
    if (show) this.board.note(probe)
    this.#keep(check, unit, probe)
    if (probe.status !== 'unknown') this.#numbers.add(check, probe)
    return probe
  }

  /** How a check as a whole stands that alerts by its units only. */
  show(check: Check, result: ProbeResult): void {
    if (!this.has(check.id)) return
    const probe = this.#probeOf(check, result)
    this.board.note(probe)
    this.#keep(check, null, probe)
  }

  /** Probes once by a draft, saving nothing. `secret` gives the fields that the person typed or that are stored. */
  async try(check: Check, secrets: FieldSecrets, signal: AbortSignal): Promise<Probe> {
    const { session } = this.#options
    const host = this.#options.store.hosts.get(check.hostId)
    const type = (this.#options.typeOf ?? checkTypeOf)(check.type)
    const open = session(check.hostId)
    let result: ProbeResult
    if (!host || !type || !open) result = notNow(host?.name ?? 'this host')
    else
      result = await runProbe({
        ...this.#parts(open),
        check,
        host,
        type,
        session: open,
        spec: type.spec.parse(check.spec),
        firing: false,
        memory: new Map(),
        secret: async field => {
          const given = secrets[field]
          return given === undefined ? this.#stored(check.id, field) : given
        },
        signal,
      })
    return this.#probeOf(check, result)
  }

  dispose(): void {
    for (const entry of this.#entries.values()) entry.running?.abort()
    this.#entries.clear()
    this.looked.dispose()
    this.#bag.dispose()
  }

  #onDue(checkId: string, lag: number): void {
    const entry = this.#entries.get(checkId)
    if (!entry) return
    this.onLag?.(lag)
    if (entry.type?.mode === 'event') {
      if (this.#options.session(entry.check.hostId)) this.onEventCheck(entry.check)
      return
    }
    if (entry.running) return
    const controller = new AbortController()
    entry.running = controller
    this.#lanes.run(entry.check.hostId, async () => {
      try {
        if (!controller.signal.aborted) await this.#probe(entry, controller.signal)
      } catch (error) {
        this.#log.error('a result was not kept', { check: checkId, error: String(error) })
      } finally {
        if (entry.running === controller) entry.running = null
      }
    })
  }

  async #probe(entry: CheckEntry, signal: AbortSignal): Promise<void> {
    const { check, type, spec } = entry
    const session = this.#options.session(check.hostId)
    const host = session?.host
    if (!session || !host) return
    if (!type || !spec.ok) {
      this.record(check, null, { status: 'unknown', message: spec.ok ? '' : spec.problem, cause: 'other' })
      return
    }
    const { breakers } = this.#options
    const feature = `check/${check.id}`
    if (breakers?.allows(feature) === false) {
      this.record(check, null, { status: 'unknown', message: switchedOff, cause: 'other' })
      return
    }
    let broke: unknown = null
    const { generation } = session.link.status
    const { phase } = this.#options.alerting.phase(check.id, null)
    const result = await runProbe({
      ...this.#parts(session),
      check,
      host,
      type,
      session,
      spec: spec.value,
      firing: phase === 'firing' || phase === 'recovering',
      memory: entry.memory,
      secret: async field => this.#stored(check.id, field),
      onBroke: error => {
        broke = error
      },
      signal,
    })
    // one that was cut off says nothing of how it would have gone
    breakers?.ended(feature, signal.aborted ? new AppError('CANCELLED', 'Cut off') : broke)
    // the check was changed, time was lost, or the link is another one by now (semantics 2, 6)
    if (signal.aborted || this.#entries.get(check.id) !== entry) return
    if (check.vantage !== 'local' && session.link.status.generation !== generation) {
      this.#scheduler.hurry(check.id)
      return
    }
    if (result.detail !== undefined) this.looked.emit({ check, look: result.detail })
    const before = this.board.last(check.id)?.status
    const probe = this.record(check, null, this.#withPurpose(check, session, result))
    const kind = kindOfCheck(check.type)
    if (kind && probe?.status === 'unhealthy' && before !== 'unhealthy') breakers?.count(kind)
  }

  /** A service that somebody stopped is not in trouble, and nothing is known of what it would answer. */
  #withPurpose(check: Check, session: HostSession, result: ProbeResult): ProbeResult {
    if (!check.unit || (result.status !== 'unhealthy' && result.status !== 'degraded')) return result
    // a login is over whether or not somebody uses it
    if (check.type === 'login') return result
    const unit = session.units.manager(check.unit.scope) && session.units.get(check.unit.scope, check.unit.name)
    if (!unit || wasStopped(this.#options.store, check.hostId, unit) !== true) return result
    return { ...result, status: 'unknown', message: `${unit.name} was stopped. ${result.message}`, cause: 'other' }
  }

  #probeOf(check: Check, { detail: _, ...result }: ProbeResult): Probe {
    return { latencyMs: null, numbers: [], ...result, checkId: check.id, at: this.#options.clock.now() }
  }

  #keep(check: Check, unit: CheckUnit | null, { status, message, at }: Probe): void {
    const { alerting, store } = this.#options
    const kept = alerting.inMaintenance(check, unit) ? 'maintenance' : status
    const longest = Math.max(check.intervalSeconds * 1_000 * spanSlack, 60_000)
    store.probeSpans.extend(check.id, unitKey(unit), kept, message, at, longest)
  }

  #parts(session: HostSession) {
    const { here, store, clock } = this.#options
    const lane = this.#lanes.of(session.host.id)
    return {
      here,
      store,
      clock,
      log: this.#log,
      commands: lane.commands,
      linkAnswers: () => lane.answers(session.link),
    }
  }

  #stored(checkId: string, field: string): string | null {
    return this.#options.vault.get(fieldSecretId('check', checkId, field))
  }
}

export const unitKey = (unit: CheckUnit | null): string => (unit ? `${unit.scope}/${unit.name}` : '')

function notNow(host: string): ProbeResult {
  return { status: 'unknown', message: `There is no connection to ${host} just now`, cause: 'network', latencyMs: null }
}

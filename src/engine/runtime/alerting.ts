// Turns probes into alerts, incidents and news by the machine of domain/alert-state; knows neither how things are probed nor how news is sent.
import { AppError } from '../../shared/errors.ts'
import { desktopChannelId } from '../../shared/model/channel.ts'
import type { AlertPhase, Check, CheckUnit, MutedBy, Probe, ProbeCause, Severity } from '../../shared/model/check.ts'
import type { Incident, TimelineItem } from '../../shared/model/incident.ts'
import { initialAlert, mutedBy, phaseOf } from '../domain/alert-state.ts'
import { titleOf } from '../domain/alert-text.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Store } from '../store/store.ts'
import { AlertBook, type AlertEntry, isQuiet, unitKeyOf } from './alert-book.ts'
import { AlertEffects, type IncidentChange } from './alert-effects.ts'
import { AlertInhibition } from './alert-inhibition.ts'
import { AlertMachines, type Outcome } from './alert-machines.ts'
import type { Outbox } from './outbox.ts'
import type { Publish } from './publish.ts'
import type { Silences } from './silences.ts'

export type { IncidentChange } from './alert-effects.ts'

/** A resolved incident is kept for so long. */
const keptMs = 400 * 86_400_000
const tidyMs = 3_600_000
const rowsPerSlice = 200
/** Of one check; a host whose services fail without end must not fill the disk before they are old. */
const mostOfCheck = 5_000
const noticePauseMs = 10 * 60_000

export interface AlertView {
  readonly phase: AlertPhase
  readonly mutedBy: MutedBy | null
  readonly incidentId: string | null
  readonly severity: Severity | null
  readonly cause: ProbeCause | null
  readonly lastProbe: Probe | null
}

export interface FiringAlert {
  readonly incident: Incident
  readonly cause: ProbeCause | null
  /** `degraded` is never acted upon. */
  readonly status: Probe['status']
}

export interface AlertingOptions {
  store: Store
  outbox: Outbox
  silences: Silences
  clock: Clock
  steady: SteadyTime
  log: Logger
  publish: Publish
}

export class Alerting implements Disposable {
  /** An incident changed, once that is written. */
  readonly changed: Emitter<IncidentChange>
  /** An alert moved, told or not, so that its check looks otherwise now. */
  readonly moved: Emitter<Check>
  /** This computer went offline or came back. */
  readonly onlineChanged = new Emitter<boolean>()
  readonly #options: AlertingOptions
  readonly #log: Logger
  readonly #book: AlertBook
  readonly #inhibition: AlertInhibition
  readonly #effects: AlertEffects
  readonly #bag = new DisposableBag()
  readonly #machines: AlertMachines
  /** What could not be written: tried again when the disk takes writes. */
  readonly #unwritten = new Map<AlertEntry, Probe>()
  #noticeAt: number | null = null

  constructor(options: AlertingOptions) {
    const { store, silences, steady } = options
    this.#options = options
    this.#log = options.log.child('alerting')
    this.#book = new AlertBook(store, steady.now())
    this.#inhibition = new AlertInhibition(store, this.#book, silences)
    this.#effects = new AlertEffects(options)
    this.#machines = new AlertMachines(options, this.#book, this.#effects, roots =>
      this.#reviewed(this.#restingOn(roots)),
    )
    this.changed = this.#machines.changed
    this.moved = this.#machines.moved
    this.#bag.add(silences.changed.on(() => this.#review()))
    this.#bag.add(store.onProblem(problem => problem === null && this.#observeUnwritten()))
    const { clock } = options
    const expire = (): void => {
      store.incidents.expire(clock.now() - keptMs, rowsPerSlice)
      // more than can come in the meantime
      store.incidents.trim(mostOfCheck, 5 * rowsPerSlice)
    }
    this.#bag.add(clock.every(tidyMs, () => this.#tidy(expire)))
    this.#closeOrphans()
    for (const check of [...this.#book.checks()])
      if (!check.enabled) this.#close(check.id, 'The check was switched off.')
    this.#review()
    for (const entry of this.#book.all()) this.#machines.arm(entry)
  }

  /** What is being done about an incident, in a sentence; set by whoever mends. */
  set doing(sentence: (incident: Incident) => string | null) {
    this.#effects.doing = sentence
  }

  /** Takes what a probe or an event found, and returns it as it counts: unknown where host, dependency or own uplink are in trouble. */
  observe(given: Check, unit: CheckUnit | null, found: Probe): Probe {
    // a probe that was under way when its check was edited must not bring back what the check was
    const check = this.#book.check(given.id) ?? this.#book.setCheck(given)
    const probe = this.#inhibition.judge(check, found)
    const known = this.#book.get(check.id, unitKeyOf(unit))
    // nearly all units never fail: nothing is kept of them
    if (!known && unit !== null && (probe.status === 'healthy' || probe.status === 'unknown')) return probe
    if (!check.enabled) return probe
    const entry = known ?? this.#book.ensure(check, unit)
    entry.last = probe
    if (probe.status === 'unknown') return probe
    if (probe.status !== 'healthy') entry.failure = probe
    const moved = this.#machines.change(() => [
      ...this.#mute(entry),
      ...this.#machines.step(entry, { type: 'result', status: probe.status }),
    ])
    if (!moved) this.#unwritten.set(entry, probe)
    // what was seen since says more
    else this.#unwritten.delete(entry)
    this.#machines.noteMessage(entry, probe)
    return probe
  }

  /** Is its time left out of uptime now (semantics 17)? */
  inMaintenance(check: Check, unit: CheckUnit | null): boolean {
    return this.#inhibition.silenced(check, unit) === 'maintenance'
  }

  /** Time was lost (semantics 2). */
  onClockGap(): void {
    this.#machines.change(() => this.#book.all().flatMap(entry => this.#machines.step(entry, { type: 'gap' })))
    for (const entry of this.#book.all()) this.#machines.arm(entry)
  }

  /** Why this computer counts as offline; null while it is online. */
  get offline(): string | null {
    return this.#inhibition.offlineReason
  }

  /** Whether this computer is online (R18); going offline is told once, on its own desktop. */
  setOnline(online: boolean, reason: string): void {
    if (online !== this.#inhibition.offline) return
    const { outbox, steady } = this.#options
    this.#inhibition.setOffline(online ? null : reason)
    this.#log.info(online ? 'online again' : 'offline', { reason })
    this.#review()
    this.onlineChanged.emit(online)
    const unsent = outbox.open(desktopChannelId).filter(row => row.kind === 'notice' && row.state === 'waiting')
    if (online) {
      this.#tidy(() => outbox.drop(unsent))
      return
    }
    if (this.#noticeAt !== null && steady.now() - this.#noticeAt < noticePauseMs) return
    this.#noticeAt = steady.now()
    const body = `${reason}. Nothing is known of your hosts until it is online again; no alerts are raised meanwhile.`
    this.#tidy(() => outbox.postNotice(desktopChannelId, 'This computer is offline', body))
  }

  /** A check was added or edited: one that was switched off is closed. */
  checkChanged(check: Check): void {
    this.#book.setCheck(check)
    this.#inhibition.forgetHosts()
    if (!check.enabled) this.#close(check.id, 'The check was switched off.')
    this.#review()
    this.moved.emit(check)
  }

  checkRemoved(id: string): void {
    this.#book.dropCheck(id)
    this.#close(id, 'The check was removed.')
    for (const entry of this.#book.ofCheck(id)) {
      this.#machines.forget(entry)
      this.#unwritten.delete(entry)
    }
    this.#book.dropEntries(id)
    this.#review()
  }

  hostRemoved(hostId: string): void {
    for (const check of [...this.#book.checks()]) if (check.hostId === hostId) this.checkRemoved(check.id)
    this.#inhibition.forgetHosts()
  }

  /** Throws NOT_FOUND. What is resolved or acknowledged stays as it is. */
  acknowledge(incidentId: string, actor: string): Incident {
    const { store, clock } = this.#options
    const before = this.#incident(incidentId)
    if (before.state !== 'open') return before
    const entry = this.#book.byIncident(incidentId)
    const write = (): void => {
      const at = clock.now()
      store.incidents.update({ ...before, state: 'acknowledged', acknowledgedAt: at, acknowledgedBy: actor })
      this.#effects.event(incidentId, { kind: 'person', tone: 'neutral', title: 'Acknowledged', detail: null, actor })
    }
    this.#machines.change(() => (entry ? this.#machines.step(entry, { type: 'acknowledge' }) : []), write)
    const incident = this.#incident(incidentId)
    this.#machines.tell([{ incident, what: 'acknowledged' }])
    return incident
  }

  /** Throws NOT_FOUND. */
  note(incidentId: string, text: string, actor: string): void {
    this.#incident(incidentId)
    this.addEvent(incidentId, {
      at: this.#options.clock.now(),
      kind: 'note',
      tone: 'neutral',
      title: 'Note',
      detail: text,
      actor,
    })
  }

  addEvent(incidentId: string, item: TimelineItem): void {
    this.#options.store.incidents.addEvent(incidentId, item)
    const incident = this.#options.store.incidents.get(incidentId)
    if (incident) this.#machines.tell([{ incident, what: 'message' }])
  }

  /** One critical message that nothing more is tried (semantics 24); in a silence it is only written down. */
  tellEscalated(incidentId: string, text: string): void {
    const { outbox, clock } = this.#options
    const incident = this.#incident(incidentId)
    const entry = this.#book.byIncident(incidentId)
    outbox.transaction(() => {
      this.#effects.event(incidentId, {
        at: clock.now(),
        kind: 'recovery',
        tone: 'bad',
        title: 'Automatic recovery gave up',
        detail: text,
      })
      if (entry?.state.muted === 'silence' || entry?.state.muted === 'maintenance') return
      const title = titleOf(incident, 'escalated')
      outbox.post(this.#effects.news(incident, 'escalated', 'critical', title, text.slice(0, 2_000)), incident.tags)
    })
    this.#machines.tell([{ incident, what: 'message' }])
  }

  /** Writes all that `work` does, news of alerts among it, or nothing; channels hear of it afterwards. */
  transaction<T>(work: () => T): T {
    return this.#options.outbox.transaction(work)
  }

  phase(checkId: string, unit: CheckUnit | null): AlertView {
    const entry = this.#book.get(checkId, unitKeyOf(unit))
    const check = this.#book.check(checkId)
    if (entry) return this.#view(entry)
    const muted = check ? this.#inhibition.mutes(check, unit) : null
    return { phase: 'ok', mutedBy: muted, incidentId: null, severity: null, cause: null, lastProbe: null }
  }

  /** Of a check over many units: those that anything is known of. */
  phases(checkId: string): (AlertView & { unit: CheckUnit | null })[] {
    return this.#book.ofCheck(checkId).map(entry => ({ ...this.#view(entry), unit: entry.unit }))
  }

  /** What fires now for a unit, proven since the last gap: what recovery may ask about. */
  firingFor(hostId: string, unit: CheckUnit): FiringAlert[] {
    return this.#book.ofHost(hostId).flatMap(entry => {
      const target = entry.unit ?? entry.check.unit
      if (target === null || unitKeyOf(target) !== unitKeyOf(unit)) return []
      if (phaseOf(entry.state) !== 'firing' || entry.state.fresh !== null || entry.incidentId === null) return []
      const incident = this.#options.store.incidents.get(entry.incidentId)
      const { failure } = entry
      return incident && failure ? [{ incident, cause: failure.cause, status: failure.status }] : []
    })
  }

  hostInTrouble(hostId: string): boolean {
    return this.#inhibition.hostInTrouble(hostId)
  }

  dispose(): void {
    this.#bag.dispose()
    this.#machines.dispose()
    for (const entry of this.#book.all()) entry.timer?.dispose()
  }

  #view(entry: AlertEntry): AlertView {
    const { state, failure, last, incidentId, check, unit } = entry
    return {
      phase: phaseOf(state),
      mutedBy: isQuiet(entry) ? this.#inhibition.mutes(check, unit) : mutedBy(state),
      incidentId,
      severity: state.incident?.severity ?? null,
      cause: phaseOf(state) === 'ok' ? null : (failure?.cause ?? null),
      lastProbe: last,
    }
  }

  #incident(id: string): Incident {
    const incident = this.#options.store.incidents.get(id)
    if (!incident) throw new AppError('NOT_FOUND', 'This incident is not known')
    return incident
  }

  #mute(entry: AlertEntry): Outcome[] {
    const quiet = isQuiet(entry) && entry.state.muted === null
    if (quiet && entry.last?.status === 'healthy') return []
    return this.#machines.step(entry, { type: 'mute', by: this.#inhibition.mutes(entry.check, entry.unit) })
  }

  /** What silences, hosts or dependencies do to each alert may be otherwise now. */
  #review(): void {
    this.#machines.change(() => this.#reviewed(this.#book.all()))
  }

  #reviewed(entries: readonly AlertEntry[]): Outcome[] {
    return entries.flatMap(entry =>
      isQuiet(entry) && entry.state.muted === null
        ? []
        : this.#machines.step(entry, { type: 'mute', by: this.#inhibition.mutes(entry.check, entry.unit) }),
    )
  }

  #restingOn(roots: readonly Check[]): AlertEntry[] {
    const ids = new Set(roots.flatMap(root => this.#inhibition.restingOn(root)).map(check => check.id))
    return [...ids].flatMap(id => this.#book.ofCheck(id))
  }

  #close(checkId: string, reason: string): void {
    this.#machines.change(() =>
      this.#book.ofCheck(checkId).flatMap(entry => this.#machines.step(entry, { type: 'close' }, reason)),
    )
    for (const entry of this.#book.ofCheck(checkId)) entry.last = entry.failure = null
  }

  #observeUnwritten(): void {
    const waiting = [...this.#unwritten]
    this.#unwritten.clear()
    for (const [entry, probe] of waiting) this.observe(entry.check, entry.unit, probe)
    this.#machines.flush()
  }

  /** Incidents that no alert speaks of any more: their check went while the engine did not run. */
  #closeOrphans(): void {
    const { store, clock } = this.#options
    const known = new Set(this.#book.all().map(entry => entry.incidentId))
    for (const entry of this.#book.all()) {
      const incident = entry.incidentId === null ? null : store.incidents.get(entry.incidentId)
      if (entry.incidentId === null || (incident && incident.state !== 'resolved')) continue
      entry.state = initialAlert
      entry.incidentId = null
    }
    for (const incident of store.incidents.active()) {
      if (known.has(incident.id)) continue
      this.#tidy(() => {
        store.incidents.update({ ...incident, state: 'resolved', resolvedAt: clock.now(), mutedBy: null })
        this.#effects.event(incident.id, {
          kind: 'alert',
          tone: 'neutral',
          title: 'Closed',
          detail: 'Its check is not there any more.',
        })
      })
    }
  }

  /** A disk that takes nothing is no reason not to start, nor to stop. */
  #tidy(work: () => void): void {
    try {
      this.#options.outbox.transaction(work)
    } catch (error) {
      this.#log.warn('something beside the alerts could not be written', { error: String(error) })
    }
  }
}

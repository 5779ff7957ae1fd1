// Turns probes into alerts, incidents and news by the machine of domain/alert-state; knows neither how things are probed nor how news is sent.
import { AppError } from '../../shared/errors.ts'
import { desktopChannelId } from '../../shared/model/channel.ts'
import type { AlertPhase, Check, CheckUnit, MutedBy, Probe, ProbeCause, Severity } from '../../shared/model/check.ts'
import type { Incident, TimelineItem } from '../../shared/model/incident.ts'
import {
  type AlertEffect,
  type AlertEvent,
  type AlertState,
  initialAlert,
  mutedBy,
  nextAlertStepAt,
  phaseOf,
  stepAlert,
} from '../domain/alert-state.ts'
import { titleOf } from '../domain/alert-text.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Store } from '../store/store.ts'
import { AlertBook, type AlertEntry, isQuiet, unitKeyOf } from './alert-book.ts'
import { AlertEffects, type IncidentChange } from './alert-effects.ts'
import { AlertInhibition } from './alert-inhibition.ts'
import type { Outbox } from './outbox.ts'
import type { Publish } from './publish.ts'
import type { Silences } from './silences.ts'

export type { IncidentChange } from './alert-effects.ts'

/** What moved without news is written after this time, together. */
const lazyMs = 1_000
/** An incident's newest message is written this seldom while nothing else changes. */
const messageMs = 30_000
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

interface Outcome {
  readonly entry: AlertEntry
  readonly effects: readonly AlertEffect[]
  /** Why the check is no longer watched, where that is the reason. */
  readonly closing: string | null
}

type Before = Pick<AlertEntry, 'state' | 'incidentId' | 'saved' | 'shown'>

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
  readonly changed = new Emitter<IncidentChange>()
  /** An alert moved, told or not, so that its check looks otherwise now. */
  readonly moved = new Emitter<Check>()
  /** This computer went offline or came back. */
  readonly onlineChanged = new Emitter<boolean>()
  readonly #options: AlertingOptions
  readonly #log: Logger
  readonly #book: AlertBook
  readonly #inhibition: AlertInhibition
  readonly #effects: AlertEffects
  readonly #bag = new DisposableBag()
  readonly #dirty = new Set<AlertEntry>()
  /** What could not be written: tried again when the disk takes writes. */
  readonly #unwritten = new Map<AlertEntry, Probe>()
  /** What is being changed, as it was before. */
  #touched: Map<AlertEntry, Before> | null = null
  #flushTimer: Disposable | null = null
  #noticeAt: number | null = null

  constructor(options: AlertingOptions) {
    const { store, silences, steady } = options
    this.#options = options
    this.#log = options.log.child('alerting')
    this.#book = new AlertBook(store, steady.now())
    this.#inhibition = new AlertInhibition(store, this.#book, silences)
    this.#effects = new AlertEffects(options)
    this.#bag.add(silences.changed.on(() => this.#review()))
    this.#bag.add(store.onProblem(problem => problem === null && this.#observeUnwritten()))
    this.#closeOrphans()
    for (const check of [...this.#book.checks()])
      if (!check.enabled) this.#close(check.id, 'The check was switched off.')
    this.#review()
    for (const entry of this.#book.all()) this.#arm(entry)
  }

  /** What is being done about an incident, in a sentence; set by whoever mends. */
  set doing(sentence: (incident: Incident) => string | null) {
    this.#effects.doing = sentence
  }

  /** Takes what a probe or an event found, and returns it as it counts: unknown where host, dependency or own uplink are in trouble. */
  observe(check: Check, unit: CheckUnit | null, found: Probe): Probe {
    this.#book.setCheck(check)
    const probe = this.#inhibition.judge(check, found)
    const known = this.#book.get(check.id, unitKeyOf(unit))
    // nearly all units never fail: nothing is kept of them
    if (!known && unit !== null && (probe.status === 'healthy' || probe.status === 'unknown')) return probe
    if (!check.enabled) return probe
    const entry = known ?? this.#book.ensure(check, unit)
    entry.last = probe
    if (probe.status === 'unknown') return probe
    if (probe.status !== 'healthy') entry.failure = probe
    this.#change(() => [...this.#mute(entry), ...this.#step(entry, { type: 'result', status: probe.status })], {
      again: { entry, probe },
    })
    this.#noteMessage(entry, probe)
    return probe
  }

  /** Is its time left out of uptime now (semantics 17)? */
  inMaintenance(check: Check, unit: CheckUnit | null): boolean {
    return this.#inhibition.silenced(check, unit) === 'maintenance'
  }

  /** Time was lost (semantics 2). */
  onClockGap(): void {
    this.#change(() => this.#book.all().flatMap(entry => this.#step(entry, { type: 'gap' })))
    for (const entry of this.#book.all()) this.#arm(entry)
  }

  /** Why this computer counts as offline; null while it is online. */
  get offline(): string | null {
    return this.#inhibition.offlineReason
  }

  /** Whether this computer is online (R18); going offline is told once, on its own desktop. */
  setOnline(online: boolean, reason: string): void {
    if (online !== this.#inhibition.offline) return
    const { outbox, steady, clock } = this.#options
    this.#inhibition.setOffline(online ? null : reason)
    this.#log.info(online ? 'online again' : 'offline', { reason })
    this.#review()
    this.onlineChanged.emit(online)
    if (online) {
      outbox.drop(outbox.open(desktopChannelId).filter(row => row.kind === 'notice' && row.state === 'waiting'))
      return
    }
    if (this.#noticeAt !== null && steady.now() - this.#noticeAt < noticePauseMs) return
    this.#noticeAt = steady.now()
    outbox.postTo(desktopChannelId, {
      kind: 'notice',
      incidentId: null,
      hostId: null,
      hostName: null,
      unit: null,
      severity: 'warning',
      title: 'This computer is offline',
      body: `${reason}. Nothing is known of your hosts until it is online again; no alerts are raised meanwhile.`,
      at: clock.now(),
    })
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
      this.#dirty.delete(entry)
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
    this.#change(() => (entry ? this.#step(entry, { type: 'acknowledge' }) : []), {
      also: () => {
        const at = clock.now()
        store.incidents.update({ ...before, state: 'acknowledged', acknowledgedAt: at, acknowledgedBy: actor })
        this.#effects.event(incidentId, { kind: 'person', tone: 'neutral', title: 'Acknowledged', detail: null, actor })
      },
    })
    const incident = this.#incident(incidentId)
    this.#tell([{ incident, what: 'acknowledged' }])
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
    if (incident) this.#tell([{ incident, what: 'message' }])
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
    this.#tell([{ incident, what: 'message' }])
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
    this.#flush()
    this.#flushTimer?.dispose()
    for (const entry of this.#book.all()) entry.timer?.dispose()
    this.#bag.dispose()
    this.changed.dispose()
    this.moved.dispose()
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

  /** Moves one machine in memory; `#change` writes what came of it. */
  #step(entry: AlertEntry, event: AlertEvent, closing: string | null = null): Outcome[] {
    const { state, effects } = stepAlert(entry.state, event, entry.policy, this.#options.steady.now())
    if (state === entry.state && effects.length === 0) return []
    if (this.#touched && !this.#touched.has(entry)) {
      const { incidentId, saved, shown } = entry
      this.#touched.set(entry, { state: entry.state, incidentId, saved, shown })
    }
    entry.state = state
    return [{ entry, effects, closing }]
  }

  #mute(entry: AlertEntry): Outcome[] {
    const quiet = isQuiet(entry) && entry.state.muted === null
    if (quiet && entry.last?.status === 'healthy') return []
    return this.#step(entry, { type: 'mute', by: this.#inhibition.mutes(entry.check, entry.unit) })
  }

  /** What silences, hosts or dependencies do to each alert may be otherwise now. */
  #review(): void {
    this.#change(() => this.#reviewed())
  }

  #reviewed(): Outcome[] {
    return this.#book
      .all()
      .flatMap(entry =>
        isQuiet(entry) && entry.state.muted === null
          ? []
          : this.#step(entry, { type: 'mute', by: this.#inhibition.mutes(entry.check, entry.unit) }),
      )
  }

  #close(checkId: string, reason: string): void {
    this.#change(() => this.#book.ofCheck(checkId).flatMap(entry => this.#step(entry, { type: 'close' }, reason)))
    for (const entry of this.#book.ofCheck(checkId)) entry.last = entry.failure = null
  }

  /**
   * Moves machines, and then writes all that came of it as one (semantics 19). Where it cannot be written nothing has happened: what was
   * observed is observed again when the disk takes writes.
   */
  #change(
    move: () => Outcome[],
    options: { again?: { entry: AlertEntry; probe: Probe }; also?: () => void } = {},
  ): void {
    const touched = new Map<AlertEntry, Before>()
    this.#touched = touched
    let outcomes: Outcome[]
    try {
      outcomes = move()
      // what a host or a dependency came to, those that rest on it come to, too
      for (let round = 0; round < 4 && this.#rootMoved(touched, outcomes.length); round++) {
        const more = this.#reviewed()
        if (more.length === 0) break
        outcomes = [...outcomes, ...more]
      }
    } finally {
      this.#touched = null
    }
    const news = outcomes.filter(outcome => outcome.effects.length > 0)
    let changes: IncidentChange[] = []
    if (news.length > 0 || options.also) {
      try {
        changes = this.#options.outbox.transaction(() => {
          options.also?.()
          const all = news.flatMap(({ entry, effects, closing }) => this.#effects.carryOut(entry, effects, closing))
          for (const entry of touched.keys()) this.#book.save(entry)
          return all
        })
      } catch (error) {
        for (const [entry, before] of touched) Object.assign(entry, before)
        if (options.also) throw error
        if (options.again) this.#unwritten.set(options.again.entry, options.again.probe)
        this.#log.error('an alert could not be written', { error: String(error) })
        return
      }
    } else for (const entry of touched.keys()) this.#writeLater(entry)
    for (const entry of touched.keys()) this.#arm(entry)
    for (const check of new Set([...touched.keys()].map(entry => entry.check))) this.moved.emit(check)
    this.#tell(changes)
  }

  #rootMoved(touched: ReadonlyMap<AlertEntry, Before>, moved: number): boolean {
    if (moved === 0) return false
    for (const [entry, before] of touched)
      if ((phaseOf(before.state) === 'ok') !== (phaseOf(entry.state) === 'ok') && this.#book.isRoot(entry.check))
        return true
    return false
  }

  #tell(changes: readonly IncidentChange[]): void {
    for (const change of changes) {
      this.#options.publish('incident.changed', change.incident)
      this.changed.emit(change)
    }
  }

  #arm(entry: AlertEntry, least = 0): void {
    entry.timer?.dispose()
    entry.timer = null
    const at = nextAlertStepAt(entry.state, entry.policy)
    if (at === null) return
    const wait = Math.max(least, at - this.#options.steady.now())
    entry.timer = this.#options.clock.after(wait, () => {
      entry.timer = null
      const before: AlertState = entry.state
      this.#change(() => this.#step(entry, { type: 'tick' }))
      // never without pause, should there be nothing to do after all
      if (entry.state === before) this.#arm(entry, 1_000)
    })
  }

  /** The newest message of a failure is on the incident's row, now and then. */
  #noteMessage(entry: AlertEntry, probe: Probe): void {
    const { store, steady } = this.#options
    const { shown, incidentId } = entry
    if (incidentId === null || probe.status === 'healthy') return
    const now = steady.now()
    if (shown && (shown.message === probe.message || now - shown.at < messageMs)) return
    entry.shown = { message: probe.message, at: now }
    if (!shown) return
    try {
      const incident = { ...this.#incident(incidentId), lastMessage: probe.message, cause: probe.cause }
      store.incidents.update(incident)
      this.#tell([{ incident, what: 'message' }])
    } catch (error) {
      this.#log.warn('the newest message of an incident was not written', { error: String(error) })
    }
  }

  #writeLater(entry: AlertEntry): void {
    this.#dirty.add(entry)
    this.#flushTimer ??= this.#options.clock.after(lazyMs, () => {
      this.#flushTimer = null
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#dirty.size === 0) return
    const saved = [...this.#dirty].map(entry => ({ entry, saved: entry.saved }))
    this.#dirty.clear()
    try {
      this.#options.store.transaction(() => {
        for (const { entry } of saved) this.#book.save(entry)
      })
    } catch (error) {
      for (const { entry, saved: before } of saved) {
        entry.saved = before
        this.#dirty.add(entry)
      }
      this.#log.warn('alerts could not be written, they are kept in memory', { error: String(error) })
    }
  }

  #observeUnwritten(): void {
    const waiting = [...this.#unwritten]
    this.#unwritten.clear()
    for (const [entry, probe] of waiting) this.observe(entry.check, entry.unit, probe)
    this.#flush()
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
      store.transaction(() => {
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
}

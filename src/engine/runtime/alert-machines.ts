// Moves alert machines in memory and writes all that came of it as one (semantics 19); knows not why they move.
import type { Check, Probe } from '../../shared/model/check.ts'
import {
  type AlertEffect,
  type AlertEvent,
  type AlertState,
  nextAlertStepAt,
  phaseOf,
  stepAlert,
} from '../domain/alert-state.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Store } from '../store/store.ts'
import type { AlertBook, AlertEntry } from './alert-book.ts'
import type { AlertEffects, IncidentChange } from './alert-effects.ts'
import type { Outbox } from './outbox.ts'
import type { Publish } from './publish.ts'

/** What moved without news is written after this time, together. */
const lazyMs = 1_000
/** An incident's newest message is written this seldom while nothing else changes. */
const messageMs = 30_000
/** What was due while the disk took nothing is due again. */
const retryMs = 5_000
/** So far do things rest on each other within one change; more follows with the next. */
const mostRounds = 4

export interface Outcome {
  readonly entry: AlertEntry
  readonly effects: readonly AlertEffect[]
  /** Why the check is no longer watched, where that is the reason. */
  readonly closing: string | null
}

type Before = Pick<AlertEntry, 'state' | 'incidentId' | 'saved' | 'shown'>

export interface AlertMachinesOptions {
  store: Store
  outbox: Outbox
  clock: Clock
  steady: SteadyTime
  log: Logger
  publish: Publish
}

export class AlertMachines implements Disposable {
  readonly changed = new Emitter<IncidentChange>()
  readonly moved = new Emitter<Check>()
  readonly #options: AlertMachinesOptions
  readonly #log: Logger
  readonly #book: AlertBook
  readonly #effects: AlertEffects
  readonly #review: (roots: readonly Check[]) => Outcome[]
  readonly #dirty = new Set<AlertEntry>()
  /** What is being changed, as it was before. */
  #touched: Map<AlertEntry, Before> | null = null
  #flushTimer: Disposable | null = null

  /** `review` moves what rests on checks that came to be in trouble, or came out of it. */
  constructor(
    options: AlertMachinesOptions,
    book: AlertBook,
    effects: AlertEffects,
    review: (roots: readonly Check[]) => Outcome[],
  ) {
    this.#options = options
    this.#log = options.log.child('alerting')
    this.#book = book
    this.#effects = effects
    this.#review = review
  }

  /** Moves one machine in memory, within `change`, which writes what came of it. */
  step(entry: AlertEntry, event: AlertEvent, closing: string | null = null): Outcome[] {
    const { state, effects } = stepAlert(entry.state, event, entry.policy, this.#options.steady.now())
    if (state === entry.state && effects.length === 0) return []
    if (this.#touched && !this.#touched.has(entry)) {
      const { incidentId, saved, shown } = entry
      this.#touched.set(entry, { state: entry.state, incidentId, saved, shown })
    }
    entry.state = state
    return [{ entry, effects, closing }]
  }

  /**
   * Moves machines, and then writes all that came of it, and `also`, as one (semantics 19). Where that cannot be written nothing has
   * happened, and the answer is false; with `also` it throws.
   */
  change(move: () => Outcome[], also?: () => void): boolean {
    const touched = new Map<AlertEntry, Before>()
    this.#touched = touched
    let outcomes: Outcome[]
    try {
      outcomes = move()
      // what a host or a dependency came to, those that rest on it come to, too
      const reviewed = new Set<AlertEntry>()
      for (let round = 0; round < mostRounds; round++) {
        const turned = [...touched].filter(([entry, before]) => !reviewed.has(entry) && turnedOver(before, entry))
        if (turned.length === 0) break
        for (const [entry] of turned) reviewed.add(entry)
        outcomes = [...outcomes, ...this.#review(turned.map(([entry]) => entry.check))]
      }
    } finally {
      this.#touched = null
    }
    const news = outcomes.filter(outcome => outcome.effects.length > 0)
    let changes: IncidentChange[] = []
    if (news.length > 0 || also) {
      try {
        changes = this.#options.outbox.transaction(() => {
          also?.()
          const all = news.flatMap(({ entry, effects, closing }) => this.#effects.carryOut(entry, effects, closing))
          for (const entry of touched.keys()) this.#book.save(entry)
          return all
        })
      } catch (error) {
        for (const [entry, before] of touched) {
          Object.assign(entry, before)
          this.arm(entry, retryMs)
        }
        if (also) throw error
        this.#log.error('an alert could not be written', { error: String(error) })
        return false
      }
    } else for (const entry of touched.keys()) this.#writeLater(entry)
    for (const entry of touched.keys()) this.arm(entry)
    for (const check of new Set([...touched.keys()].map(entry => entry.check))) this.moved.emit(check)
    this.tell(changes)
    return true
  }

  /** Windows and rules hear of it. */
  tell(changes: readonly IncidentChange[]): void {
    for (const change of changes) {
      this.#options.publish('incident.changed', change.incident)
      this.changed.emit(change)
    }
  }

  /** Wakes the machine when time alone moves it, in `least` ms at the soonest. */
  arm(entry: AlertEntry, least = 0): void {
    entry.timer?.dispose()
    entry.timer = null
    const at = nextAlertStepAt(entry.state, entry.policy)
    if (at === null) return
    const wait = Math.max(least, at - this.#options.steady.now())
    entry.timer = this.#options.clock.after(wait, () => {
      entry.timer = null
      const before: AlertState = entry.state
      this.change(() => this.step(entry, { type: 'tick' }))
      // never without pause, should there be nothing to do after all
      if (entry.state === before) this.arm(entry, 1_000)
    })
  }

  #writeLater(entry: AlertEntry): void {
    this.#dirty.add(entry)
    this.#flushTimer ??= this.#options.clock.after(lazyMs, () => {
      this.#flushTimer = null
      this.flush()
    })
  }

  /** Writes what waits. */
  flush(): void {
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

  /** The newest message of a failure is on the incident's row, now and then. */
  noteMessage(entry: AlertEntry, probe: Probe): void {
    const { store, steady } = this.#options
    const { shown, incidentId } = entry
    if (incidentId === null || probe.status === 'healthy') return
    const now = steady.now()
    if (shown && (shown.message === probe.message || now - shown.at < messageMs)) return
    entry.shown = { message: probe.message, at: now }
    if (!shown) return
    try {
      const before = store.incidents.get(incidentId)
      if (!before) return
      const incident = { ...before, lastMessage: probe.message, cause: probe.cause }
      store.incidents.update(incident)
      this.tell([{ incident, what: 'message' }])
    } catch (error) {
      this.#log.warn('the newest message of an incident was not written', { error: String(error) })
    }
  }

  /** Nothing of it is to be written any more. */
  forget(entry: AlertEntry): void {
    this.#dirty.delete(entry)
  }

  dispose(): void {
    this.flush()
    this.#flushTimer?.dispose()
    this.changed.dispose()
    this.moved.dispose()
  }
}

/** Came to be in trouble, or came out of it. */
const turnedOver = (before: Before, { state }: AlertEntry): boolean =>
  (phaseOf(before.state) === 'ok') !== (phaseOf(state) === 'ok')

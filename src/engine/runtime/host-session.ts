// Watches one host for as long as it is configured: ties its link to what is collected over it; knows neither SSH nor D-Bus.
import { AppError, type ErrorShape } from '../../shared/errors.ts'
import type { ConnectionStatus, Host, HostFacts, HostProblem, HostView } from '../../shared/model/host.ts'
import type { HostSample } from '../../shared/model/metric.ts'
import type { Settings } from '../../shared/model/settings.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { type AsyncDisposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Collector, JournalReader, Link, UnitManager, UnitState } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { GapKeeper } from './gap-keeper.ts'
import type { JournalSource } from './journal-follow.ts'
import { MetricLoop } from './metric-loop.ts'
import type { Publish } from './publish.ts'
import { UnitRegistry } from './unit-registry.ts'

/** Pause before a part of the collection that broke, with the link up, is opened again. */
const reopenMs = 5_000

export interface HostSessionOptions {
  host: Host
  link: Link
  collector: Collector
  store: Store
  clock: Clock
  log: Logger
  publish: Publish
  settings: () => Settings
}

export class HostSession implements AsyncDisposable {
  readonly host: Host
  readonly link: Link
  readonly units: UnitRegistry
  readonly journal: JournalReader
  readonly gaps: GapKeeper
  /** Units that were found failed after a gap, before it is known what else happened in it: that needs no history to be told. */
  readonly fell = new Emitter<readonly UnitState[]>()
  /** States of units as they are found after a gap, for whoever judges them. */
  readonly found = new Emitter<readonly UnitState[]>()
  readonly #options: HostSessionOptions
  readonly #log: Logger
  readonly #bag = new DisposableBag()
  readonly #ended = new AbortController()
  readonly #problems = new Map<HostProblem['area'], ErrorShape>()
  #generation: AbortController | null = null
  #metrics: MetricLoop | null = null
  #facts: HostFacts | null = null
  #sample: HostSample | null = null
  #seenAt: number | null = null
  #watched = false
  /** Time was lost, and the host has not answered since. */
  #slept = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: HostSessionOptions) {
    const { host, link, store, clock, publish } = options
    this.#options = options
    this.host = host
    this.link = link
    this.#log = options.log.child(`host/${host.id}`)
    const about = { hostId: host.id, store, clock, publish, log: this.#log }
    this.units = new UnitRegistry(about)
    this.gaps = new GapKeeper({ ...about, record: transitions => this.units.record(transitions) })
    this.journal = options.collector.journal(link, host)
    this.#bag.add(this.units)
    this.#bag.add(this.fell)
    this.#bag.add(this.found)
    this.#bag.add(this.units.changed.on(() => this.#announce()))
    this.#bag.add(link.onStatus(status => this.#onStatus(status)))
    this.gaps.openSinceLastRun()
  }

  start(): void {
    this.link.start()
    // this computer's link is ready before anyone can listen
    if (this.link.status.state === 'ready') this.#onStatus(this.link.status)
  }

  view(): HostView {
    return {
      host: this.host,
      connection: this.link.status,
      facts: this.#facts,
      problems: [...this.#problems].map(([area, error]) => ({ area, error })),
      units: this.units.counts(),
      uptimeSeconds: this.#sample?.uptimeSeconds ?? null,
    }
  }

  get facts(): HostFacts | null {
    return this.#facts
  }

  get latestSample(): HostSample | null {
    return this.#sample
  }

  /** Someone looks at this host (or no longer does): sample it fast (or slowly). */
  watch(watched: boolean): void {
    if (watched === this.#watched) return
    this.#watched = watched
    if (watched) this.#metrics?.hurry()
  }

  /** Time was lost (semantics 2): what was not watched is a gap, and the link is tested at once. */
  onClockGap(from: number): void {
    this.gaps.open(from, 'sleep')
    this.#slept = true
    this.link.probe()
    this.#metrics?.hurry()
  }

  /** For whoever follows this host's journal over lost links. */
  journalSource(): JournalSource {
    return { reader: this.journal, ready: signal => this.#ready(signal) }
  }

  async dispose(): Promise<void> {
    this.#ended.abort()
    this.#endGeneration()
    this.#bag.dispose()
    // what still waits for the host's answer ends with the link
    await Promise.all([this.#running, this.link.dispose()])
  }

  #ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.link.status.state === 'ready') {
        resolve()
        return
      }
      const { signal: ended } = this.#ended
      const settle = (then: () => void): void => {
        listener.dispose()
        signal.removeEventListener('abort', onAbort)
        ended.removeEventListener('abort', onEnded)
        then()
      }
      const onEnded = (): void =>
        settle(() => reject(new AppError('LINK_LOST', 'This host is no longer watched this way')))
      const onAbort = (): void => settle(() => reject(new AppError('CANCELLED', 'Cancelled')))
      const listener = this.link.onStatus(status => {
        if (status.state === 'ready') settle(resolve)
      })
      signal.addEventListener('abort', onAbort, { once: true })
      ended.addEventListener('abort', onEnded, { once: true })
      if (signal.aborted) onAbort()
      else if (ended.aborted) onEnded()
    })
  }

  #onStatus(status: ConnectionStatus): void {
    if (status.state === 'ready') {
      this.#endGeneration()
      const controller = new AbortController()
      this.#generation = controller
      this.#running = this.#run(controller.signal)
    } else if (this.#generation) {
      this.#endGeneration()
      this.gaps.open(this.#seenAt ?? this.#options.clock.now(), 'link')
    }
    this.#announce()
  }

  #endGeneration(): void {
    this.#slept = false
    this.#generation?.abort()
    this.#generation = null
    this.#metrics?.dispose()
    this.#metrics = null
    this.units.detach('system')
    this.units.detach('user')
  }

  /** The life of one connection generation; ends when `signal` aborts. */
  async #run(signal: AbortSignal): Promise<void> {
    const { host } = this.#options
    const facts = await this.#learnFacts(signal)
    if (!facts) return
    await Promise.all([
      this.#keep(signal, 'units', () => this.#watchUnits('system', facts, signal)),
      host.userUnits ? this.#keep(signal, 'user-units', () => this.#watchUnits('user', facts, signal)) : null,
      this.#keep(signal, 'metrics', () => this.#watchMetrics(signal)),
    ])
  }

  /** Asks until the host answers (one under load may need a while); null when the link went first. */
  async #learnFacts(signal: AbortSignal): Promise<HostFacts | null> {
    const { collector, host, link, clock } = this.#options
    for (;;) {
      try {
        const facts = await collector.facts(link, host)
        if (signal.aborted) return null
        this.#facts = facts
        this.#problems.clear()
        this.#noteFacts(facts)
        this.#announce()
        return facts
      } catch (error) {
        if (signal.aborted) return null
        this.#problem('units', AppError.from(error))
      }
      await sleep(clock, reopenMs, signal).catch(() => undefined)
    }
  }

  /** Runs a part again and again while the link is up; gives up where trying again cannot help. */
  async #keep(signal: AbortSignal, area: HostProblem['area'], part: () => Promise<ErrorShape | null>): Promise<void> {
    while (!signal.aborted) {
      try {
        const error = await part()
        if (signal.aborted) return
        if (error) this.#problem(area, AppError.fromShape(error))
      } catch (caught) {
        if (signal.aborted) return
        const error = AppError.from(caught)
        this.#problem(area, error)
        if (error.code === 'NOT_SYSTEMD' || error.code === 'UNSUPPORTED') {
          if (area === 'units') this.gaps.close(false)
          return
        }
      }
      await sleep(this.#options.clock, reopenMs, signal).catch(() => undefined)
    }
  }

  async #watchUnits(scope: UnitScope, facts: HostFacts, signal: AbortSignal): Promise<ErrorShape | null> {
    const manager: UnitManager = await this.#options.collector.units(this.link, this.host, scope)
    if (signal.aborted) {
      await manager.dispose()
      return null
    }
    const release = (): void => void manager.dispose()
    signal.addEventListener('abort', release, { once: true })
    try {
      const unseen = this.units.attach(manager)
      const area = scope === 'system' ? 'units' : 'user-units'
      if (manager.problem) this.#problem(area, AppError.fromShape(manager.problem))
      else this.#solved(area)
      this.fell.emit(unseen.flatMap(({ after }) => (after.activeState === 'failed' ? after : [])))
      const whole = await this.gaps.fill(scope, unseen, this.journal, facts, signal)
      if (signal.aborted) return null
      if (scope === 'system') this.gaps.close(whole)
      // as they are by now: the journal may have taken its time
      this.found.emit(unseen.flatMap(({ after }) => this.units.get(scope, after.name) ?? []))
      this.units.judged(scope)
      this.#announce()
      return await manager.closed
    } finally {
      if (!signal.aborted) this.gaps.lapse(scope)
      this.units.detach(scope, manager)
      signal.removeEventListener('abort', release)
      await manager.dispose()
    }
  }

  async #watchMetrics(signal: AbortSignal): Promise<ErrorShape | null> {
    const { collector, store, clock, publish, settings } = this.#options
    const sampler = await collector.metrics(this.link, this.host)
    if (signal.aborted) {
      await sampler.dispose()
      return null
    }
    const loop = new MetricLoop({
      sampler,
      units: this.units,
      store,
      clock,
      log: this.#log,
      publish,
      pace: () => (this.#watched ? settings().sampleSecondsWatched : settings().sampleSecondsIdle) * 1_000,
      onSample: sample => {
        this.#sample = sample
        this.#seenAt = sample.at
        // only an answer proves that the link outlived the sleep; a new link fills the gap by itself
        if (this.#slept) void this.#fillGap(signal)
        this.#slept = false
        this.#solved('metrics')
      },
    })
    this.#metrics = loop
    const error = await sampler.closed
    loop.dispose()
    if (this.#metrics === loop) this.#metrics = null
    return error
  }

  /** After sleep with the link still up: nothing new to open, only to fill in. */
  async #fillGap(signal: AbortSignal): Promise<void> {
    if (this.#facts?.unitSource === 'none') this.gaps.close(false)
    // what has no manager yet is filled when it gets one
    if (!this.#facts || !this.units.manager('system')) return
    const whole = await this.gaps.fill('system', [], this.journal, this.#facts, signal)
    if (signal.aborted) return
    this.gaps.close(whole)
    if (this.units.manager('user')) await this.gaps.fill('user', [], this.journal, this.#facts, signal)
  }

  #noteFacts(facts: HostFacts): void {
    if (facts.journal.readable || facts.unitSource === 'none') return
    const groups = facts.journal.missingGroups.join(' or ') || 'systemd-journal'
    this.#problem(
      'journal',
      new AppError('JOURNAL_RIGHTS', `${this.host.user} may not read the system journal`, {
        hint: `On the host: sudo usermod -aG ${facts.journal.missingGroups[0] ?? 'systemd-journal'} ${this.host.user}, then reconnect. (Membership in ${groups} gives the right.)`,
      }),
    )
  }

  #problem(area: HostProblem['area'], error: AppError): void {
    this.#log.warn('problem', { area, code: error.code, message: error.message })
    this.#problems.set(area, error.toShape())
    this.#announce()
  }

  #solved(area: HostProblem['area']): void {
    if (this.#problems.delete(area)) this.#announce()
  }

  #announce(): void {
    if (!this.#bag.disposed) this.#options.publish('host.changed', this.view())
  }
}

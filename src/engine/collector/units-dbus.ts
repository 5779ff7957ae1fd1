// Watches a scope's services by systemd's own signals; knows nothing of how the bus was reached or of acting on units.
import type { ErrorShape } from '../../shared/errors.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { type AsyncDisposable, type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { type DbusMessage, decodeBody } from '../parse/dbus-codec.ts'
import type { Cursor } from '../parse/dbus-cursor.ts'
import { unitNameOf } from '../parse/dbus-unit-path.ts'
import type { JobResult } from '../ports.ts'
import type { DbusConnection } from './dbus-connection.ts'
import { firstError, readChanged } from './dbus-signals.ts'
import {
  busName,
  type ListedUnit,
  managerInterface,
  managerPath,
  propertiesInterface,
  SystemdCalls,
  serviceInterface,
  systemdName,
  unitInterface,
} from './dbus-systemd.ts'
import { AskedEnds } from './units-asked.ts'
import { UnitDetails } from './units-details.ts'
import { notLoaded, servicePatch, unitPatch } from './units-patch.ts'
import { maxUnits, type UnitTable } from './units-table.ts'

const servicePattern = '*.service'
/** Signals tell everything; this only heals what a bug or a lost signal left behind. */
const reconcileMs = 15 * 60_000
/** Units that appear together are asked for together. */
const gatherMs = 2
/** A reload whose end was not told is over by then. */
const maxReloadMs = 90_000
const absentTries = 20
const absentWaitMs = 250

export interface JobEnd {
  readonly path: string
  readonly unit: string
  readonly result: JobResult
}

/** Feeds a table from one bus connection until it closes. */
export class DbusWatch implements AsyncDisposable {
  readonly calls: SystemdCalls
  readonly details: UnitDetails
  readonly jobs = new Emitter<JobEnd>()
  readonly asked = new AskedEnds()
  /** Unit files may have changed: someone enabled, masked, installed, or reloaded. */
  readonly filesChanged = new Emitter<null>()
  readonly #table: UnitTable
  readonly #clock: Clock
  readonly #log: Logger
  readonly #bag = new DisposableBag()
  readonly #appeared = new Set<string>()
  #gathering: Disposable | null = null
  #reloading: Disposable | null = null
  #owner = ''

  constructor(connection: DbusConnection, table: UnitTable, options: { clock: Clock; log: Logger }) {
    this.calls = new SystemdCalls(connection)
    this.#table = table
    this.#clock = options.clock
    this.#log = options.log
    this.details = new UnitDetails(this.calls, table, options.clock)
    this.#bag.add(connection.onSignal(signal => this.#onSignal(signal)))
    // before anyone else is told, who may ask
    this.#bag.add(table.changes.on(change => this.asked.moved(change)))
    this.#bag.add(table.removals.on(name => this.asked.forget(name)))
    this.#bag.add(this.jobs)
    this.#bag.add(this.filesChanged)
  }

  get connection(): DbusConnection {
    return this.calls.connection
  }

  /** Subscribes and lists, all in one round trip; resolves when every unit that runs is known in full. Rejects with an AppError. */
  async start(): Promise<void> {
    const { calls } = this
    const sender = `type='signal',sender='${systemdName}'`
    const changed = `${sender},interface='${propertiesInterface}',member='PropertiesChanged',path_namespace='${managerPath}/unit'`
    const matches = [
      calls.addMatch(`type='signal',sender='${busName}',member='NameOwnerChanged',arg0='${systemdName}'`),
      calls.addMatch(`${sender},interface='${managerInterface}',path='${managerPath}'`),
      calls.addMatch(`${changed},arg0='${unitInterface}'`),
      calls.addMatch(`${changed},arg0='${serviceInterface}'`),
    ]
    for (let left = absentTries; ; left--) {
      const error = firstError(await Promise.all([...matches, ...this.#attach()]))
      if (!error) break
      if (error.code !== 'NOT_SYSTEMD' || left === 0) throw error
      // A user's bus is started by our coming: its systemd joins a moment later.
      await sleep(this.#clock, absentWaitMs)
    }
    await this.details.running()
    this.#bag.add(this.#clock.every(reconcileMs, () => void this.reconcile()))
  }

  #attach() {
    const owner = this.calls.nameOwner(name => {
      this.#owner = name
    })
    return [owner, this.calls.subscribe(), this.#list()]
  }

  /** Lists afresh and corrects what differs. */
  async reconcile(): Promise<ErrorShape | null> {
    const result = await this.#list()
    return result.kind === 'closed' ? result.error : null
  }

  async dispose(): Promise<void> {
    this.#bag.dispose()
    this.#gathering?.dispose()
    this.#reloading?.dispose()
    this.details.dispose()
    await this.connection.dispose()
  }

  #list() {
    return this.calls.listByPatterns([servicePattern], maxUnits, (units, complete) => {
      if (!complete) this.#table.noteOverflow()
      const present = new Set<string>()
      for (const unit of units) {
        present.add(unit.name)
        this.#listed(unit)
      }
      if (complete) for (const name of [...this.#table.names()]) if (!present.has(name)) this.#unloaded(name)
    })
  }

  #listed(unit: ListedUnit): void {
    if (!unit.name.endsWith('.service')) return
    const before = this.#table.get(unit.name)
    const { name, ...patch } = unitPatch(unit)
    const news = !before || before.activeState !== patch.activeState || before.subState !== patch.subState
    this.#table.apply(unit.name, patch)
    if (news && this.#table.has(unit.name)) this.details.want(unit.name)
  }

  /** systemd forgot the unit; what has a file can still be started, what has none is gone. */
  #unloaded(name: string): void {
    const state = this.#table.get(name)
    if (!state || state.loadState === 'not-loaded') return
    if (state.fragmentPath === null || state.fragmentPath.startsWith('/run/systemd/transient/'))
      this.#table.remove(name)
    else this.#table.apply(name, { ...notLoaded, unitFileState: state.unitFileState })
  }

  #onSignal(signal: DbusMessage): void {
    if (signal.interface === propertiesInterface) {
      // Signals can be sent by anyone on the host; only systemd's own count.
      const genuine = signal.sender === this.#owner && signal.member === 'PropertiesChanged'
      if (genuine && !this.#reloading) this.#onProperties(signal)
      return
    }
    if (signal.interface === managerInterface && signal.sender === this.#owner) this.#onManager(signal)
    else if (signal.interface === busName && signal.sender === busName) this.#onOwnerChanged(signal)
  }

  #onProperties(signal: DbusMessage): void {
    if (!signal.path.endsWith('_2eservice')) return
    const name = unitNameOf(signal.path)
    if (name === null) return
    const body = decodeBody(signal, 'sa{sv}as', readChanged)
    if (!body.ok) {
      this.connection.protocolError(body.problem)
      return
    }
    const { interfaceName, properties, invalidated } = body.value
    if (this.#table.has(name)) {
      // systemd tells the service's own properties first and the unit's right after: both are one event.
      if (interfaceName === serviceInterface) this.#table.draft(name, servicePatch(properties))
      else this.#table.apply(name, unitPatch(properties))
    } else this.#want(name)
    for (const property of invalidated) this.details.reread(name, interfaceName, property)
  }

  #onManager(signal: DbusMessage): void {
    switch (signal.member) {
      case 'UnitNew':
      case 'UnitRemoved': {
        const name = this.#decode(signal, 'so', cursor => {
          const unit = cursor.string()
          cursor.skipString()
          return unit
        })
        if (name?.endsWith('.service') && !this.#reloading) {
          if (signal.member === 'UnitNew') this.#want(name)
          else this.#unloaded(name)
        }
        return
      }
      case 'JobRemoved': {
        const end = this.#decode(signal, 'uoss', cursor => {
          cursor.uint32()
          return { path: cursor.string(), unit: cursor.string(), result: cursor.string() as JobResult }
        })
        if (!end) return
        this.jobs.emit(end)
        this.asked.ended(end.unit, end.path)
        return
      }
      case 'JobNew': {
        const job = this.#decode(signal, 'uos', cursor => {
          cursor.uint32()
          return { path: cursor.string(), unit: cursor.string() }
        })
        if (job?.unit.endsWith('.service')) this.asked.began(job.unit, job.path, this.#table.get(job.unit))
        return
      }
      case 'Reloading': {
        const active = this.#decode(signal, 'b', cursor => cursor.boolean())
        if (active === true) this.#duringReload()
        else if (active === false) this.#afterReload()
        return
      }
      case 'UnitFilesChanged':
        this.filesChanged.emit(null)
    }
  }

  #onOwnerChanged(signal: DbusMessage): void {
    if (signal.member !== 'NameOwnerChanged') return
    const owner = this.#decode(signal, 'sss', cursor => {
      const name = cursor.string()
      cursor.skipString()
      return { name, owner: cursor.string() }
    })
    if (owner?.name !== systemdName) return
    this.#owner = owner.owner
    if (owner.owner === '') return
    // systemd re-executed itself (an upgrade): it may have forgotten who subscribed.
    this.#log.info('systemd came back on the bus')
    void this.calls.subscribe()
    this.#afterReload()
  }

  /** While systemd reads its configuration anew it says of every unit that it went and came back: nothing of that happened. */
  #duringReload(): void {
    this.#reloading?.dispose()
    this.#reloading = this.#clock.after(maxReloadMs, () => this.#afterReload())
  }

  #afterReload(): void {
    this.#reloading?.dispose()
    this.#reloading = null
    void this.reconcile()
    this.filesChanged.emit(null)
  }

  #want(name: string): void {
    this.#appeared.add(name)
    this.#gathering ??= this.#clock.after(gatherMs, () => {
      this.#gathering = null
      const names = [...this.#appeared].slice(0, maxUnits)
      this.#appeared.clear()
      // asked for by name it would be loaded for us and unloaded again, which systemd tells as news: so without end
      void this.calls.listByPatterns(names, maxUnits, units => {
        for (const unit of units) this.#listed(unit)
      })
    })
  }

  #decode<T>(signal: DbusMessage, signature: string, read: (cursor: Cursor) => T): T | null {
    const body = decodeBody(signal, signature, read)
    if (body.ok) return body.value
    this.connection.protocolError(body.problem)
    return null
  }
}

// A scope's service manager over the bus: joins watching, details, timers and acts to the port; knows nothing of how the bus was reached.
import type { AppError, ErrorShape } from '../../shared/errors.ts'
import type { Timer, UnitScope, UnitVerb } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { ActResult, Link, UnitChange, UnitManager, UnitState } from '../ports.ts'
import type { StartedDbus } from './dbus-start.ts'
import type { UnitActions } from './units-actions.ts'
import { DbusWatch } from './units-dbus.ts'
import { readUnit } from './units-details.ts'
import { addUnitFiles, listUnitFiles, readUnitFiles } from './units-files.ts'
import type { UnitTable } from './units-table.ts'
import { readTimers } from './units-timers.ts'

/** Unit files change in bursts: a package being installed, several links at once. */
const filesSettleMs = 1_000

export interface BusManagerOptions {
  readonly link: Link
  readonly scope: UnitScope
  readonly source: 'dbus-socket' | 'dbus-bridge'
  readonly generation: number
  readonly table: UnitTable
  readonly actions: UnitActions
  readonly clock: Clock
  readonly log: Logger
}

/** Resolves when the services are known. Rejects with an AppError, with nothing left open. */
export async function openBusManager(started: StartedDbus, options: BusManagerOptions): Promise<BusManager> {
  const manager = new BusManager(started, options)
  try {
    await manager.start(started.hello)
    return manager
  } catch (error) {
    await manager.dispose()
    throw error
  }
}

export class BusManager implements UnitManager {
  readonly scope: UnitScope
  readonly source: 'dbus-socket' | 'dbus-bridge'
  readonly generation: number
  readonly closed: Promise<ErrorShape | null>
  readonly #options: BusManagerOptions
  readonly #watch: DbusWatch
  #filesTimer: Disposable | null = null
  #disposed = false

  constructor({ connection }: StartedDbus, options: BusManagerOptions) {
    this.#options = options
    this.scope = options.scope
    this.source = options.source
    this.generation = options.generation
    this.#watch = new DbusWatch(connection, options.table, options)
    this.closed = connection.closed
    this.#watch.filesChanged.on(() => this.#filesLater())
    void connection.closed.then(() => this.dispose())
  }

  async start(hello: Promise<AppError | null>): Promise<void> {
    const { link, scope, table } = this.#options
    const watching = this.#watch.start()
    const files = listUnitFiles(link, scope).catch(() => null)
    // Whichever fails first tells why; the other's failure is the same one.
    watching.catch(() => undefined)
    const refused = await hello
    if (refused) throw refused
    await watching
    const list = await files
    if (list) addUnitFiles(table, list)
  }

  get problem(): ErrorShape | null {
    return this.#options.table.problem
  }

  list(): readonly UnitState[] {
    return this.#options.table.list()
  }

  get(name: string): Promise<UnitState> {
    return readUnit(this.#watch.calls, this.#options.table, name)
  }

  timers(): Promise<readonly Timer[]> {
    return readTimers(this.#watch.calls, { hostId: this.#options.link.hostId, scope: this.scope })
  }

  /** Lists afresh; everything that differs is told as a change. */
  async refresh(): Promise<void> {
    await this.#watch.reconcile()
  }

  onChange(listener: (change: UnitChange) => void): Disposable {
    return this.#options.table.changes.on(change => {
      const asked = this.#watch.asked.wasAsked(change.unit)
      listener(asked === null ? change : { ...change, asked })
    })
  }

  onRemoved(listener: (name: string) => void): Disposable {
    return this.#options.table.removals.on(listener)
  }

  act(verb: UnitVerb, name: string, options: { signal?: AbortSignal } = {}): Promise<ActResult> {
    return this.#options.actions.act(this.#watch, verb, name, options.signal)
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#filesTimer?.dispose()
    this.#options.actions.dispose()
    await this.#watch.dispose()
    this.#options.table.dispose()
  }

  #filesLater(): void {
    const { link, scope, table, clock } = this.#options
    this.#filesTimer?.dispose()
    this.#filesTimer = clock.after(filesSettleMs, () => void readUnitFiles(link, scope, table).catch(() => undefined))
  }
}

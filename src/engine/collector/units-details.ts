// Fetches what the list of units does not say, a few properties at a time, running units first; knows nothing of signals.
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { UnitState } from '../ports.ts'
import {
  type Properties,
  type SystemdCalls,
  serviceInterface,
  serviceProperties,
  unitInterface,
  unitProperties,
} from './dbus-systemd.ts'
import { servicePatch, unitPatch } from './units-patch.ts'
import type { UnitTable } from './units-table.ts'

/** What is kept of every unit. UnitFileState costs the host a walk over its disk and is left until someone asks. */
const kept = [
  [unitInterface, 'StateChangeTimestamp'],
  [unitInterface, 'InvocationID'],
  [unitInterface, 'FragmentPath'],
  [serviceInterface, 'MainPID'],
  [serviceInterface, 'NRestarts'],
  [serviceInterface, 'Result'],
  [serviceInterface, 'ExecMainStatus'],
] as const

/** Units asked about at once: 7 × 7 calls leave room for what a person wants under the bus's limit of 64. */
const parallelUnits = 7
const parallelIdle = 1
/** Of so many units that do not run the rest is told when somebody looks at one. */
const maxIdle = 2_000
/** A list without all details is better than none. */
const patienceMs = 2_000

export class UnitDetails implements Disposable {
  readonly #calls: SystemdCalls
  readonly #table: UnitTable
  readonly #clock: Clock
  readonly #urgent = new Set<string>()
  readonly #idle = new Set<string>()
  readonly #rereads = new Set<string>()
  #running = 0
  #urgentRunning = 0
  #waiters: (() => void)[] = []
  #done = false

  constructor(calls: SystemdCalls, table: UnitTable, clock: Clock) {
    this.#clock = clock
    this.#calls = calls
    this.#table = table
  }

  /** Asks for a unit's details when there is room. */
  want(name: string): void {
    const state = this.#table.get(name)
    if (!state || state.loadState === 'not-found') return
    if (state.activeState !== 'inactive') this.#urgent.add(name)
    else if (this.#idle.size < maxIdle) this.#idle.add(name)
    this.#pump()
  }

  /** A property changed and its value was not told. */
  reread(name: string, interfaceName: string, property: string): void {
    const key = `${name} ${property}`
    if (!this.#table.has(name) || this.#rereads.has(key)) return
    this.#rereads.add(key)
    void this.#calls
      .get(name, interfaceName, property, value => this.#apply(name, interfaceName, new Map([[property, value]])))
      .then(() => this.#rereads.delete(key))
  }

  /** Reads whether a unit is enabled, which is told by no signal. */
  async refreshFileState(name: string): Promise<void> {
    await this.#calls.get(name, unitInterface, 'UnitFileState', value =>
      this.#apply(name, unitInterface, new Map([['UnitFileState', value]])),
    )
  }

  /** Resolves when no running unit waits for its details, or the host takes too long over them. */
  running(): Promise<void> {
    if (this.#urgent.size === 0 && this.#urgentRunning === 0) return Promise.resolve()
    return new Promise(resolve => {
      const patience = this.#clock.after(patienceMs, resolve)
      this.#waiters.push(() => {
        patience.dispose()
        resolve()
      })
    })
  }

  dispose(): void {
    this.#done = true
    this.#urgent.clear()
    this.#idle.clear()
    this.#settle()
  }

  #pump(): void {
    while (!this.#done) {
      const urgent = first(this.#urgent)
      if (urgent !== undefined && this.#running < parallelUnits) {
        this.#urgent.delete(urgent)
        this.#urgentRunning++
        void this.#fetch(urgent).then(() => this.#urgentDone())
        continue
      }
      const idle = first(this.#idle)
      if (urgent !== undefined || idle === undefined || this.#running >= parallelIdle) return
      this.#idle.delete(idle)
      void this.#fetch(idle)
    }
  }

  async #fetch(name: string): Promise<void> {
    this.#running++
    const all = kept.map(([interfaceName, property]) =>
      this.#calls.get(name, interfaceName, property, value =>
        this.#hold(name, interfaceName, new Map([[property, value]])),
      ),
    )
    await Promise.all(all)
    this.#running--
    this.#table.publish(name)
    this.#pump()
  }

  #urgentDone(): void {
    this.#urgentRunning--
    if (this.#urgent.size === 0 && this.#urgentRunning === 0) this.#settle()
  }

  #hold(name: string, interfaceName: string, properties: Properties): void {
    if (this.#table.has(name)) this.#table.hold(name, patchOf(interfaceName, properties))
  }

  #apply(name: string, interfaceName: string, properties: Properties): void {
    if (this.#table.has(name)) this.#table.apply(name, patchOf(interfaceName, properties))
  }

  #settle(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}

/** All details of one unit, fresh. Rejects with NOT_FOUND or with what became of the bus. */
export async function readUnit(calls: SystemdCalls, table: UnitTable, name: string): Promise<UnitState> {
  const results = await Promise.all([
    calls.getAll(name, unitInterface, unitProperties, properties => {
      const patch = unitPatch(properties)
      if (patch.loadState !== 'not-found' || table.has(name)) table.hold(name, patch)
    }),
    calls.getAll(name, serviceInterface, serviceProperties, properties => {
      if (table.has(name)) table.hold(name, servicePatch(properties))
    }),
  ])
  table.publish(name)
  for (const result of results) {
    if (result.kind === 'closed') throw AppError.fromShape(result.error)
    if (result.kind === 'timeout') throw new AppError('TIMEOUT', `systemd did not describe ${name} in time`)
    if (result.kind === 'error')
      throw new AppError('COMMAND_FAILED', `systemd did not describe ${name}: ${result.message}`)
  }
  const state = table.get(name)
  if (!state || (state.loadState === 'not-found' && state.activeState === 'inactive'))
    throw new AppError('NOT_FOUND', `There is no ${name} on this host`)
  return state
}

function patchOf(interfaceName: string, properties: Properties) {
  return interfaceName === unitInterface ? unitPatch(properties) : servicePatch(properties)
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const value of set) return value
  return undefined
}

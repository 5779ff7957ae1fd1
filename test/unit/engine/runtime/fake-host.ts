// A host made of memory for tests of the runtime: a link whose state a test sets, and collectors that a test scripts.
import { type Disposable, disposable, Emitter } from '../../../../src/engine/lib/disposable.ts'
import type {
  Collector,
  JournalReader,
  Link,
  MetricSampler,
  UnitChange,
  UnitManager,
  UnitState,
} from '../../../../src/engine/ports.ts'
import { AppError, type ErrorShape } from '../../../../src/shared/errors.ts'
import type { ConnectionState, ConnectionStatus, HostFacts } from '../../../../src/shared/model/host.ts'
import type { UnitScope, UnitTransition } from '../../../../src/shared/model/unit.ts'

export const facts: HostFacts = {
  os: 'Debian',
  kernel: '6',
  hostname: 'web-1',
  machineId: null,
  bootId: null,
  uid: 0,
  cpus: 1,
  systemdVersion: 252,
  unitSource: 'dbus-socket',
  journal: { readable: true, missingGroups: [] },
  rights: 'root',
}

export function unitState(name: string, change: Partial<UnitState> = {}): UnitState {
  return {
    hostId: 'web-1',
    scope: 'system',
    name,
    description: name,
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: null,
    mainPid: 100,
    result: 'success',
    restarts: 0,
    since: null,
    invocationId: 'a'.repeat(32),
    exitStatus: 0,
    fragmentPath: null,
    memoryBytes: null,
    cpuPercent: null,
    ...change,
  }
}

export class FakeLink implements Link {
  readonly hostId = 'web-1'
  status: ConnectionStatus = {
    state: 'idle',
    since: 0,
    generation: 0,
    error: null,
    nextAttemptAt: null,
    offeredKey: null,
  }
  /** Resolves `dispose`; a test may hold it back. */
  left: Promise<void> = Promise.resolve()
  readonly #statuses = new Emitter<ConnectionStatus>()

  to(state: ConnectionState): void {
    const generation = this.status.generation + (state === 'ready' ? 1 : 0)
    this.status = { ...this.status, state, generation }
    this.#statuses.emit(this.status)
  }
  onStatus(listener: (status: ConnectionStatus) => void): Disposable {
    return this.#statuses.on(listener)
  }
  start(): void {}
  stop(): void {}
  probe(): void {}
  exec(): never {
    throw new AppError('NOT_CONNECTED', 'a fake runs nothing')
  }
  spawn = this.exec
  openUnixSocket = this.exec
  openTcp = this.exec
  async dispose(): Promise<void> {
    await this.left
    this.#statuses.dispose()
  }
}

export class FakeManager implements UnitManager {
  readonly source = 'dbus-socket'
  readonly generation = 1
  readonly changes = new Emitter<UnitChange>()
  readonly closed: Promise<ErrorShape | null>
  readonly scope: UnitScope
  readonly units: UnitState[]
  /** What was sent to the host. */
  readonly acts: string[] = []
  /** Told instead of the unit where set. */
  get: UnitManager['get'] = async name => {
    const unit = this.units.find(one => one.name === name)
    if (!unit) throw new AppError('NOT_FOUND', 'no such unit')
    return unit
  }
  act: UnitManager['act'] = async (verb, name) => {
    this.acts.push(`${verb} ${name}`)
    return { kind: 'done', job: 'done' }
  }
  disposed = false
  close: (error: ErrorShape | null) => void = () => {}

  constructor(units: UnitState[], scope: UnitScope = 'system') {
    this.units = units
    this.scope = scope
    this.closed = new Promise(resolve => {
      this.close = resolve
    })
  }
  list(): readonly UnitState[] {
    return this.units
  }
  async timers() {
    return []
  }
  onChange(listener: (change: UnitChange) => void): Disposable {
    return this.changes.on(listener)
  }
  onRemoved(): Disposable {
    return disposable(() => {})
  }
  async dispose(): Promise<void> {
    this.disposed = true
    this.close(null)
  }
}

/** A journal that knows only the transitions it is given; `asked` tells for which times. */
export function fakeJournal(transitions: readonly UnitTransition[] = []) {
  const asked: { scope: UnitScope; from: number; to: number }[] = []
  const journal: JournalReader = {
    page: async () => ({ entries: [], more: false }),
    read: async function* () {},
    boots: async () => [],
    command: () => 'journalctl',
    transitions: async (scope, from, to) => {
      asked.push({ scope, from, to })
      return transitions.filter(one => one.scope === scope)
    },
  }
  return { journal, asked }
}

/** A collector of scripted managers: each `units` call of a scope takes what `open` gives. */
export function fakeCollector(open: (scope: UnitScope) => Promise<UnitManager>, journal: JournalReader): Collector {
  return {
    facts: async () => facts,
    units: (_link, _host, scope) => open(scope),
    journal: () => journal,
    metrics: async (): Promise<MetricSampler> => {
      let end: () => void = () => {}
      return {
        generation: 1,
        watchUnits: () => {},
        sample: () => new Promise(() => {}),
        closed: new Promise(resolve => {
          end = () => resolve(null)
        }),
        dispose: async () => end(),
      }
    },
  }
}

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

// One unit on a host made of memory, with the real runner, session and store around it; it can be killed and started again at any moment.

import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { Emitter } from '../../../../src/engine/lib/disposable.ts'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { ActResult, MetricSampler, UnitState } from '../../../../src/engine/ports.ts'
import { Actions } from '../../../../src/engine/runtime/actions.ts'
import type { FiringAlert } from '../../../../src/engine/runtime/alerting.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import type { Fleet } from '../../../../src/engine/runtime/fleet.ts'
import { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { RecoveryRunner, type RecoveryRunnerOptions } from '../../../../src/engine/runtime/recovery-runner.ts'
import { openStore, type Store } from '../../../../src/engine/store/store.ts'
import type { ProbeCause } from '../../../../src/shared/model/check.ts'
import type { Host } from '../../../../src/shared/model/host.ts'
import type { Incident, TimelineItem } from '../../../../src/shared/model/incident.ts'
import { RecoveryPolicy } from '../../../../src/shared/model/recovery.ts'
import type { UnitRef } from '../../../../src/shared/model/unit.ts'
import { draft } from '../store/lib.ts'
import { FakeLink, FakeManager, fakeCollector, fakeJournal, settle, unitState } from './fake-host.ts'

export const ref: UnitRef = { hostId: 'web-1', scope: 'system', name: 'bot.service' }
export const policyOf = (change: Partial<RecoveryPolicy> = {}): RecoveryPolicy =>
  RecoveryPolicy.parse({ ...ref, enabled: true, ...change })

/** What outlives the engine: the host, and what was told. */
export class RigWorld {
  readonly units = new Map<string, UnitState>()
  /** Restarts that the host was told to do. */
  readonly restarts: { unit: string; at: number }[] = []
  readonly escalated: string[] = []
  readonly events: TimelineItem[] = []
  /** Real ms since the beginning, whatever clocks say. */
  real = 0
  #runs = 0
  /** Becomes of a unit that is restarted. */
  onRestart: (unit: UnitState) => UnitState = unit => this.running(unit)

  put(unit: UnitState): void {
    this.units.set(unit.name, unit)
  }

  running(unit: UnitState): UnitState {
    const run = ++this.#runs
    return {
      ...unit,
      ...{ activeState: 'active', subState: 'running', result: 'success', mainPid: 1_000 + run, restarts: 0 },
      invocationId: run.toString(16).padStart(32, '0'),
    }
  }

  failed(unit: UnitState): UnitState {
    return { ...this.running(unit), activeState: 'failed', subState: 'failed', result: 'exit-code', mainPid: null }
  }
}

export class Rig {
  readonly store: Store
  readonly clock: ManualClock
  readonly link = new FakeLink()
  /** Of the present connection. */
  manager!: FakeManager
  /** What was sent to the host. */
  readonly acts: string[] = []
  readonly lines: string[] = []
  readonly changed = new Emitter<{ incident: Incident; what: 'opened' }>()
  readonly #world: RigWorld
  readonly #firing = new Map<string, FiringAlert>()
  session!: HostSession
  runner!: RecoveryRunner
  actions!: Actions
  automation = true
  /** In place of what the host does at once. */
  act: ((unit: string) => Promise<ActResult>) | null = null

  private constructor(world: RigWorld, directory: string, wall: number) {
    this.#world = world
    this.clock = new ManualClock(wall)
    const log = createLogger({ sink: line => this.lines.push(line), now: () => this.clock.now(), level: 'debug' })
    this.store = openStore({ directory, clock: this.clock, log })
    this.link.exec = (async () => ({
      ...{ exit: 0, signal: null, lost: false, timedOut: false, truncated: false, generation: 1 },
      stdout: Buffer.from('Restart=no\nRestartUSec=1s\nStartLimitBurst=5\n'),
      stderr: Buffer.alloc(0),
    })) as unknown as typeof this.link.exec
  }

  #open(): FakeManager {
    const world = this.#world
    const manager = new FakeManager([...world.units.values()])
    this.manager = manager
    manager.get = async name => {
      const unit = world.units.get(name)
      if (!unit) throw new Error(`no ${name}`)
      this.show(unit)
      return unit
    }
    manager.act = async (verb, name) => {
      this.acts.push(`${verb} ${name}`)
      return this.act ? this.act(name) : this.restart(name)
    }
    return manager
  }

  static async start(world: RigWorld, directory: string, wall: number, random: () => number = () => 0.5): Promise<Rig> {
    const rig = new Rig(world, directory, wall)
    await rig.#start(random)
    return rig
  }

  async #start(random: () => number): Promise<void> {
    const { store, clock, link } = this
    const log = createLogger({ sink: line => this.lines.push(line), now: () => clock.now(), level: 'debug' })
    if (!store.hosts.get('web-1'))
      store.hosts.insert({ ...draft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 1 })
    const collector = fakeCollector(async () => this.#open(), fakeJournal().journal)
    collector.metrics = async (): Promise<MetricSampler> => ({
      generation: 1,
      watchUnits: () => {},
      sample: async () => ({
        ...{ hostId: 'web-1', at: clock.now(), cpuPercent: 1, cores: [1], load: [0, 0, 0], disks: [], net: [] },
        ...{ memory: { totalBytes: 2, availableBytes: 1 }, swap: { totalBytes: 0, freeBytes: 0 }, units: [] },
        ...{ diskReadBytesPerSecond: 0, diskWriteBytesPerSecond: 0, uptimeSeconds: 9_000 },
      }),
      closed: new Promise(() => {}),
      dispose: async () => {},
    })
    this.session = new HostSession({
      host: store.hosts.get('web-1') as Host,
      link,
      collector,
      store,
      clock,
      log,
      publish: () => {},
      settings: () => store.settings.get(),
    })
    const steady = createSteadyTime(clock)
    const audit = new AuditLog(store, clock, () => {})
    const fleet = { session: () => this.session } as unknown as Fleet
    this.actions = new Actions({ fleet, store, audit, clock, log, publish: () => {} })
    this.runner = new RecoveryRunner({
      store,
      session: () => this.session,
      alerting: this.#alerting(),
      silences: { mutes: () => null },
      actions: this.actions,
      settings: () => ({ ...store.settings.get(), automation: this.automation }),
      prober: { checksOf: () => [], probeNow: () => {}, try: () => new Promise(() => {}), board: { last: () => null } },
      vault: { get: () => null },
      audit,
      clock,
      steady,
      log,
      publish: () => {},
      random,
    })
    this.runner.start()
    this.runner.attach(this.session)
    link.to('ready')
    await settle()
    await this.advance(100)
  }

  /** The host restarts it now. */
  restart(name: string): ActResult {
    const world = this.#world
    const unit = world.units.get(name)
    if (!unit) return { kind: 'done', job: 'failed' }
    world.restarts.push({ unit: name, at: world.real })
    world.put(world.onRestart(unit))
    return { kind: 'done', job: 'done' }
  }

  /** Makes the session see a unit as it is. */
  show(unit: UnitState): void {
    const at = this.manager.units.findIndex(each => each.name === unit.name)
    const before = this.manager.units[at] ?? null
    if (at < 0) this.manager.units.push(unit)
    else this.manager.units[at] = unit
    if (before !== unit) this.manager.changes.emit({ unit, before, seenAt: this.clock.now() })
  }

  /** An alert of the unit fires, or (with null) is over. */
  fire(incidentId: string, cause: ProbeCause | null, unit = ref.name): void {
    if (cause === null) this.#firing.delete(incidentId)
    else this.#firing.set(incidentId, { incident: incidentOf(incidentId, unit), cause, status: 'unhealthy' })
    this.changed.emit({ incident: incidentOf(incidentId, unit), what: 'opened' })
  }

  async advance(ms: number, step = 500): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      const slice = Math.min(step, left)
      this.clock.advance(slice)
      this.#world.real += slice
      await settle()
    }
  }

  /** As `kill -9` leaves it: nothing more is written, and what was written is there. */
  kill(): void {
    this.runner.dispose()
    this.actions.dispose()
    void this.session.dispose()
    this.store.close()
  }

  #alerting(): RecoveryRunnerOptions['alerting'] {
    const world = this.#world
    const { changed } = this
    const fake: Pick<
      RecoveryRunnerOptions['alerting'],
      'firingFor' | 'hostInTrouble' | 'addEvent' | 'tellEscalated' | 'phase' | 'transaction'
    > = {
      firingFor: (_host, unit) => [...this.#firing.values()].filter(each => each.incident.unit?.name === unit.name),
      hostInTrouble: () => false,
      phase: () => ({ phase: 'firing', mutedBy: null, incidentId: null, severity: null, cause: null, lastProbe: null }),
      addEvent: (_id, item) => void world.events.push(item),
      transaction: work => this.store.transaction(work),
      tellEscalated: id => void world.escalated.push(id),
    }
    return { ...fake, changed, moved: new Emitter() } as unknown as RecoveryRunnerOptions['alerting']
  }
}

export function incidentOf(id: string, unit = ref.name): Incident {
  return {
    ...{ id, hostId: 'web-1', hostName: 'web-1', checkId: 'c', checkName: 'c', checkType: 'unit-failures' },
    ...{ unit: { scope: 'system', name: unit }, severity: 'critical', state: 'open', title: unit },
    ...{ firstMessage: '', lastMessage: '', cause: 'unit', openedAt: 1, startedAt: 1, acknowledgedAt: null },
    ...{ acknowledgedBy: null, resolvedAt: null, mutedBy: null, tags: [] },
  }
}

export const unit = (name = ref.name): UnitState => unitState(name)

// A login whose file really lies in a folder of this computer, with units made of memory and a site that a test speaks for; it can be killed and started again.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, systemClock } from '../../../../src/engine/lib/clock.ts'
import { Emitter } from '../../../../src/engine/lib/disposable.ts'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import type { ActResult, ExecOptions, ExecResult, UnitState } from '../../../../src/engine/ports.ts'
import type { IncidentChange } from '../../../../src/engine/runtime/alerting.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import { Deactivation } from '../../../../src/engine/runtime/deactivation.ts'
import { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { Logins } from '../../../../src/engine/runtime/logins.ts'
import { Renewals } from '../../../../src/engine/runtime/renewal.ts'
import { openStore, type Store } from '../../../../src/engine/store/store.ts'
import type { AuditEntry } from '../../../../src/shared/model/audit.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import type { Check, MutedBy } from '../../../../src/shared/model/check.ts'
import type { Host } from '../../../../src/shared/model/host.ts'
import type { Incident, TimelineItem } from '../../../../src/shared/model/incident.ts'
import { type Login, LoginDraft, type LoginVerdict, type RenewalRun } from '../../../../src/shared/model/login.ts'
import type { UnitVerb } from '../../../../src/shared/model/unit.ts'
import { FakeLoginWindows } from '../../../fakes/login-windows.ts'
import { draft, start } from '../store/lib.ts'
import { FakeLink, FakeManager, fakeCollector, fakeJournal, settle, unitState } from './fake-host.ts'

export const bot = { scope: 'system' as const, name: 'bot.service' }
export const oldToken = 'canary-old-4b1f9e77'
export const newToken = 'canary-new-9c02d5aa'
export const fileOf = (token: string): string => `auth_token=${token}; ct0=csrf-${token}\n`

/** What outlives the engine: the host with its file and its units, the site, and what was told. */
export class LoginWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'quarterdeck-login-'))
  readonly folder = mkdtempSync(join(tmpdir(), 'quarterdeck-bot-'))
  readonly path = join(this.folder, 'header.txt')
  readonly units = new Map<string, UnitState>()
  readonly acts: string[] = []
  readonly events: TimelineItem[] = []
  readonly lines: string[] = []
  readonly published: unknown[] = []
  readonly vault = new Map<string, string>()
  readonly clock = new ManualClock(start)
  /** What the site says to the file's text; null is no word. */
  site: (text: string) => LoginVerdict | null = () => 'valid'
  /** Becomes of a unit that an act is sent to, beside what the act does itself. */
  onAct: (verb: UnitVerb, name: string) => ActResult | null = () => null
  /** Called before a command of the host runs, with its words. */
  onExec: (argv: readonly string[], options?: ExecOptions) => void | Promise<void> = () => {}
  /** Instead of how the command ended. */
  afterExec: (argv: readonly string[], result: ExecResult) => ExecResult = (_, result) => result
  #runs = 0

  constructor() {
    writeFileSync(this.path, fileOf(oldToken), { mode: 0o600 })
    this.units.set(bot.name, this.running(unitState(bot.name, { unitFileState: 'enabled' })))
  }

  get text(): string {
    return readFileSync(this.path, 'utf8')
  }

  get files(): string[] {
    return readdirSync(this.folder)
  }

  running(unit: UnitState): UnitState {
    const run = ++this.#runs
    const invocationId = run.toString(16).padStart(32, '0')
    return {
      ...unit,
      activeState: 'active',
      subState: 'running',
      result: 'success',
      mainPid: 1_000 + run,
      invocationId,
    }
  }

  act(verb: UnitVerb, unit: UnitState): UnitState {
    if (verb === 'start' || verb === 'restart') return this.running(unit)
    if (verb === 'stop') return { ...unit, activeState: 'inactive', subState: 'dead', mainPid: null }
    if (verb === 'enable' || verb === 'disable') return { ...unit, unitFileState: `${verb}d` }
    return unit
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true })
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class LoginRig {
  readonly world: LoginWorld
  readonly store: Store
  readonly clock: ManualClock
  readonly link = new FakeLink()
  readonly windows = new FakeLoginWindows()
  readonly looked = new Emitter<{ check: Check; look: unknown }>()
  readonly changed = new Emitter<IncidentChange>()
  readonly probed: string[] = []
  session!: HostSession
  logins!: Logins
  renewals!: Renewals
  deactivation!: Deactivation
  manager!: FakeManager
  automation = true
  firing = false
  mutedBy: MutedBy | null = null
  killed = false
  #busy = 0

  private constructor(world: LoginWorld) {
    this.world = world
    this.clock = world.clock
    this.store = openStore({ directory: world.directory, clock: world.clock, log: this.#log() })
  }

  static async start(world: LoginWorld): Promise<LoginRig> {
    const rig = new LoginRig(world)
    await rig.#start()
    return rig
  }

  async #start(): Promise<void> {
    const { store, clock, link, world } = this
    if (!store.hosts.get('web-1'))
      store.hosts.insert({ ...draft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 1 })
    const local = createLocalLink({ clock: systemClock })
    link.exec = (async (argv: readonly string[], options?: ExecOptions) => {
      this.#busy++
      try {
        await world.onExec(argv, options)
        // a dead engine hears nothing more
        if (this.killed) return await new Promise(() => {})
        const result = world.afterExec(argv, await local.exec(argv, options))
        return this.killed ? await new Promise(() => {}) : result
      } finally {
        this.#busy--
      }
    }) as unknown as typeof link.exec
    const parts = {
      store,
      clock,
      log: this.#log(),
      publish: (name: string, payload: unknown) => this.#publish(name, payload),
    }
    this.session = new HostSession({
      ...{ host: store.hosts.get('web-1') as Host, link, settings: () => store.settings.get() },
      ...{ ...parts, collector: fakeCollector(async () => this.#open(), fakeJournal().journal) },
    })
    const prober = { looked: this.looked, probeNow: (id: string) => this.#probe(id) }
    const vault = {
      get: (id: string) => world.vault.get(id) ?? null,
      put: (id: string, text: string) => void world.vault.set(id, text),
      forget: (id: string) => void world.vault.delete(id),
    }
    const checks = {
      putOwned: (id: string | null) => ({ id: id ?? `c${store.logins.list().length + 1}` }) as Check,
      removeOwned: () => {},
    }
    const audit = new AuditLog(store, clock, parts.publish)
    const session = () => this.session
    this.logins = new Logins({ ...parts, vault, checks, prober, native: this.windows, session })
    this.renewals = new Renewals({
      ...{ ...parts, vault, logins: this.logins, prober, session, audit },
      reactivate: id => this.deactivation.lift(id),
    })
    this.deactivation = new Deactivation({
      ...{ ...parts, logins: this.logins, session, audit },
      settings: () => ({ ...store.settings.get(), automation: this.automation }),
      renewing: id => this.renewals.isRunning(id),
      alerting: {
        changed: this.changed,
        phase: () => ({
          phase: this.firing ? 'firing' : 'ok',
          ...{
            mutedBy: this.mutedBy,
            incidentId: this.firing ? 'i1' : null,
            severity: null,
            cause: null,
            lastProbe: null,
          },
        }),
        addEvent: (_id, item) => void world.events.push(item),
      },
    })
    this.renewals.resume()
    link.to('ready')
    await this.pump(200)
  }

  login(change: Partial<LoginDraft> = {}): Login {
    const probe = { url: 'http://127.0.0.1:8090/account' }
    return this.logins.add(
      LoginDraft.parse({
        ...{ name: 'Site', hostId: 'web-1', path: this.world.path, required: ['auth_token', 'ct0'], probe },
        ...{ consumers: [bot], ...change },
      }),
    )
  }

  /** Pastes new cookies and begins to renew with them. */
  async renew(login: Login, token = newToken): Promise<RenewalRun> {
    const candidate = await this.logins.candidates.paste(login.id, fileOf(token))
    return this.renewals.renew(candidate.id, { despiteProblems: false, actor: 'person' })
  }

  /** Lets time go on, with commands running as they do, until the newest renewal has ended. */
  async ended(login: Login): Promise<RenewalRun> {
    for (let turn = 0; turn < 2_000; turn++) {
      const [run] = this.renewals.list(login.id, 1)
      if (run && run.finishedAt !== null) return run
      await this.pump(250)
    }
    throw new Error(`it did not end: ${JSON.stringify(this.renewals.list(login.id, 1))}`)
  }

  async pump(ms: number): Promise<void> {
    this.clock.advance(ms)
    await settle()
    do {
      await new Promise(resolve => setImmediate(resolve))
    } while (this.#busy > 0 && !this.killed)
    await settle()
  }

  /** The site is asked, on its interval or because somebody hurried it. */
  async look(login: Login): Promise<void> {
    this.#probe(login.checkId)
    await this.pump(0)
    await this.pump(0)
  }

  /** A person or systemd did something to the unit. */
  put(change: Partial<UnitState>): void {
    const unit = this.world.units.get(bot.name)
    if (unit) this.#show({ ...unit, ...change })
  }

  open(cause: Incident['cause'] = 'login'): void {
    this.firing = true
    const incident: Incident = {
      ...{ id: 'i1', hostId: 'web-1', hostName: 'web-1', checkId: 'c1', checkName: 'Site', checkType: 'login', cause },
      ...{ unit: bot, severity: 'critical', state: 'open', title: 'Site', firstMessage: '', lastMessage: '', tags: [] },
      ...{ openedAt: 1, startedAt: 1, acknowledgedAt: null, acknowledgedBy: null, resolvedAt: null, mutedBy: null },
    }
    if (!this.store.incidents.get('i1')) this.store.incidents.insert(incident)
    this.changed.emit({ incident, what: 'opened' })
  }

  audited(verb: string): AuditEntry[] {
    return this.store.audit.list(AuditQuery.parse({})).filter(entry => entry.verb === verb)
  }

  steps(run: RenewalRun): string[] {
    return run.steps.map(({ step, outcome }) => `${step} ${outcome}`)
  }

  /** As `kill -9` leaves it. */
  kill(): void {
    if (this.killed) return
    this.killed = true
    this.renewals.dispose()
    this.deactivation.dispose()
    this.logins.dispose()
    void this.session.dispose()
    this.store.close()
  }

  #open(): FakeManager {
    const { world } = this
    const manager = new FakeManager([...world.units.values()])
    this.manager = manager
    manager.get = async name => {
      const unit = world.units.get(name)
      if (!unit) throw new Error(`no ${name}`)
      return unit
    }
    manager.act = async (verb, name) => {
      world.acts.push(`${verb} ${name}`)
      const unit = world.units.get(name)
      const instead = world.onAct(verb, name)
      if (instead) return instead
      if (unit) this.#show(world.act(verb, unit))
      return { kind: 'done', job: 'done' }
    }
    return manager
  }

  #show(unit: UnitState): void {
    const before = this.world.units.get(unit.name) ?? null
    this.world.units.set(unit.name, unit)
    this.manager.units.splice(0, this.manager.units.length, ...this.world.units.values())
    this.manager.changes.emit({ unit, before, seenAt: this.clock.now() })
  }

  #probe(checkId: string): void {
    this.probed.push(checkId)
    const { text } = this.world
    const verdict = this.world.site(text)
    const sha256 = createHash('sha256').update(text).digest('hex')
    void Promise.resolve().then(() => {
      if (this.killed || verdict === null) return
      const proof = { at: this.clock.now(), verdict, from: 'host', message: `the site says ${verdict}` }
      const file = { sha256, format: 'header', bytes: text.length, mode: '0600', owner: 'root', group: 'root' }
      const look = { file: { ...file, modifiedAt: 1, cookies: [], problems: [] }, state: 'read', proofs: [proof] }
      this.looked.emit({ check: { id: checkId } as Check, look })
    })
  }

  #publish(name: string, payload: unknown): void {
    this.world.published.push({ name, payload })
  }

  #log() {
    return createLogger({ sink: line => this.world.lines.push(line), now: () => this.clock.now(), level: 'debug' })
  }
}

// Backups with a source made of memory and targets that are real folders; the engine's part can be killed at any verb of the source and started again.
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { type Artefact, type BackupSourceType, backupSourceTypeOf } from '../../../../src/engine/backups/index.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { Emitter } from '../../../../src/engine/lib/disposable.ts'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { ExecResult, Link, SqliteFiles } from '../../../../src/engine/ports.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import { Backups } from '../../../../src/engine/runtime/backups.ts'
import { CircuitBreakers } from '../../../../src/engine/runtime/circuit-breaker.ts'
import type { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import type { Vault } from '../../../../src/engine/runtime/vault.ts'
import { openStore, type Store } from '../../../../src/engine/store/store.ts'
import { type TargetType, targetTypeOf } from '../../../../src/engine/targets/index.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { type Backup, BackupDraft, type BackupRun } from '../../../../src/shared/model/backup.ts'
import type { Check } from '../../../../src/shared/model/check.ts'
import type { ConnectionStatus } from '../../../../src/shared/model/host.ts'
import { RestoreDraft, type RestoreRun } from '../../../../src/shared/model/restore.ts'
import type { ActionRun, UnitVerb } from '../../../../src/shared/model/unit.ts'
import { draft as hostDraft, start } from '../store/lib.ts'

export const unit = { scope: 'system' as const, name: 'bot.service' }
/** Each step is on the disk before it begins, which takes no time where the disk is memory. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
type Verb = keyof Pick<
  BackupSourceType,
  | 'dump'
  | 'verify'
  | 'stage'
  | 'check'
  | 'swap'
  | 'swapBack'
  | 'discard'
  | 'drill'
  | 'stagedState'
  | 'look'
  | 'restoreTo'
  | 'settleTo'
>

/** What outlives the engine: the host with what lies on it, its unit, the vault and the disks. */
export class BackupWorld {
  readonly directory = mkdtempSync(join(memory, 'quarterdeck-backups-'))
  readonly elsewhere = mkdtempSync(join(memory, 'quarterdeck-target-'))
  readonly clock = new ManualClock(start)
  readonly vault = new Map<string, string>()
  /** By path: what is in place, what was staged, what a swap kept. */
  readonly files = new Map<string, string>([['/srv/app.db', 'one']])
  readonly acts: string[] = []
  /** What a person has under way on the service. */
  under: () => UnitVerb | null = () => null
  /** Its source is one that a server restores. */
  byServer = false
  /** It is on its way down. */
  stopping = false
  readonly lines: string[] = []
  hostKey = 'SHA256:one'
  identity = 'inode 7'
  up = true
  online = true
  /** The host is there, and its services cannot be asked. */
  blind = false
  mains: boolean | null = true
  networks: string[] = []
  locked = false
  /** Called before and after each verb; what it throws, the verb throws. `kill` in it ends the engine there. */
  onVerb: (verb: Verb, when: 'before' | 'after', part: string) => void = () => {}
  onAct: (verb: string) => 'verified' | 'failed' = () => 'verified'
  onExec: (argv: readonly string[]) => number | Partial<ExecResult> = () => 0
  /** Why a dump breaks off in its middle. */
  breaks: (otherWay: boolean) => AppError | null = () => null
  bad: string | null = null

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true })
    rmSync(this.elsewhere, { recursive: true, force: true })
  }
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
const textOf = async (artefact: Artefact): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of await artefact.open()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
export const never = (): Promise<never> => new Promise(() => {})

export class BackupRig {
  readonly world: BackupWorld
  readonly store: Store
  readonly backups: Backups
  readonly vaultChanged = new Emitter<{ state: string }>()
  readonly statuses = new Emitter<ConnectionStatus>()
  readonly told: { check: string; status: string; message: string }[] = []
  readonly published: { name: string; payload: unknown }[] = []
  killed = false

  constructor(world: BackupWorld) {
    this.world = world
    const { clock } = world
    const log = createLogger({ sink: line => world.lines.push(line), now: () => clock.now(), level: 'debug' })
    this.store = openStore({ directory: world.directory, clock, log })
    const { store } = this
    if (!store.hosts.get('web-1'))
      store.hosts.insert({ ...hostDraft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 1 })
    const publish = (name: string, payload: unknown) => void this.published.push({ name, payload })
    const steady = createSteadyTime(clock)
    this.backups = new Backups({
      ...{ store, clock, log, publish, version: 'test', onMains: async () => world.mains },
      networks: async () => world.networks,
      vault: {
        get: (id: string) => {
          if (world.locked) throw new AppError('VAULT_LOCKED', 'The vault is locked')
          return store.secrets.has(id) ? (world.vault.get(id) ?? null) : null
        },
        has: (id: string) => store.secrets.has(id),
        put: (id: string, text: string) => {
          world.vault.set(id, text)
          // which there are is told by the store, as ever
          store.secrets.put(id, Buffer.from('sealed'))
        },
        forget: (id: string) => store.secrets.remove(id),
        onChange: (listener: (status: { state: string }) => void) => this.vaultChanged.on(listener),
      } as unknown as Vault,
      checks: { putOwned: () => ({ id: 'check-1' }) as Check, removeOwned: () => {} },
      prober: {
        check: id => ({ id, enabled: true, intervalSeconds: 300 }) as Check,
        record: (check, _unit, { status, message }) => {
          this.told.push({ check: check.id, status, message })
          return null
        },
      },
      breakers: new CircuitBreakers({ store, clock, steady, log }),
      actions: this.#actions(),
      audit: new AuditLog(store, clock, publish),
      session: () => this.#session(),
      sqlite: {} as SqliteFiles,
      sourceOf: type =>
        type === 'memory' ? (this.#source() as unknown as BackupSourceType) : backupSourceTypeOf(type),
      targetOf: type => this.targetOf(type),
    })
  }

  /** A kind of target that a test makes, or the real ones. */
  targetOf: (type: string) => TargetType | undefined = targetTypeOf

  static async start(world: BackupWorld): Promise<BackupRig> {
    const rig = new BackupRig(world)
    await rig.backups.start()
    rig.backups.attach(rig.#session())
    return rig
  }

  add(change: Partial<BackupDraft> = {}): Backup {
    const sources = [{ key: 'app', type: 'memory', spec: { path: '/srv/app.db' } }]
    const base = { name: 'App', hostId: 'web-1', sources, targets: ['this-computer'], retention: { last: 3 } }
    return this.backups.add(BackupDraft.parse({ ...base, ...change }), {})
  }

  /** Runs it to its end. */
  async run(id: string): Promise<BackupRun> {
    const { id: runId } = this.backups.runner.start({ backupId: id, reason: 'person', actor: 'person' })
    return await this.until(() =>
      this.backups.runner.list(id, 20).find(run => run.id === runId && run.finishedAt !== null),
    )
  }

  async restore(snapshotId: string, change: Partial<RestoreDraft> = {}): Promise<RestoreRun> {
    const draft = RestoreDraft.parse({ snapshotId, to: { kind: 'in-place' }, ...change })
    const { id } = await this.backups.restores.start(draft, 'web-1/App', 'person', new AbortController().signal)
    return await this.until(() =>
      this.backups.restores.list(null).find(run => run.id === id && run.finishedAt !== null),
    )
  }

  /** Lets time go on and work be done until there is an answer. */
  async until<T>(ask: () => T | null | undefined | false, turns = 4_000): Promise<T> {
    for (let turn = 0; turn < turns; turn++) {
      const answer = ask()
      if (answer) return answer
      this.world.clock.advance(20)
      await new Promise(resolve => setImmediate(resolve))
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    throw new Error(`it did not happen: ${this.world.lines.slice(-10).join('\n')}`)
  }

  online(online: boolean): void {
    this.world.online = online
    this.statuses.emit(this.#status())
  }

  /** Files below the app's own folder for backups. */
  files(): string[] {
    const root = join(this.world.directory, 'backups')
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort()
  }

  /** As `kill -9` leaves it. */
  kill(): void {
    if (this.killed) return
    this.killed = true
    this.backups.dispose()
    this.store.close()
  }

  #status(): ConnectionStatus {
    const state = this.world.online ? ('ready' as const) : ('backoff' as const)
    return { state, since: 1, generation: 1, error: null, nextAttemptAt: null, offeredKey: null }
  }

  #session(): HostSession {
    const { world } = this
    const exec = async (argv: readonly string[]): Promise<Partial<ExecResult>> => {
      if (!world.online) throw new AppError('NOT_CONNECTED', 'The host is away')
      world.acts.push(argv.join(' '))
      const said = world.onExec(argv)
      const result = typeof said === 'number' ? { exit: said } : said
      const how = { exit: null, signal: null, lost: false, timedOut: false }
      return { ...how, stdout: Buffer.of(), stderr: Buffer.from('no'), ...result }
    }
    const held = {
      ...{ hostId: 'web-1', hostKey: world.hostKey, exec },
      onStatus: (listener: (status: ConnectionStatus) => void) => this.statuses.on(listener),
    }
    const link = Object.defineProperty(held, 'status', { get: () => this.#status() }) as unknown as Link
    const manager = {
      get: async () => ({
        activeState: world.stopping ? 'deactivating' : world.up ? 'active' : 'inactive',
        subState: 'running',
      }),
    }
    return {
      ...{ host: this.store.hosts.get('web-1'), link, facts: { machineId: 'm1', rights: 'root' } },
      units: { manager: () => (world.blind ? null : manager) },
    } as unknown as HostSession
  }

  #actions() {
    const { world } = this
    const run = (verb: string, outcome: ActionRun['outcome']): ActionRun =>
      ({
        id: verb,
        outcome,
        evidence: [{ ok: outcome === 'verified', text: `${verb} ${outcome}` }],
      }) as unknown as ActionRun
    return {
      run: async (_ref: unknown, verb: string) => {
        world.acts.push(verb)
        const outcome = world.onAct(verb)
        if (outcome === 'verified' || verb === 'start') world.up = verb === 'start' && outcome === 'verified'
        return run(verb, outcome)
      },
      get: () => run('', 'verified'),
      under: () => world.under(),
    }
  }

  /** Keeps one text; the staged one and the old one lie beside it. */
  #source() {
    const { world } = this
    const verb = async <T>(name: Verb, part: string, act: () => T | Promise<T>): Promise<T> => {
      if (this.killed) return await never()
      if (!world.online) throw new AppError('LINK_LOST', 'The link is gone')
      world.onVerb(name, 'before', part)
      if (this.killed) return await never()
      const result = await act()
      world.onVerb(name, 'after', part)
      return this.killed ? await never() : result
    }
    const spec = z.object({ path: z.string(), password: z.string().optional().meta({ secret: true }) })
    type Spec = z.output<typeof spec>
    const staged = ({ path }: Spec, id: string): string => `${path}.staged-${id}`
    const old = ({ path }: Spec, id: string): string => `${path}.old-${id}`
    const type: Omit<BackupSourceType<typeof spec>, 'items' | 'extract' | 'propose'> = {
      ...{
        type: 'memory',
        title: 'Memory',
        description: '',
        spec,
        label: ({ path }: Spec) => path,
        plan: () => ['swap'],
        ...(world.byServer ? { byServer: true as const } : {}),
      },
      look: (_context, { path }) =>
        verb('look', path, () => {
          const text = world.files.get(path)
          const tables = [{ name: 'rows', rows: text?.length ?? 0 }]
          const bytes = text === undefined ? null : text.length
          return { identity: world.identity, place: path, bytes, changedAt: 1, versions: [], tables, schemas: {} }
        }),
      hasOtherWay: ({ message }) => message === 'the log grew',
      dump: (_context, { path }, { otherWay = false }) =>
        verb('dump', path, () => {
          const broken = world.breaks(otherWay)
          if (broken) {
            const ended = Promise.reject(broken)
            ended.catch(() => {})
            async function* half() {
              yield Buffer.from('half')
              throw broken
            }
            const stream = Readable.from(half())
            return { stream, compression: 'none', extension: 'txt', totalBytes: null, ended }
          }
          const text = world.files.get(path)
          if (text === undefined) throw new AppError('NOT_FOUND', `${path} is not there`)
          const end = { sha256: sha(text), identity: world.identity }
          return {
            ...{ stream: Readable.from([Buffer.from(text)]), compression: 'none', extension: 'txt', totalBytes: null },
            ended: Promise.resolve({
              ...end,
              versions: ['memory 1'],
              tables: [{ name: 'rows', rows: text.length }],
              notes: otherWay ? ['copied first'] : [],
            }),
          }
        }),
      verify: (_context, { path }, artefact) =>
        verb('verify', path, async () => {
          const text = await textOf(artefact)
          if (text === world.bad) throw new AppError('BACKUP_BAD', 'it is damaged')
          return `${text.length} letters`
        }),
      drill: (_context, { path }, artefact) =>
        verb('drill', path, async () => {
          const text = await textOf(artefact)
          return [{ ok: text !== world.bad, text: `restored ${text.length} letters` }]
        }),
      space: async () => null,
      stage: (_context, one, artefact, { id }) =>
        verb('stage', one.path, async () => void world.files.set(staged(one, id), await textOf(artefact))),
      check: (_context, one, _part, { id }) =>
        verb('check', one.path, () => [{ ok: world.files.get(staged(one, id)) !== world.bad, text: 'looked at' }]),
      swap: (_context, one, { id }) =>
        verb('swap', one.path, () => {
          const fresh = world.files.get(staged(one, id))
          if (fresh !== undefined) {
            const before = world.files.get(one.path)
            if (before !== undefined) world.files.set(old(one, id), before)
            world.files.set(one.path, fresh)
            world.files.delete(staged(one, id))
          }
          return { kept: world.files.has(old(one, id)) ? old(one, id) : null }
        }),
      swapBack: (_context, one, { id }) =>
        verb('swapBack', one.path, () => {
          const before = world.files.get(old(one, id))
          if (before === undefined) return
          world.files.set(one.path, before)
          world.files.delete(old(one, id))
        }),
      stagedState: (_context, one, { id }) =>
        verb('stagedState', one.path, () =>
          world.files.has(staged(one, id)) ? 'staged' : world.files.has(old(one, id)) ? 'swapped' : 'nothing',
        ),
      discard: (_context, one, { id }) => verb('discard', one.path, () => void world.files.delete(staged(one, id))),
      dropOld: async (_context, one, { id }) => void world.files.delete(old(one, id)),
      restoreTo: async (_context, _one, artefact, place, { id }) => {
        await verb('restoreTo', place, () => void world.files.set(`${place}.half-${id}`, ''))
        const text = await textOf(artefact)
        world.files.delete(`${place}.half-${id}`)
        world.files.set(`${place}.mark-${id}`, '')
        world.files.set(place, text)
        return place
      },
      settleTo: (_context, _one, place, { id }) =>
        verb('settleTo', place, () => {
          world.files.delete(`${place}.half-${id}`)
          return world.files.delete(`${place}.mark-${id}`)
        }),
      unsettledAt: (_one, place, { id }) => `${place}.half-${id}`,
    }
    return type
  }
}

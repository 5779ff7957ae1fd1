// Backups as a person sets them up, kept in step with the check that each owns, and how each stands; makes, proves and restores none itself.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type {
  Backup,
  BackupDraft,
  BackupKinds,
  BackupProposal,
  BackupRun,
  BackupView,
} from '../../shared/model/backup.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import { backupSourceTypes } from '../backups/index.ts'
import { newHostId } from '../domain/host-id.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import { bytesOf, type StoredBackup } from '../store/backups.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import { judgeBackup } from './backup-draft.ts'
import { type BackupParts, type BackupsOptions, backupParts } from './backup-parts.ts'
import { proposeBackup } from './backup-proposal.ts'
import type { HostSession } from './host-session.ts'
import { HostTurns } from './host-turns.ts'
import { kindInfo } from './kind-spec.ts'
import { lastGoodOf } from './snapshot-manifest.ts'

const announceMs = 100

export class Backups implements Disposable {
  readonly targets: BackupParts['targets']
  readonly snapshots: BackupParts['snapshots']
  readonly runner: BackupParts['runner']
  readonly schedules: BackupParts['schedules']
  readonly drills: BackupParts['drills']
  readonly restores: BackupParts['restores']
  readonly items: BackupParts['items']
  readonly turns = new HostTurns()
  readonly #options: BackupsOptions
  readonly #sources: BackupParts['sources']
  readonly #sealing: BackupParts['sealing']
  readonly #bag = new DisposableBag()
  readonly #changed = new Set<string>()
  #announcing: Disposable | null = null

  constructor(options: BackupsOptions) {
    this.#options = options
    const parts = backupParts(options, this.turns, this.#bag, backupId => this.changed(backupId))
    this.#sources = parts.sources
    this.#sealing = parts.sealing
    this.targets = parts.targets
    this.snapshots = parts.snapshots
    this.runner = parts.runner
    this.drills = parts.drills
    this.restores = parts.restores
    this.items = parts.items
    this.schedules = parts.schedules
  }

  /** Takes up what was under way, and begins to look at the schedules. */
  async start(): Promise<void> {
    await this.#sources.start()
    this.targets.start()
    this.runner.resume()
    this.drills.resume()
    this.restores.resume()
    this.schedules.start()
    this.#bag.add(
      this.#options.vault.onChange(({ state }) => {
        if (state === 'unlocked') this.runner.onVaultUnlocked()
      }),
    )
  }

  /** A host's session is about to start: listens to it until disposed. */
  attach(session: HostSession): Disposable {
    return this.runner.attach(session)
  }

  kinds(): BackupKinds {
    return { sources: backupSourceTypes.map(kindInfo), targets: this.targets.kinds() }
  }

  list(): BackupView[] {
    return this.#options.store.backups.list().map(stored => this.#view(stored))
  }

  /** Throws NOT_FOUND. */
  stored(id: string): StoredBackup {
    const stored = this.#options.store.backups.get(id)
    if (!stored) throw new AppError('NOT_FOUND', 'This backup is not there any more')
    return stored
  }

  view(id: string): BackupView {
    return this.#view(this.stored(id))
  }

  /** By what names the network may be known on which this computer is now. */
  networks(): Promise<string[]> {
    return this.#options.networks()
  }

  /** What a unit's backup would hold, found on its host. */
  propose(ref: UnitRef, signal: AbortSignal): Promise<BackupProposal> {
    return proposeBackup(this.#sources, ref, signal)
  }

  add(draft: BackupDraft, secrets: FieldSecrets): Backup {
    const { store, checks, clock } = this.#options
    const complete = this.#judge(draft, secrets, null)
    const taken = [
      ...store.backups.list().map(({ backup }) => backup.id),
      ...store.backups.orphans().map(({ manifest }) => manifest.backupId),
    ]
    // two computers may keep a backup of one name in one place
    const id = newHostId(`${newHostId(complete.name, []).slice(0, 40)}-${randomBytes(2).toString('hex')}`, taken)
    store.transaction(() => {
      const check = checks.putOwned(null, checkOf(complete, id))
      store.backups.insert({ ...complete, id, checkId: check.id, createdAt: clock.now() })
      this.#keepSecrets(id, secrets)
    })
    this.changed(id)
    return this.stored(id).backup
  }

  edit(id: string, draft: BackupDraft, secrets: FieldSecrets): Backup {
    const { store, checks } = this.#options
    const { backup } = this.stored(id)
    const complete = this.#judge(draft, secrets, backup)
    store.transaction(() => {
      checks.putOwned(backup.checkId, checkOf(complete, id))
      store.backups.update(id, complete)
      this.#sealing.keepOld(backup, complete, secrets)
      this.#keepSecrets(id, secrets)
    })
    this.changed(id)
    return this.stored(id).backup
  }

  /** Its snapshots stay where they are, and the keys that open them. */
  remove(id: string): Backup {
    const { store, checks, publish } = this.#options
    const { backup } = this.stored(id)
    this.runner.forget(id)
    this.drills.forget(id)
    checks.removeOwned(backup.checkId)
    store.backups.remove(id)
    publish('backup.removed', id)
    this.targets.announce()
    return backup
  }

  /** The host is about to go, and its backups and their checks with it. */
  hostRemoved(hostId: string): void {
    const { store, publish } = this.#options
    for (const { backup } of store.backups.list()) {
      if (backup.hostId !== hostId) continue
      this.runner.forget(backup.id)
      this.drills.forget(backup.id)
      store.backups.remove(backup.id)
      publish('backup.removed', backup.id)
    }
  }

  /** What is about to change a service backs it up first: all backups that are of it, begun, and waited for by whoever asks. */
  runBeforeUpdate({ hostId, scope, name }: UnitRef, actor: string): BackupRun[] {
    const mine = this.#options.store.backups.list().filter(({ backup: { enabled, hostId: of, unit } }) => {
      return enabled && of === hostId && unit?.scope === scope && unit.name === name
    })
    return mine.map(({ backup: { id: backupId } }) => {
      const running = this.runner.running(backupId)
      // nothing has changed yet, so one that is under way is of the state before, too
      return running?.outcome === 'running' ? running : this.runner.start({ backupId, reason: 'before-update', actor })
    })
  }

  preview(id: string, retention: BackupDraft['retention']): string[] {
    const { backup } = this.stored(id)
    const zone = backup.schedule?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
    return this.snapshots.preview(id, backup.targets, retention, zone)
  }

  /** Takes up what lies on a target; null where all went well. */
  async scan(targetId: string): Promise<void> {
    const open = await this.targets.open(targetId)
    try {
      await this.snapshots.sync(targetId, open, null, null)
    } finally {
      await open.dispose()
    }
  }

  /** How a backup stands may be otherwise now: its check and the windows are told, many changes as one. */
  changed(id: string): void {
    this.#changed.add(id)
    this.#announcing ??= this.#options.clock.after(announceMs, () => {
      this.#announcing = null
      const ids = [...this.#changed]
      this.#changed.clear()
      try {
        for (const one of ids) this.#announce(one)
        this.targets.announce()
      } catch (caught) {
        this.#options.log.error('how a backup stands was not told', { error: String(caught) })
      }
    })
  }

  dispose(): void {
    this.#announcing?.dispose()
    this.#bag.dispose()
  }

  #announce(id: string): void {
    const stored = this.#options.store.backups.get(id)
    if (!stored) return
    this.schedules.tell(id)
    this.#options.publish('backup.changed', this.#view(stored))
  }

  #view(stored: StoredBackup): BackupView {
    const { backup } = stored
    const all = this.snapshots.list(backup.id)
    const runs = this.runner.list(backup.id, 5)
    const lastRun = runs.find(({ finishedAt }) => finishedAt !== null) ?? null
    const failed = lastRun !== null && (lastRun.outcome === 'failed' || lastRun.outcome === 'partly')
    const damaged = all.find(({ state }) => state !== 'good')
    const problem = failed
      ? (lastRun.evidence.findLast(({ ok }) => !ok)?.text ?? 'The last run failed')
      : damaged
        ? (damaged.problem ?? `A snapshot is ${damaged.state}`)
        : null
    const proven = all.flatMap(({ provenAt }) => provenAt ?? [])
    return {
      ...{ backup, lastRun, problem },
      nextAt: this.schedules.nextAt(stored),
      waitsFor: this.schedules.waitsFor(stored),
      running: this.runner.running(backup.id),
      lastGood: lastGoodOf(all),
      provenAt: proven.length === 0 ? null : Math.max(...proven),
      snapshots: all.length,
      bytes: all.reduce((sum, { manifest, state }) => sum + (state === 'missing' ? 0 : bytesOf(manifest)), 0),
    }
  }

  #judge(draft: BackupDraft, secrets: FieldSecrets, before: Backup | null): BackupDraft {
    return judgeBackup(draft, secrets, before, {
      store: this.#options.store,
      typeOf: type => this.#sources.find(type),
    })
  }

  #keepSecrets(id: string, secrets: FieldSecrets): void {
    const { vault } = this.#options
    for (const [field, value] of Object.entries(secrets)) {
      if (value === null) vault.forget(fieldSecretId('backup', id, field))
      else vault.put(fieldSecretId('backup', id, field), value)
    }
  }
}

/** The check that a backup owns: alerts, history and silences are the same as for everything else. */
const checkOf = ({ hostId, name }: BackupDraft, backupId: string) => ({
  ...{ hostId, name, type: 'backup-age', spec: { backupId }, unit: null, vantage: 'local' as const },
})

/** All of it, in one call for the composition root. */
export const createBackups = (options: BackupsOptions): Backups => new Backups(options)

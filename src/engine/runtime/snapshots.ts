// Snapshots: committed by their manifest, found again on targets, hashed anew, kept and removed by the policy; knows no source and no schedule.
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../shared/errors.ts'
import type { RetentionPolicy } from '../../shared/model/backup.ts'
import {
  Manifest,
  type MissingKey,
  type OrphanSnapshot,
  type Snapshot,
  type SnapshotPart,
} from '../../shared/model/snapshot.ts'
import type { Artefact } from '../backups/index.ts'
import { type RetentionItem, refuseEmptyPolicy, snapshotsToRemove } from '../domain/backup-retention.ts'
import { openPacked, openRaw } from '../lib/bulk/open-stored.ts'
import type { Counted } from '../lib/bulk/tally.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { bytesOf } from '../store/backups.ts'
import type { Store } from '../store/store.ts'
import type { TargetStore } from '../targets/index.ts'
import type { Sealing } from './backup-sealing.ts'
import type { Publish } from './publish.ts'
import {
  folderOf,
  isWhole,
  lastGoodOf,
  manifestIsThere,
  manifestOf,
  problemOf,
  snapshotId,
} from './snapshot-manifest.ts'
import { syncSnapshots } from './snapshot-sync.ts'
import type { Targets } from './targets.ts'

export interface SnapshotsOptions {
  store: Pick<Store, 'backups'>
  targets: Pick<Targets, 'open'>
  clock: Clock
  log: Logger
  publish: Publish
  /** How a part that is encrypted is read; null where it is not. Rejects where the key is not here. */
  sealing: Pick<Sealing, 'decryptor' | 'missing' | 'unlock' | 'forgetUnneeded'>
  /** A snapshot was made, removed, or found to be otherwise than it was. */
  onChange: (backupId: string) => void
}

export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #log: Logger
  /** About to be removed: none of them is one that stays. */
  readonly #going = new Set<string>()

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#log = options.log.child('snapshots')
  }

  /** Newest first. */
  list(backupId: string): Snapshot[] {
    return this.#options.store.backups.snapshots(backupId)
  }

  /** Throws NOT_FOUND. */
  get(id: string): Snapshot {
    const snapshot = this.#options.store.backups.snapshot(id)
    if (!snapshot) throw new AppError('NOT_FOUND', 'This snapshot is not there any more')
    return snapshot
  }

  /** The newest good and whole one, on whichever target. */
  lastGood(backupId: string): Snapshot | null {
    return lastGoodOf(this.list(backupId))
  }

  /** What has to be given before they can be read, by id; those that need nothing are not in it. */
  async missingKeys(backupId: string): Promise<Record<string, MissingKey>> {
    const found: Record<string, MissingKey> = {}
    for (const { id, manifest } of this.list(backupId)) {
      const key = await this.#options.sealing.missing(manifest)
      if (key !== null) found[id] = key
    }
    return found
  }

  /** Those whose backup is not set up here, newest first. */
  async orphans(): Promise<OrphanSnapshot[]> {
    const { store, sealing } = this.#options
    const names = new Map(store.backups.targets().map(({ id, name }) => [id, name]))
    const all = store.backups.orphans().map(async snapshot => ({
      ...{ snapshot, targetName: names.get(snapshot.targetId) ?? snapshot.targetId },
      ...{ bytes: bytesOf(snapshot.manifest), missingKey: await sealing.missing(snapshot.manifest) },
    }))
    return await Promise.all(all)
  }

  /** Keeps a key once it has opened this snapshot. Rejects with BACKUP_BAD where it does not. */
  async unlock(id: string, key: string, signal: AbortSignal): Promise<void> {
    const { targetId, manifest } = this.get(id)
    const open = await this.#options.targets.open(targetId, signal)
    try {
      await this.#options.sealing.unlock(manifest, key, async ({ file }, decryptor) => {
        const opening = await decryptor.stream()
        const stored = await open.read(`${folderOf(manifest)}/${file}`, signal)
        await pipeline(stored, opening, firstOf)
      })
    } finally {
      await open.dispose().catch(() => {})
    }
    this.#options.onChange(manifest.backupId)
  }

  /**
   * The rename of the manifest is the commit (semantics 29): before it there is no backup, after it there is one. Rejects where `signal` was
   * aborted meanwhile: its backup may be removed by then, and what is not remembered is for the caller to clear.
   */
  async commit(targetId: string, open: TargetStore, manifest: Manifest, signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted()
    await open.put(manifestOf(folderOf(manifest)), Buffer.from(JSON.stringify(Manifest.parse(manifest))))
    signal.throwIfAborted()
    const now = this.#options.clock.now()
    return this.#put({
      ...{ id: snapshotId(targetId, manifest), targetId, manifest, state: 'good', problem: null },
      // every byte was hashed where it lies before this
      ...{ hashedAt: now, provenAt: null },
    })
  }

  /** Takes up what lies there, tells what is gone or cut, and, of one backup, sweeps what has no manifest. `writing` is a run's that is under way. */
  async sync(targetId: string, open: TargetStore, backupId: string | null, writing: string | null): Promise<void> {
    const put = (snapshot: Snapshot): void => void this.#put(snapshot)
    const parts = { store: this.#options.store, log: this.#log, put }
    await syncSnapshots(parts, targetId, open, backupId, writing)
  }

  /** Hashes every byte again, and reads the manifest. Says what it found; rejects only where the target cannot be reached. */
  async verify(id: string, signal: AbortSignal, paced = false): Promise<Snapshot> {
    const snapshot = this.get(id)
    const open = await this.#options.targets.open(snapshot.targetId, signal)
    try {
      const { clock } = this.#options
      const problem = await problemOf(snapshot.manifest, open, signal, paced ? clock : null)
      const now = clock.now()
      // it may have been proven, or removed, meanwhile
      const present = this.get(id)
      if (problem === null) return this.#put({ ...present, state: 'good', problem: null, hashedAt: now })
      this.#log.warn('a snapshot is damaged', { snapshot: id, problem: problem.text })
      return this.#put({ ...present, state: problem.state, problem: problem.text, hashedAt: now })
    } finally {
      await open.dispose()
    }
  }

  /**
   * The parts of a snapshot to read from, once its manifest on the target was found to be the one that is remembered (a manifest that was swapped
   * is refused). Rejects with BACKUP_BAD.
   */
  async artefacts(snapshot: Snapshot, open: TargetStore, keys: readonly string[]): Promise<Artefact[]> {
    if (!(await manifestIsThere(open, snapshot.manifest))) {
      this.#put({ ...snapshot, state: 'damaged', problem: 'Its manifest is not the one that was written' })
      throw new AppError('BACKUP_BAD', 'The manifest of this snapshot is not the one that was written', {
        hint: 'Files were changed or moved on the target. Choose another snapshot.',
      })
    }
    const parts = snapshot.manifest.parts.filter(({ key }) => keys.length === 0 || keys.includes(key))
    return await Promise.all(parts.map(part => this.artefact(snapshot.manifest, part, open)))
  }

  /** With `onRaw` its raw content is not compared with what the part says, but told. */
  async artefact(
    manifest: Pick<Manifest, 'backupId' | 'name'>,
    part: SnapshotPart,
    open: TargetStore,
    onRaw?: (raw: Counted) => void,
  ): Promise<Artefact> {
    const decrypt = await this.#options.sealing.decryptor(manifest, part)
    const stored = {
      ...{ name: part.file, bytes: part.bytes, sha256: part.sha256, compression: part.compression, decrypt },
      raw: onRaw === undefined ? { bytes: part.rawBytes, sha256: part.rawSha256 } : null,
      read: (signal?: AbortSignal): Promise<Readable> => open.read(`${folderOf(manifest)}/${part.file}`, signal),
    }
    return {
      part,
      open: signal => openRaw(stored, signal, onRaw),
      openCompressed: signal => openPacked(stored, signal),
    }
  }

  /** A drill restored it whole. */
  proven(id: string): void {
    const snapshot = this.#options.store.backups.snapshot(id)
    if (snapshot) this.#put({ ...snapshot, provenAt: this.#options.clock.now() })
  }

  /** Throws CONFLICT for the last good one of a backup. */
  async remove(id: string, signal?: AbortSignal): Promise<Snapshot> {
    const snapshot = this.get(id)
    const { backupId } = snapshot.manifest
    const others = this.list(backupId).filter(one => {
      return one.id !== id && one.state === 'good' && !this.#going.has(one.id) && (isWhole(one) || !isWhole(snapshot))
    })
    if (snapshot.state === 'good' && others.length === 0 && this.#options.store.backups.get(backupId))
      throw new AppError('CONFLICT', 'This is the last good snapshot of its backup', {
        hint: 'Take another one first, or remove the backup.',
      })
    this.#going.add(id)
    try {
      const open = await this.#options.targets.open(snapshot.targetId, signal)
      await this.#discard(snapshot, open).finally(() => open.dispose())
    } finally {
      this.#going.delete(id)
    }
    return snapshot
  }

  /** After a verified success: removes what the policy no longer wants on one target (semantics 30). Returns what went. */
  async retain(
    targetId: string,
    open: TargetStore,
    backupId: string,
    policy: RetentionPolicy,
    zone: string,
  ): Promise<Snapshot[]> {
    const here = this.list(backupId).filter(one => one.targetId === targetId)
    const going = new Set(goingOf(here, policy, zone))
    const gone: Snapshot[] = []
    for (const id of going) this.#going.add(id)
    try {
      for (const snapshot of here.filter(({ id }) => going.has(id)).reverse()) {
        await this.#discard(snapshot, open)
        gone.push(snapshot)
      }
    } finally {
      for (const id of going) this.#going.delete(id)
    }
    return gone
  }

  /** What would go at the next success, were it now. */
  preview(backupId: string, targets: readonly string[], policy: RetentionPolicy, zone: string): string[] {
    refuseEmptyPolicy(policy)
    const { clock } = this.#options
    return targets.flatMap(targetId => {
      const here = this.list(backupId).filter(one => one.targetId === targetId)
      const next = { id: '', takenAt: clock.now(), good: true }
      return goingOf(here, policy, zone, [next]).filter(id => id !== '')
    })
  }

  /** Those whose bytes were not hashed for a month, the longest first. */
  dueForRehash(olderThan: number): Snapshot[] {
    const { store } = this.#options
    return store.backups
      .targets()
      .flatMap(({ id }) => store.backups.snapshotsOn(id))
      .filter(({ state, hashedAt }) => state === 'good' && (hashedAt ?? 0) < olderThan)
      .sort((a, b) => (a.hashedAt ?? 0) - (b.hashedAt ?? 0))
  }

  /** The manifest goes first: what is left of a removal that was cut off is no backup. */
  async #discard(snapshot: Snapshot, open: TargetStore): Promise<void> {
    const { manifest, id } = snapshot
    const folder = folderOf(manifest)
    await open.remove([manifestOf(folder)])
    this.#options.store.backups.removeSnapshot(id)
    await open.remove(manifest.parts.map(({ file }) => `${folder}/${file}`))
    this.#options.sealing.forgetUnneeded(manifest.backupId)
    this.#options.publish('snapshot.removed', id)
    this.#options.onChange(manifest.backupId)
  }

  #put(snapshot: Snapshot): Snapshot {
    this.#options.store.backups.putSnapshot(snapshot)
    this.#options.publish('snapshot.changed', snapshot)
    this.#options.onChange(snapshot.manifest.backupId)
    return snapshot
  }
}

/** Enough to know that it opens. */
async function firstOf(opened: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of opened) return
}

/**
 * What goes of those on one target. Those from before a restore are judged apart, so that they take no whole one's place. One whose files are not
 * seen is left alone: a folder that is not mounted shows none, and all of them come back with it.
 */
function goingOf(
  here: readonly Snapshot[],
  policy: RetentionPolicy,
  zone: string,
  next: readonly RetentionItem[] = [],
): string[] {
  const seen = here.filter(({ state }) => state !== 'missing')
  const whole = [...seen.filter(isWhole).map(itemOf), ...next]
  const partial = seen.filter(one => !isWhole(one)).map(itemOf)
  return [whole, partial].flatMap(items => snapshotsToRemove(items, policy, zone))
}

const itemOf = ({ id, state, manifest }: Snapshot): RetentionItem => ({
  id,
  takenAt: manifest.startedAt,
  good: state === 'good',
})

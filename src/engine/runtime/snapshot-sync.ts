// Brings what is remembered of a target's snapshots in step with what lies there; removes only what has no manifest, and decides nothing else.
import { AppError } from '../../shared/errors.ts'
import type { Snapshot } from '../../shared/model/snapshot.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { TargetFile, TargetStore } from '../targets/index.ts'
import { folderOf, manifestOf, readManifest } from './snapshot-manifest.ts'

/** What runs name their folders; nothing else is ever swept. */
const ourFolder = /\/\d{8}T\d{6}Z-[0-9a-f]{4,16}$/

export interface SnapshotSyncParts {
  readonly store: Pick<Store, 'backups'>
  readonly log: Logger
  /** Remembers it, and tells. */
  readonly put: (snapshot: Snapshot) => void
}

/**
 * Snapshots that were not known are taken up, those that are gone or cut are told, and what has no manifest is removed, for it is no backup.
 * `writing` is the folder of a run that is under way. Null `backupId` only looks.
 */
export async function syncSnapshots(
  parts: SnapshotSyncParts,
  targetId: string,
  open: TargetStore,
  backupId: string | null,
  writing: string | null,
): Promise<void> {
  const folders = new Map<string, TargetFile[]>()
  for (const file of await open.list(backupId ?? '')) {
    const folder = file.path.split('/').slice(0, 2).join('/')
    if (file.path.split('/').length > 2) folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  for (const [folder, inside] of folders) {
    if (folder === writing) continue
    const whole = inside.some(({ path }) => path === manifestOf(folder))
    if (whole) await takeUp(parts, targetId, open, folder, inside)
    else if (backupId !== null && ourFolder.test(folder)) {
      parts.log.info('swept what has no manifest', { target: targetId, folder })
      await open.remove(inside.map(({ path }) => path))
    }
  }
  for (const snapshot of parts.store.backups.snapshotsOn(targetId)) {
    if (backupId !== null && snapshot.manifest.backupId !== backupId) continue
    const folder = folderOf(snapshot.manifest)
    if (folders.get(folder)?.some(({ path }) => path === manifestOf(folder))) continue
    if (snapshot.state !== 'missing')
      parts.put({ ...snapshot, state: 'missing', problem: 'Its files are no longer there' })
  }
}

async function takeUp(
  { store, log, put }: SnapshotSyncParts,
  targetId: string,
  open: TargetStore,
  folder: string,
  inside: readonly TargetFile[],
): Promise<void> {
  const id = `${targetId}/${folder}`
  const [backupId = '', name = ''] = folder.split('/')
  const known = store.backups.snapshot(id)
  let manifest = known?.manifest
  try {
    manifest ??= await readManifest(open, { backupId, name })
  } catch (caught) {
    log.warn('a manifest cannot be read', { target: targetId, folder, error: AppError.from(caught).message })
    return
  }
  const cut = manifest.parts.find(
    part => inside.find(({ path }) => path === `${folder}/${part.file}`)?.bytes !== part.bytes,
  )
  const problem = cut === undefined ? null : `${cut.file} is gone or has another size`
  if (!known)
    put({
      ...{ id, targetId, manifest, state: problem === null ? 'good' : 'damaged', problem },
      // sizes are right; the bytes are hashed when it is its turn
      ...{ hashedAt: null, provenAt: null },
    })
  else if (problem !== null && known.state === 'good') put({ ...known, state: 'damaged', problem })
  else if (problem === null && known.state === 'missing')
    put({ ...known, state: 'good', problem: null, hashedAt: null })
}

// Where a snapshot and its manifest lie on a target, and how they are read back and compared; keeps nothing and decides nothing.
import type { Readable } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import { Manifest, type Snapshot } from '../../shared/model/snapshot.ts'
import { rehash } from '../lib/bulk/open-stored.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { TargetStore } from '../targets/index.ts'
import { canonical } from './kind-spec.ts'

const manifestFile = 'manifest.json'
const mostManifestBytes = 16 * 1024 * 1024
/** A re-hash on a schedule reads no faster than this, so that nobody notices it. */
const rehashBytesPerSecond = 64 * 1024 * 1024

type Named = Pick<Manifest, 'backupId' | 'name'>

export const snapshotId = (targetId: string, { backupId, name }: Named): string => `${targetId}/${backupId}/${name}`
/** Where a snapshot lies on its target. */
export const folderOf = ({ backupId, name }: Named): string => `${backupId}/${name}`
export const manifestOf = (folder: string): string => `${folder}/${manifestFile}`

/** One from before a restore holds only what that replaced, so it never stands for a whole one. */
export const isWhole = ({ manifest }: Snapshot): boolean => manifest.reason !== 'before-restore'
/** Of snapshots, newest first, the newest that is good and whole. */
export const lastGoodOf = (all: readonly Snapshot[]): Snapshot | null =>
  all.find(one => one.state === 'good' && isWhole(one)) ?? null

/** Rejects with BACKUP_BAD where it is no manifest, or that of another snapshot. */
export async function readManifest(open: TargetStore, { backupId, name }: Named): Promise<Manifest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of await open.read(manifestOf(folderOf({ backupId, name })))) {
    size += (chunk as Buffer).length
    if (size > mostManifestBytes) throw new AppError('BACKUP_BAD', 'The manifest is longer than any manifest is')
    chunks.push(chunk as Buffer)
  }
  let manifest: Manifest
  try {
    manifest = Manifest.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch (cause) {
    throw new AppError('BACKUP_BAD', 'The manifest cannot be read', { cause })
  }
  if (manifest.backupId !== backupId || manifest.name !== name)
    throw new AppError('BACKUP_BAD', 'The manifest is that of another snapshot', {
      hint: 'Files were moved between folders on the target.',
    })
  return manifest
}

/** Is the manifest that lies there the one that is remembered? */
export async function manifestIsThere(open: TargetStore, manifest: Manifest): Promise<boolean> {
  return canonical(await readManifest(open, manifest)) === canonical(manifest)
}

/** Reads every byte again and says what is wrong; null for nothing. Rejects only where the target cannot be reached. */
export async function problemOf(
  manifest: Manifest,
  open: TargetStore,
  signal: AbortSignal,
  /** Paces it where it is given. */
  clock: Clock | null,
): Promise<{ state: 'damaged' | 'missing'; text: string } | null> {
  const pace = clock
    ? (bytes: number): Promise<void> => sleep(clock, (bytes / rehashBytesPerSecond) * 1_000, signal)
    : undefined
  try {
    if (!(await manifestIsThere(open, manifest)))
      return { state: 'damaged', text: 'Its manifest is not the one that was written' }
    for (const { file, bytes, sha256 } of manifest.parts) {
      const read = (): Promise<Readable> => open.read(`${folderOf(manifest)}/${file}`, signal)
      await rehash({ name: file, bytes, sha256, read }, signal, pace)
    }
    return null
  } catch (caught) {
    const { code, message } = AppError.from(caught)
    if (code === 'BACKUP_BAD') return { state: 'damaged', text: message }
    if (code === 'NOT_FOUND') return { state: 'missing', text: message }
    throw caught
  }
}

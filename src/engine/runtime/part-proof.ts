// Proves a part of a snapshot where it lies: looked into at one place, read again wherever it was only written. Knows no dump.
import { AppError } from '../../shared/errors.ts'
import type { Manifest, SnapshotPart } from '../../shared/model/snapshot.ts'
import { type Artefact, type BackupSourceType, verifiedOf } from '../backups/index.ts'
import { rehash } from '../lib/bulk/open-stored.ts'
import { type Counted, tallyOf } from '../lib/bulk/tally.ts'
import type { TargetStore } from '../targets/index.ts'
import { folderOf } from './snapshot-manifest.ts'
import type { Snapshots } from './snapshots.ts'
import { isOffline } from './source-access.ts'

/** Where a snapshot goes, while it is written. */
export interface Place {
  readonly id: string
  readonly name: string
  readonly open: TargetStore
}

export interface ProofOptions {
  readonly snapshots: Pick<Snapshots, 'artefact'>
  readonly manifest: Pick<Manifest, 'backupId' | 'name'>
  readonly places: readonly Place[]
  /** Those of them that failed before. */
  readonly lost: ReadonlyMap<Place, AppError>
  /** What its source finds in it; null where its content cannot be read here. */
  readonly look: ((artefact: Artefact) => ReturnType<BackupSourceType['verify']>) | null
  /** What it was without any packing, where that was seen on the way. */
  readonly raw: Counted | null
  readonly signal: AbortSignal
}

/** The part with what was found, and all places that have none of it. Rejects where no place is left. */
export async function provePart(
  part: SnapshotPart,
  options: ProofOptions,
): Promise<{ part: SnapshotPart; lost: ReadonlyMap<Place, AppError> }> {
  const { manifest, places, signal } = options
  const lost = new Map(options.lost)
  const attempt = async <T>(place: Place, act: () => Promise<T>): Promise<T | null> => {
    try {
      return await act()
    } catch (caught) {
      if (signal.aborted) throw caught
      lost.set(place, AppError.from(caught))
      return null
    }
  }
  const left = (): Place[] => places.filter(place => !lost.has(place))
  let proven: SnapshotPart | null = null
  let readAt: Place | null = null
  if (options.look === null) proven = { ...part, verified: unreadable }
  // what lies elsewhere has the same hash: one of them is looked into, whichever can be
  while (proven === null) {
    readAt = left()[0] ?? null
    if (readAt === null) throw lastOf(lost)
    const at = readAt
    proven = await attempt(at, () => lookedInto(part, at, options))
  }
  // and what was only written counts once it was read again
  for (const place of left().filter(one => one !== readAt && !one.open.hashes)) {
    const read = (again?: AbortSignal) => place.open.read(`${folderOf(manifest)}/${part.file}`, again)
    await attempt(place, () => rehash({ name: part.file, bytes: part.bytes, sha256: part.sha256, read }, signal))
  }
  if (left().length === 0) throw lastOf(lost)
  return { part: proven, lost }
}

const unreadable = 'Its hash is the same on both ends; its content can be read only with the key of its recipient'

/** Reads it again where it lies, every byte of it, and has its source look into it. */
async function lookedInto(
  part: SnapshotPart,
  { open }: Place,
  { snapshots, manifest, look, raw: was, signal }: ProofOptions,
): Promise<SnapshotPart> {
  let raw: Counted | null = null
  const artefact = await snapshots.artefact(manifest, part, open, counted => {
    raw = counted
  })
  const { said, tables } = verifiedOf((await look?.(artefact)) ?? '')
  // some looks need not all of it
  const { bytes: rawBytes, sha256: rawSha256 } = raw ?? (await tallyOf(await artefact.open(signal)))
  if (was !== null && rawSha256 !== was.sha256)
    throw new AppError('BACKUP_BAD', `The content of ${part.file} is not what was dumped`)
  return { ...part, rawBytes, rawSha256, verified: said.slice(0, 1_000), tables: [...(tables ?? part.tables)] }
}

/** The reason of all: that a host is away only where that is what all of them say. */
export function lastOf(failed: ReadonlyMap<unknown, AppError>): AppError {
  const errors = [...failed.values()]
  return errors.find(error => !isOffline(error)) ?? errors.at(-1) ?? new AppError('INTERNAL', 'There is no target')
}

// Takes one snapshot: dumps each source to all targets in one pass, verifies what lies there, commits by the manifest, and lets retention follow. Knows no schedule.
import { AppError } from '../../shared/errors.ts'
import type { Backup } from '../../shared/model/backup.ts'
import type { Manifest, Snapshot, SnapshotPart } from '../../shared/model/snapshot.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { packedExtension, zstdHere } from '../lib/bulk/compression.ts'
import { transfer } from '../lib/bulk/transfer.ts'
import type { Clock } from '../lib/clock.ts'
import type { TargetStore, TargetWriter } from '../targets/index.ts'
import { betweenHooks } from './backup-hook.ts'
import type { Sealing } from './backup-sealing.ts'
import { orOtherWay } from './part-again.ts'
import { lastOf, type Place, provePart } from './part-proof.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { folderOf, manifestOf } from './snapshot-manifest.ts'
import type { Snapshots } from './snapshots.ts'
import type { SourceAccess } from './source-access.ts'
import { dumpFailure, type PartDraft, partsOf } from './source-parts.ts'
import { inWords, type Targets } from './targets.ts'

export interface TakeParts {
  readonly sources: SourceAccess
  readonly targets: Pick<Targets, 'open' | 'get' | 'saw'>
  readonly snapshots: Snapshots
  readonly clock: Clock
  readonly version: string
  readonly sealing: Pick<Sealing, 'encryptor' | 'readable' | 'ended'>
}

export interface TakeRequest {
  readonly backup: Backup
  readonly hostName: string
  readonly reason: Manifest['reason']
  readonly name: string
  /** Taken instead of all that the sources say now. */
  readonly exactly?: readonly PartDraft[]
  readonly signal: AbortSignal
  readonly meter: ProgressMeter
  say(evidence: Evidence): void
}

export interface Taken {
  readonly snapshots: readonly Snapshot[]
  /** Targets that have none, with why. */
  readonly failed: ReadonlyMap<string, AppError>
}

/** Rejects where there is no snapshot at the end, with nothing of it left on any target. */
export async function takeSnapshot(parts: TakeParts, request: TakeRequest): Promise<Taken> {
  const { backup, signal, say, meter } = request
  const failed = new Map<string, AppError>()
  const snapshots: Snapshot[] = []
  const giveUp = (place: Place, caught: unknown): void => {
    const error = AppError.from(caught)
    failed.set(place.id, error)
    say({ ok: false, text: `${place.name}: ${inWords(error)}` })
  }
  meter.step('Opening where it is kept')
  const places = await openPlaces(parts, request, failed)
  try {
    const { link } = parts.sources.session(backup.hostId)
    const startedAt = parts.clock.now()
    const made = await betweenHooks(link, backup, parts.clock, request, () => {
      return takeParts(parts, request, places, giveUp)
    })
    if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
    meter.step('Writing the manifest')
    const manifest: Manifest = {
      ...{ format: 'quarterdeck-snapshot', version: 1, name: request.name, reason: request.reason },
      ...{ backupId: backup.id, backupName: backup.name, hostName: request.hostName, hostId: backup.hostId },
      ...{ startedAt, finishedAt: parts.clock.now(), quarterdeck: parts.version, parts: made },
    }
    for (const place of left(places, failed)) {
      try {
        snapshots.push(await parts.snapshots.commit(place.id, place.open, manifest, signal))
      } catch (caught) {
        giveUp(place, caught)
      }
    }
    if (snapshots.length === 0) throw lastOf(failed)
    const kept = places.filter(({ id }) => snapshots.some(({ targetId }) => targetId === id))
    for (const place of kept) await tellRoom(parts, place)
    // the snapshots of a backup that was removed just now stay where they are
    if (!signal.aborted) await retain(parts, request, kept)
    return { snapshots, failed }
  } catch (caught) {
    if (snapshots.length === 0) for (const place of places) await clear(place, request)
    throw caught
  } finally {
    parts.sealing.ended(backup.id)
    for (const place of places) {
      if (failed.has(place.id)) await clear(place, request)
      await place.open.dispose().catch(() => {})
    }
  }
}

async function openPlaces(
  { targets, snapshots }: TakeParts,
  { backup, signal, say, name }: TakeRequest,
  failed: Map<string, AppError>,
): Promise<Place[]> {
  const places: Place[] = []
  for (const id of backup.targets) {
    const target = targets.get(id)
    let open: TargetStore | null = null
    try {
      open = await targets.open(id, signal)
      await snapshots.sync(id, open, backup.id, folderOf({ backupId: backup.id, name }))
      places.push({ id, name: target.name, open })
    } catch (caught) {
      await open?.dispose().catch(() => {})
      failed.set(id, AppError.from(caught))
      targets.saw(id, null, inWords(caught))
      say({ ok: false, text: `${target.name}: ${inWords(caught)}` })
    }
  }
  if (places.length === 0) throw lastOf(failed)
  return places
}

async function takeParts(
  parts: TakeParts,
  request: TakeRequest,
  places: readonly Place[],
  giveUp: (place: Place, caught: unknown) => void,
): Promise<SnapshotPart[]> {
  const { backup, say } = request
  const gone = new Set<string>()
  const made: SnapshotPart[] = []
  const wanted = request.exactly ?? (await partsOf(parts.sources, backup, request.signal))
  for (const source of wanted) {
    const present = places.filter(({ id }) => !gone.has(id))
    const { part, lost } = await orOtherWay(parts.sources.typeOf(source.type), otherWay =>
      takePart(parts, request, source, present, otherWay),
    )
    for (const [place, error] of lost) {
      gone.add(place.id)
      giveUp(place, error)
    }
    made.push(part)
    say({ ok: true, text: `${source.key}: ${part.verified}` })
    for (const note of part.notes) say({ ok: true, text: `${source.key}: ${note}` })
  }
  return made
}

async function takePart(
  parts: TakeParts,
  { backup, name, exactly, signal, meter }: TakeRequest,
  source: Backup['sources'][number],
  places: readonly Place[],
  otherWay: boolean,
): Promise<{ part: SnapshotPart; lost: ReadonlyMap<Place, AppError> }> {
  const on = { hostId: backup.hostId, backupId: backup.id, signal }
  return await parts.sources.use(source, on, async ({ type, spec, context }) => {
    const label = type.label(spec)
    meter.step(`Dumping ${label}`, source.key)
    const encrypt = await parts.sealing.encryptor(backup)
    const asked = backup.compression === 'auto' && !zstdHere ? 'gzip' : backup.compression
    const identity = parts.sources.identity(backup.hostId)
    const cannotDump = (caught: unknown): never => {
      throw exactly ? caught : dumpFailure(type, source, caught)
    }
    const dump = await type.dump(context, spec, { compression: asked, otherWay }).catch(cannotDump)
    const want = wantOf(backup.compression, dump.compression)
    const file = `${source.key}.${dump.extension}${packedExtension(want)}${encrypt === null ? '' : '.age'}`
    const path = `${folderOf({ backupId: backup.id, name })}/${file}`
    const lost = new Map<Place, AppError>()
    const writing: { place: Place; writer: TargetWriter }[] = []
    meter.step(`Dumping ${label}`, source.key, dump.totalBytes)
    for (const place of places) {
      try {
        writing.push({ place, writer: await place.open.create(path, signal) })
      } catch (caught) {
        lost.set(place, AppError.from(caught))
      }
    }
    if (writing.length === 0) {
      // nobody reads it: it ends with its stream
      dump.ended.catch(() => {})
      dump.stream.destroy()
      throw lastOf(lost)
    }
    const writers = writing.map(({ writer }) => writer)
    const done = await transfer({
      ...{ source: dump.stream, compression: dump.compression, want, encrypt, writers, signal },
      ended: dump.ended.catch(cannotDump),
      ...{ bytesPerSecond: backup.bytesPerSecond, clock: parts.clock, rawToo: !parts.sealing.readable(backup) },
      onProgress: stored => meter.bytes(dump.packed?.() ?? stored),
    })
    for (const [index, error] of done.failed) {
      const failed = writing[index]
      if (failed) lost.set(failed.place, error)
    }
    const { end } = done
    const thought = Math.max(dump.totalBytes ?? 0, dump.packed?.() ?? 0, done.bytes)
    const part: SnapshotPart = {
      ...{ key: source.key, type: source.type, spec: source.spec, file, compression: want },
      ...{ bytes: done.bytes, sha256: done.sha256 },
      // seen on the way, or when it is read back
      ...{ rawBytes: done.raw?.bytes ?? thought, rawSha256: done.raw?.sha256 ?? done.sha256 },
      ...{ identity: { ...identity, source: end.identity }, encryption: encrypt?.kind ?? 'none' },
      ...(encrypt === null ? {} : { keyId: encrypt.keyId }),
      ...{ versions: [...end.versions], tables: [...end.tables], notes: [...end.notes], verified: '' },
    }
    meter.step(`Verifying ${label}`, source.key)
    return await provePart(part, {
      ...{ snapshots: parts.snapshots, manifest: { backupId: backup.id, name }, places, lost, raw: done.raw, signal },
      look: parts.sealing.readable(backup) ? artefact => type.verify(context, spec, artefact) : null,
    })
  })
}

/** How it is stored: as it comes where that is right, packed here where the host could not. */
function wantOf(chosen: Backup['compression'], comes: SnapshotPart['compression']): SnapshotPart['compression'] {
  if (chosen !== 'auto') return chosen
  if (comes !== 'none') return comes
  return zstdHere ? 'zstd' : 'gzip'
}

/** Only after a verified success (semantics 30), and not before a restore: what is about to be restored must not go. */
async function retain(parts: TakeParts, { backup, reason, say }: TakeRequest, places: readonly Place[]): Promise<void> {
  if (reason === 'before-restore') return
  const zone = backup.schedule?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  for (const place of places) {
    try {
      const gone = await parts.snapshots.retain(place.id, place.open, backup.id, backup.retention, zone)
      if (gone.length > 0) say({ ok: true, text: `${place.name}: ${gone.length} old one(s) removed` })
    } catch (caught) {
      say({ ok: false, text: `${place.name}: old ones could not be removed. ${inWords(caught)}` })
    }
  }
}

/** What is left there is only for the eye: where it cannot be told, the snapshot is as good. */
async function tellRoom({ targets }: TakeParts, { id, open }: Place): Promise<void> {
  try {
    targets.saw(id, await open.freeBytes(), null)
  } catch {
    // asked again by itself
  }
}

/** What was written of a snapshot that is none. Whatever cannot be removed now is swept by the next run. */
async function clear({ open }: Place, { backup, name }: TakeRequest): Promise<void> {
  try {
    const folder = folderOf({ backupId: backup.id, name })
    const files = await open.list(folder)
    // without its manifest it is no backup, whatever else is left
    if (files.length > 0) await open.remove([manifestOf(folder), ...files.map(({ path }) => path)])
  } catch {
    // the target is not there: the next run sweeps
  }
}

const left = (places: readonly Place[], failed: ReadonlyMap<string, AppError>): Place[] =>
  places.filter(({ id }) => !failed.has(id))

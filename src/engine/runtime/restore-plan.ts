// Finds what a restore would do, and what speaks against it, without changing anything. Knows no kind of source.
import { AppError } from '../../shared/errors.ts'
import type { RestoreDraft, RestorePlan, TableDifference } from '../../shared/model/restore.ts'
import type { Snapshot, SnapshotPart } from '../../shared/model/snapshot.ts'
import type { SourceLook } from '../backups/index.ts'
import { sourceKeyOf } from '../domain/part-keys.ts'
import type { Store } from '../store/store.ts'
import type { Snapshots } from './snapshots.ts'
import { isOffline, type SourceAccess, sameIdentity } from './source-access.ts'
import { inWords, type Targets } from './targets.ts'

export interface RestorePlanParts {
  readonly store: Pick<Store, 'backups' | 'hosts'>
  readonly sources: SourceAccess
  readonly snapshots: Snapshots
  readonly targets: Pick<Targets, 'open'>
}

/** The plan, and which of its parts are there now. */
export interface Planned {
  readonly plan: RestorePlan
  readonly hostId: string
  readonly present: readonly string[]
}

/** Rejects with NOT_CONNECTED where the host is away, NOT_FOUND where the snapshot or a part of it is not there. */
export async function planRestore(parts: RestorePlanParts, draft: RestoreDraft, signal: AbortSignal): Promise<Planned> {
  const snapshot = parts.snapshots.get(draft.snapshotId)
  const { manifest } = snapshot
  const inPlace = draft.to.kind === 'in-place'
  const hostId = draft.to.kind === 'in-place' ? manifest.hostId : draft.to.hostId
  const hostName = parts.store.hosts.get(hostId)?.name
  if (hostName === undefined)
    throw new AppError('NOT_FOUND', 'The host is not configured any more', { hint: 'Restore it to another host.' })
  const chosen = chosenParts(snapshot, draft)
  parts.sources.session(hostId)
  const problems: string[] = []
  if (snapshot.state !== 'good') problems.push(`This snapshot is ${snapshot.state}. ${snapshot.problem ?? ''}`.trim())
  else {
    const why = await openable(parts, snapshot, chosen, signal)
    if (why !== null) problems.push(why)
  }
  const present: string[] = []
  const planned: RestorePlan['parts'] = []
  for (const part of chosen)
    planned.push(
      await parts.sources.use(
        part,
        { hostId, backupId: manifest.backupId, signal },
        async ({ type, spec, context }) => {
          const base = { key: part.key, type: part.type, thenBytes: part.rawBytes }
          if (draft.to.kind === 'elsewhere') {
            const place = placeOf(draft.to.place, part, chosen.length)
            const steps = [`Restore it to ${place}, which must not exist yet`, 'Nothing that is there is replaced']
            return { ...base, place, nowBytes: null, nowChangedAt: null, sameIdentity: true, tables: [], steps }
          }
          let look: SourceLook
          try {
            look = await type.look(context, spec)
            const space = await type.space(context, spec, part)
            if (space !== null && space.free !== null && space.free < space.needs)
              problems.push(`${part.key} needs ${space.needs} bytes of room where it lies, and there are ${space.free}`)
          } catch (caught) {
            if (isOffline(caught)) throw caught
            problems.push(`${part.key}: ${inWords(caught)}`)
            const place = type.label(spec)
            return { ...base, place, nowBytes: null, nowChangedAt: null, sameIdentity: false, tables: [], steps: [] }
          }
          const there = look.bytes !== null
          if (there) present.push(part.key)
          // of what is not there any more only the machine can be told
          const source = there ? look.identity : part.identity.source
          const same = sameIdentity(part.identity, { ...parts.sources.identity(hostId), source })
          return {
            ...{ ...base, place: look.place, nowBytes: look.bytes, nowChangedAt: look.changedAt, sameIdentity: same },
            ...{ tables: there ? differences(part, look) : [], steps: type.plan(spec) },
          }
        },
      ),
    )
  const stored = parts.store.backups.get(manifest.backupId)
  const lost = present.filter(key => !stored?.backup.sources.some(source => source.key === sourceKeyOf(key)))
  // nothing is replaced without a backup before
  if (!stored && lost.length > 0)
    problems.push(
      'Its backup is not set up here, so what is there now could not be backed up first. Restore it elsewhere',
    )
  else if (lost.length > 0)
    problems.push(`${lost.join(', ')} is not part of the backup any more. Add it again, or restore it elsewhere`)
  const unit = inPlace ? (stored?.backup.unit ?? null) : null
  const confirm = inPlace ? `${hostName}/${manifest.backupName}` : hostName
  return { plan: { snapshot, hostName, confirm, unit, parts: planned, problems }, hostId, present }
}

/** Throws NOT_FOUND for a key that the snapshot has not. */
export function chosenParts({ manifest }: Snapshot, { parts }: Pick<RestoreDraft, 'parts'>): SnapshotPart[] {
  const missing = parts.find(key => !manifest.parts.some(part => part.key === key))
  if (missing !== undefined) throw new AppError('NOT_FOUND', `This snapshot has no part ${missing}`)
  return manifest.parts.filter(({ key }) => parts.length === 0 || parts.includes(key))
}

/** Where a part goes elsewhere: the place that was named, and beside it where there are several; another one for each key. */
export function placeOf(place: string, { key }: SnapshotPart, count: number): string {
  if (count === 1) return place
  return place.startsWith('/') ? `${place.replace(/\/+$/, '')}-${key}` : `${place}_${key.replace('.', '_')}`
}

/** Can it be read, as far as that can be told without reading it? */
async function openable(
  { snapshots, targets }: RestorePlanParts,
  snapshot: Snapshot,
  chosen: readonly SnapshotPart[],
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const open = await targets.open(snapshot.targetId, signal)
    try {
      const keys = chosen.map(({ key }) => key)
      await snapshots.artefacts(snapshot, open, keys)
    } finally {
      await open.dispose().catch(() => {})
    }
    return null
  } catch (caught) {
    return inWords(caught)
  }
}

function differences(part: SnapshotPart, look: SourceLook): TableDifference[] {
  const now = new Map(look.tables.map(table => [table.name, table]))
  const then = new Map(part.tables.map(table => [table.name, table]))
  const names = [...new Set([...then.keys(), ...now.keys()])].sort()
  return names.slice(0, 5_000).map(name => {
    const [before, after] = [then.get(name), now.get(name)]
    return {
      ...{ name, rowsNow: after?.rows ?? null, rowsThen: before?.rows ?? null },
      schema: !before ? 'only-now' : !after ? 'only-then' : sameSchema(before.schema, look.schemas[name]),
    }
  })
}

function sameSchema(then: string | undefined, now: string | undefined): TableDifference['schema'] {
  if (then === undefined || now === undefined) return 'unknown'
  return then === now ? 'same' : 'changed'
}

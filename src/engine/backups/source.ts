// What a kind of backup source is: how it is dumped, looked at, put back and proven; knows no kind, no target, no schedule and no manifest.
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { AppError } from '../../shared/errors.ts'
import type { SourceDraft } from '../../shared/model/backup.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Host } from '../../shared/model/host.ts'
import type { SnapshotItem, SnapshotPart, TableFact } from '../../shared/model/snapshot.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Link, SqliteFiles } from '../ports.ts'

/** All that a source may use. It reaches the host only through the link. Whatever fails is thrown as an AppError that says what to do. */
export interface SourceContext {
  readonly host: Host
  readonly link: Link
  /** May it become root? */
  readonly sudo: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  /** A secret field of the spec, from the vault; null where none is stored. Rejects with VAULT_LOCKED. */
  secret(field: string): Promise<string | null>
  /** A folder of this computer for the length of this call, mode 0700, removed afterwards. */
  scratch(): Promise<string>
  /** SQLite files of this computer, looked at beside the engine's own thread. */
  readonly sqlite: SqliteFiles
}

export type Compression = 'zstd' | 'gzip' | 'none'

/** A source as it is now, found without changing anything. */
export interface SourceLook {
  /** The source's own identity (semantics 32): what must be the same for a restore in place. */
  readonly identity: string
  /** Where it lies, as a person would say it: a path, `database app on port 5432`. */
  readonly place: string
  /** Null where it is not there (any more): that is no failure. */
  readonly bytes: number | null
  readonly changedAt: number | null
  readonly versions: readonly string[]
  readonly tables: readonly TableFact[]
  /** Hash of each table's definition by name, to be compared; empty where there are no tables. */
  readonly schemas: Readonly<Record<string, string>>
}

/** What a dump was, known at its end. */
export interface DumpEnd {
  /** Of the stream as it was sent, packed, as the host hashed it; checked against what arrived. */
  readonly sha256: string
  readonly identity: string
  readonly versions: readonly string[]
  readonly tables: readonly TableFact[]
  readonly notes: readonly string[]
}

export interface Dump {
  /** In `compression`, as the host sends it. */
  readonly stream: Readable
  readonly compression: Compression
  /** Of the raw content, without the compression: `db`, `dump`, `tar`. */
  readonly extension: string
  /** An estimate for the progress, of the raw content. */
  readonly totalBytes: number | null
  /** How much of the raw content the host has packed so far; null where it cannot tell. */
  packed?(): number | null
  /**
   * Resolves once the stream was read to its end and every program of the pipe ended with 0; rejects otherwise (link lost, disk full there,
   * dump killed). Whatever the dump made on the host is gone by then, either way.
   */
  readonly ended: Promise<DumpEnd>
}

export interface DumpOptions {
  /** In which the host should send; it takes the best that it has, and `Dump.compression` says which. */
  readonly compression: 'auto' | Compression
  /** The first try failed so that `hasOtherWay` said yes: it is that way's turn. */
  readonly otherWay?: boolean
}

/** A part of a snapshot to read from. */
export interface Artefact {
  readonly part: SnapshotPart
  /** Decrypted and decompressed, hashed on the way: the stream fails at its end where it is not what the manifest says. */
  open(signal?: AbortSignal): Promise<Readable>
  /** Decrypted only. */
  openCompressed(signal?: AbortSignal): Promise<Readable>
}

/** What a verification said; `tables`, where it counted them, take the place of those that the dump told. */
export interface Verified {
  readonly said: string
  readonly tables?: readonly TableFact[]
}

export const verifiedOf = (answer: string | Verified): Verified =>
  typeof answer === 'string' ? { said: answer } : answer

/** What was restored beside, and what is known of it. `id` names it so that a kill at any step finds it again. */
export interface Staging {
  /** Short, `[a-z0-9]`: part of the names of what lies on the host. */
  readonly id: string
}

export interface BackupSourceType<S extends z.ZodObject = z.ZodObject> {
  readonly type: string
  readonly title: string
  readonly description: string
  /** Fields carry `.meta({ title, description })`; one with `.meta({ secret: true })` is kept in the vault and is absent from the spec. */
  readonly spec: S
  /** In a few words, for lists: the path or database. */
  label(spec: z.output<S>): string
  /**
   * What a spec stands for that means several, such as all databases of a server: asked for at every run, so that what came since is in it. Each
   * becomes a part of its own, whose key is the source's and this one, with a dot between. Null where the spec is one part as it is.
   */
  expand?(
    context: SourceContext,
    spec: z.output<S>,
  ): Promise<readonly { readonly key: string; readonly spec: z.output<S> }[] | null>
  /** With `expand`: the title of the field that leaves one of the several out. */
  readonly leaveOut?: string
  look(context: SourceContext, spec: z.output<S>): Promise<SourceLook>
  /** Opens a consistent dump while the source is in use. Nothing is read before the stream is. */
  dump(context: SourceContext, spec: z.output<S>, options: DumpOptions): Promise<Dump>
  /** May a dump that failed so be taken once more, in another way that this kind knows? Pure. */
  hasOtherWay?(failure: AppError): boolean
  /**
   * The source-specific check of semantics 29 (`pg_restore -l`, integrity_check, tar list), on what lies on the target. Says in words what was
   * checked, and what only then is known; rejects with BACKUP_BAD where it is not good.
   */
  verify(context: SourceContext, spec: z.output<S>, artefact: Artefact): Promise<string | Verified>
  /** Restores to a scratch place, looks at it, drops it (R33): every line of evidence that is not ok fails the drill. */
  drill(context: SourceContext, spec: z.output<S>, artefact: Artefact): Promise<Evidence[]>
  /** What is in it; null where it has no inside worth a list. */
  items?(context: SourceContext, artefact: Artefact): Promise<SnapshotItem[]>
  /** One item as a stream: a file's bytes, a table as CSV. */
  extract?(context: SourceContext, artefact: Artefact, path: string): Promise<Readable>

  /** It is restored by its server, which has to run meanwhile. */
  readonly byServer?: true
  /** What `restore` will do, in sentences, for the wizard. Pure. */
  plan(spec: z.output<S>): string[]
  /** Free bytes that a restore in place needs and has where it lies; null where it cannot be known. Rejects where it may not be restored there. */
  space(
    context: SourceContext,
    spec: z.output<S>,
    artefact: SnapshotPart,
  ): Promise<{ needs: number; free: number | null } | null>
  /** Restores beside what is there (semantics 32); repeats after a kill from a clean beginning. */
  stage(context: SourceContext, spec: z.output<S>, artefact: Artefact, staging: Staging): Promise<void>
  /** Looks at what was staged; not ok fails the restore before anything was touched. */
  check(context: SourceContext, spec: z.output<S>, part: SnapshotPart, staging: Staging): Promise<Evidence[]>
  /** Puts the staged one in place of the present one in one step; the old one is kept. Says where. Repeating it once it is done is no harm. */
  swap(context: SourceContext, spec: z.output<S>, staging: Staging): Promise<{ kept: string | null }>
  /** The opposite of `swap`, in one step; harmless where nothing was swapped. */
  swapBack(context: SourceContext, spec: z.output<S>, staging: Staging): Promise<void>
  /** How far it is: asked after a kill. */
  stagedState(context: SourceContext, spec: z.output<S>, staging: Staging): Promise<'nothing' | 'staged' | 'swapped'>
  /** Removes what was staged, and never what is in place. */
  discard(context: SourceContext, spec: z.output<S>, staging: Staging): Promise<void>
  /** Removes the old one that `swap` kept. */
  dropOld(context: SourceContext, spec: z.output<S>, staging: Staging): Promise<void>
  /**
   * Restores to another place that must not exist yet: a folder, or for a database the name of a new one. Says where it is. What it makes is marked
   * as this restore's until `settleTo`.
   */
  restoreTo(
    context: SourceContext,
    spec: z.output<S>,
    artefact: Artefact,
    place: string,
    staging: Staging,
  ): Promise<string>
  /**
   * After `restoreTo`, however it ended, also by a kill: removes what it did not finish and takes the mark off what it did. True where it is whole.
   * Touches nothing without the mark; once settled the answer is no.
   */
  settleTo(context: SourceContext, spec: z.output<S>, place: string, staging: Staging): Promise<boolean>
  /** What `restoreTo` did not finish and left until then, by the names under which a person finds it. Pure. */
  unsettledAt(spec: z.output<S>, place: string, staging: Staging): string

  /** Sources of this kind that a unit seems to use, for the "bot" preset; looks, changes nothing. */
  propose?(context: SourceContext, unit: CheckUnit): Promise<{ source: SourceDraft; reason: string }[]>
}

/** Keeps the spec's type while a kind is declared. */
export const backupSourceType = <S extends z.ZodObject>(type: BackupSourceType<S>): BackupSourceType<S> => type

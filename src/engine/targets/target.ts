// What a kind of place for backups is: files that are written whole or not at all; knows no snapshot, no manifest and no source.
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import type { AsyncDisposable } from '../lib/disposable.ts'
import type { Link } from '../ports.ts'

/** All that a target may use. Whatever fails is thrown as an AppError that says what to do. */
export interface TargetContext {
  readonly clock: Clock
  /** The link of a configured host; rejects with NOT_CONNECTED. */
  link(hostId: string): Promise<Link>
  secret(field: string): Promise<string | null>
  /** Where the app keeps backups unless told. */
  readonly defaultFolder: string
}

export interface TargetFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly bytes: number
  readonly modifiedAt: number | null
}

/** A file being written as `PATH.partial` (semantics 29). Backpressure by the promises. */
export interface TargetWriter {
  write(chunk: Uint8Array): Promise<void>
  /** The far end counts what it holds, and hashes it where the store `hashes`; fsync; rename to PATH. Rejects, with nothing left, where it is not the same. */
  finish(expected: { bytes: number; sha256: string }): Promise<void>
  /** Removes what was written. Never rejects. */
  abort(): Promise<void>
}

/** A target that is open. Paths are relative, `[A-Za-z0-9._-]` and `/`, and can never leave the target's folder. */
export interface TargetStore extends AsyncDisposable {
  /** Does the far end itself hash what it holds? Where not, a file that was written counts only once it was read again. */
  readonly hashes: boolean
  freeBytes(): Promise<number | null>
  create(path: string, signal?: AbortSignal): Promise<TargetWriter>
  /** Writes a small file in one step: the manifest's commit. */
  put(path: string, content: Uint8Array): Promise<void>
  read(path: string, signal?: AbortSignal): Promise<Readable>
  /** All files below, `.partial` ones too; empty where there is no such folder. */
  list(prefix: string): Promise<TargetFile[]>
  /** Removes files, and folders that are empty by then. Missing ones are no failure. */
  remove(paths: readonly string[]): Promise<void>
}

export interface TargetType<S extends z.ZodObject = z.ZodObject> {
  readonly type: string
  readonly title: string
  readonly description: string
  /** Fields carry `.meta({ title, description })`; one with `.meta({ secret: true })` is kept in the vault and is absent from the spec. */
  readonly spec: S
  /** The host that has to be connected; null for none. */
  hostOf(spec: z.output<S>): string | null
  open(context: TargetContext, spec: z.output<S>, signal?: AbortSignal): Promise<TargetStore>
}

export const targetType = <S extends z.ZodObject>(type: TargetType<S>): TargetType<S> => type

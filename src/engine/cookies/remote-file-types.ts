// What is known of a cookie file on a host and how writing one ends, as data; knows neither scripts nor links.

const fileKinds = ['file', 'missing', 'symlink', 'directory', 'fifo', 'socket', 'device'] as const
export type FileKind = (typeof fileKinds)[number]

/** Why a file cannot be read or written as semantics 26–28 want it, and what a person does about it. */
export interface FileProblem {
  readonly code: FileProblemCode
  readonly message: string
  readonly hint: string
}

export type FileProblemCode =
  | 'path'
  | 'tools'
  | 'folder'
  | 'missing'
  | 'kind'
  | 'links'
  | 'too-large'
  | 'folder-writable'
  | 'folder-owner'
  | 'unreadable'
  | 'changing'
  | 'owner'
  | 'group'
  | 'metadata'
  | 'immutable'
  | 'folder-rights'
  | 'read-only'
  | 'disk-full'
  | 'changed'
  | 'busy'
  | 'failed'

/** A file as it lies on the host. `content` is a secret: keep it no longer than needed. */
export interface RemoteFileFacts {
  readonly path: string
  readonly kind: FileKind
  readonly bytes: number | null
  /** Of what was read, computed here; null where it could not be read. */
  readonly sha256: string | null
  readonly content: Uint8Array | null
  readonly uid: number | null
  readonly gid: number | null
  readonly owner: string | null
  readonly group: string | null
  /** As in `0600`. */
  readonly mode: string | null
  readonly links: number | null
  /** Does it have an access control list beyond its mode? Null where the host has nothing that could tell. */
  readonly acl: boolean | null
  /** Wall ms. */
  readonly modifiedAt: number | null
  readonly folder: { readonly uid: number; readonly owner: string; readonly mode: string } | null
  /** Why it could not be written now; empty where it could. The most telling one first. */
  readonly problems: readonly FileProblem[]
  /** Old files beside it that writing left, oldest first. */
  readonly backups: readonly string[]
}

export const writeSteps = [
  'look',
  'clean',
  'receive',
  'metadata',
  'back-up',
  'compare',
  'rename',
  'settle',
  'read-back',
] as const
/** `look`: all checks. `settle`: the folder is made durable and the oldest backups go. */
export type WriteStep = (typeof writeSteps)[number]

/** What lies at the path after a write that did not succeed. `unknown` only while the host cannot be asked. */
export type Present = 'old' | 'new' | 'other' | 'missing' | 'unknown'

export type WriteResult =
  | { readonly ok: true; readonly sha256: string; readonly backup: string }
  | {
      readonly ok: false
      readonly step: WriteStep
      readonly code: FileProblemCode | 'lost'
      readonly message: string
      readonly hint: string
      readonly present: Present
      /** The backup that is known to lie there, where one was made. */
      readonly backup: string | null
    }

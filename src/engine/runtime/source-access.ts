// Opens what a source of a backup may use on its host, and says of which machine it is; knows no kind of source.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import type { SourceIdentity } from '../../shared/model/snapshot.ts'
import { type BackupSourceType, backupSourceTypeOf, type SourceContext } from '../backups/index.ts'
import { sourceKeyOf } from '../domain/part-keys.ts'
import type { Clock } from '../lib/clock.ts'
import type { Link, SqliteFiles } from '../ports.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { HostSession } from './host-session.ts'
import { usesSudo } from './login-file.ts'
import type { Vault } from './vault.ts'

export interface SourceAccessOptions {
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  vault: Pick<Vault, 'get'>
  sqlite: SqliteFiles
  /** For what a source needs on this computer for a while. */
  scratchFolder: string
  clock: Clock
  typeOf?: (type: string) => BackupSourceType | undefined
}

/** A part of a backup as it can be worked with. */
export interface OpenSource {
  readonly type: BackupSourceType
  /** Parsed by the kind. */
  readonly spec: never
  readonly context: SourceContext
}

interface Part {
  readonly key: string
  readonly type: string
  readonly spec: Record<string, unknown>
}

interface On {
  readonly hostId: string
  readonly backupId: string
  readonly signal: AbortSignal
  /** The host need not be connected: only what lies on a target is looked into. */
  readonly offline?: boolean
}

export class SourceAccess {
  readonly #options: SourceAccessOptions
  readonly #typeOf: (type: string) => BackupSourceType | undefined

  constructor(options: SourceAccessOptions) {
    this.#options = options
    this.#typeOf = options.typeOf ?? backupSourceTypeOf
  }

  /** Removes what an engine that was killed left behind. */
  async start(): Promise<void> {
    await rm(this.#options.scratchFolder, { recursive: true, force: true })
  }

  /** Undefined for a kind that this version does not have. */
  find(type: string): BackupSourceType | undefined {
    return this.#typeOf(type)
  }

  /** Throws UNSUPPORTED. */
  typeOf(type: string): BackupSourceType {
    const found = this.#typeOf(type)
    if (!found) throw new AppError('UNSUPPORTED', `This version cannot back up ${type}`)
    return found
  }

  /** Throws NOT_CONNECTED unless the host can be talked to now. */
  session(hostId: string): HostSession {
    return readySession(this.#options.session(hostId))
  }

  /** Is its link up, whether or not all is known of it yet? */
  isReady(hostId: string): boolean {
    return this.#options.session(hostId)?.link.status.state === 'ready'
  }

  /** Which machine this is, by its key and its id. */
  identity(hostId: string): Omit<SourceIdentity, 'source'> {
    const { link, facts } = this.session(hostId)
    return { hostKey: link.hostKey ?? null, machineId: facts?.machineId ?? null }
  }

  /** Runs `work` with a source on a host; its scratch folders are gone afterwards. `backupId` names whose secrets it may have. */
  async use<T>(part: Part, on: On, work: (open: OpenSource) => Promise<T>): Promise<T> {
    const kind = this.kindOf(part)
    return await this.ask(part.key, on, context => work({ ...kind, context }))
  }

  /** The part's kind and its spec, as that reads it. */
  kindOf(part: Part): Omit<OpenSource, 'context'> {
    const type = this.typeOf(part.type)
    return { type, spec: type.spec.parse(part.spec) as never }
  }

  /** The same for what has no spec yet. */
  async ask<T>(key: string, on: On, work: (context: SourceContext) => Promise<T>): Promise<T> {
    const folders: string[] = []
    try {
      return await work(this.#context(key, on, folders))
    } finally {
      for (const folder of folders) await rm(folder, { recursive: true, force: true }).catch(() => {})
    }
  }

  #context(key: string, on: On, folders: string[]): SourceContext {
    const { vault, sqlite, clock, scratchFolder } = this.#options
    const session = on.offline ? this.#options.session(on.hostId) : this.session(on.hostId)
    return {
      ...(session ? { host: session.host, link: session.link, sudo: usesSudo(session) } : nobody(on.hostId)),
      ...{ clock, signal: on.signal, sqlite },
      secret: async field => vault.get(fieldSecretId('backup', on.backupId, `${sourceKeyOf(key)}.${field}`)),
      async scratch() {
        await mkdir(scratchFolder, { recursive: true, mode: 0o700 })
        const folder = await mkdtemp(join(scratchFolder, 'part-'))
        folders.push(folder)
        return folder
      },
    }
  }
}

/** A host that was removed: what lies on a target is looked into without it, and whoever asks it something hears why not. */
function nobody(hostId: string): Pick<SourceContext, 'host' | 'link' | 'sudo'> {
  const gone = (): never => {
    throw new AppError('NOT_FOUND', 'The host of this backup is not configured any more')
  }
  const link = new Proxy({} as Link, { get: gone })
  return { host: { id: hostId, name: hostId } as Host, link, sudo: false }
}

/** Throws NOT_CONNECTED unless the host can be worked on now. */
export function readySession(session: HostSession | null): HostSession {
  if (session?.link.status.state === 'ready' && session.facts !== null) return session
  throw new AppError('NOT_CONNECTED', `${session?.host.name ?? 'The host'} is not connected`, {
    hint: 'It goes on when the host is back.',
  })
}

/** The same machine and the same source in it? What one of them cannot tell is not held against it. */
export function sameIdentity(then: SourceIdentity, now: SourceIdentity): boolean {
  const agree = (a: string | null, b: string | null): boolean => a === null || b === null || a === b
  // copies of one image have one id, and a machine that was set up anew may have its old key: both have to agree
  return then.source === now.source && agree(then.machineId, now.machineId) && agree(then.hostKey, now.hostKey)
}

/** The host was not there, or went: nobody's failure, and tried again when it is back (semantics 31). */
export function isOffline(caught: unknown): boolean {
  const { code } = AppError.from(caught)
  return code === 'NOT_CONNECTED' || code === 'LINK_LOST' || code === 'UNREACHABLE'
}

// What the engine needs from the outside world, stated once: links to hosts, units, journal, metrics, secrets, the desktop. Knows no implementation.
import type { Duplex } from 'node:stream'
import type {
  LoginWindowRequest,
  LoginWindowResult,
  NativeNotification,
  TraySummary,
} from '../shared/contract/native.ts'
import type { ErrorShape } from '../shared/errors.ts'
import type { ConnectionStatus, Host, HostFacts, HostKey } from '../shared/model/host.ts'
import type {
  JournalBoot,
  JournalEntry,
  JournalFilter,
  JournalPage,
  JournalPageQuery,
} from '../shared/model/journal.ts'
import type { HostSample } from '../shared/model/metric.ts'
import type { Timer, Unit, UnitScope, UnitTransition, UnitVerb } from '../shared/model/unit.ts'
import type { AsyncDisposable, Disposable } from './lib/disposable.ts'

// ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How a remote command ended (semantics 7). Exit and signal both null means lost, never success. */
export interface ExecResult {
  readonly exit: number | null
  readonly signal: string | null
  readonly lost: boolean
  readonly timedOut: boolean
  /** Output went over the limit and was cut. */
  readonly truncated: boolean
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** The connection's generation that carried it (semantics 6). */
  readonly generation: number
}

export interface ExecOptions {
  /** Run as root by sudo (or directly where the user is root). Fails with SUDO_MISSING or SUDO_PASSWORD_WRONG. */
  readonly sudo?: boolean
  readonly stdin?: Uint8Array
  /** ms; 30 s unless told. */
  readonly timeout?: number
  /** Bytes of stdout kept, 8 MiB unless told (semantics 36). */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

export interface SpawnOptions {
  readonly sudo?: boolean
  readonly signal?: AbortSignal
  /** Much will flow: a receive window wide enough for a fast link with a long round trip. */
  readonly bulk?: boolean
}

/** A long-lived command on its own channel. Backpressure is the stream's. */
export interface RemoteProcess extends Disposable {
  readonly generation: number
  readonly stdin: NodeJS.WritableStream
  readonly stdout: NodeJS.ReadableStream
  readonly stderr: NodeJS.ReadableStream
  /** Resolves, never rejects, when the channel is closed. */
  readonly ended: Promise<{ exit: number | null; signal: string | null; lost: boolean }>
}

/**
 * A host as something to talk to, over SSH or on this computer. All methods reject with an AppError: NOT_CONNECTED before READY,
 * LINK_LOST when it goes while opening.
 */
export interface Link extends AsyncDisposable {
  readonly hostId: string
  readonly status: ConnectionStatus
  /** SHA-256 fingerprint of the key that the host proved itself by on this connection; null where there is none. */
  readonly hostKey?: string | null
  onStatus(listener: (status: ConnectionStatus) => void): Disposable
  /** Starts connecting and keeps connected until `stop`; wakes a link that waits for the user or for back-off. */
  start(): void
  stop(): void
  /** Tests at once whether the link is alive (after sleep, or when someone presses "reconnect"). */
  probe(): void
  /** Runs argv (quoted in one place, wrapped in `sh -c` where the login shell is not POSIX) to its end. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>
  /** Starts argv on a channel of its own. */
  spawn(argv: readonly string[], options?: SpawnOptions): Promise<RemoteProcess>
  /** A stream to a unix socket on the host (direct-streamlocal@openssh.com). */
  openUnixSocket(path: string): Promise<Duplex>
  /** A stream to host:port as seen from the host. */
  openTcp(address: string, port: number): Promise<Duplex>
}

// ── what is watched through a link ───────────────────────────────────────────────────────────────────────────────────

/** A unit's state without what the app adds (pins, resources from /proc). */
export type UnitState = Omit<Unit, 'pinned'>

export interface UnitChange {
  readonly unit: UnitState
  /** The state before, null for a unit that was not known. */
  readonly before: UnitState | null
  /** Wall ms at which it was noticed here. */
  readonly seenAt: number
  /** Of a unit that goes or went down: was that asked of systemd? Not there where nobody can tell. */
  readonly asked?: boolean
}

/** How systemd says a job ended; `done` is success. */
export type JobResult =
  | 'done'
  | 'failed'
  | 'canceled'
  | 'timeout'
  | 'dependency'
  | 'skipped'
  | 'invalid'
  | 'assert'
  | 'unsupported'
  | 'collected'
  | 'once'
  | 'frozen'
  | 'concurrency'

/** How an act on a unit ended. `lost`: the link broke after it was sent; it must be reconciled, never sent again blindly. */
export type ActResult =
  | { readonly kind: 'done'; readonly job: JobResult | null }
  | { readonly kind: 'refused'; readonly error: ErrorShape }
  | { readonly kind: 'lost' }

/** One scope's service manager on one host, alive as long as one connection generation. */
export interface UnitManager extends AsyncDisposable {
  readonly scope: UnitScope
  readonly source: 'dbus-socket' | 'dbus-bridge' | 'systemctl'
  readonly generation: number
  /** All loaded services (and those with a unit file that are not loaded), with state. Complete and cheap: from memory after the first call. */
  list(): readonly UnitState[]
  /** Asks systemd afresh for all details of one unit. Rejects with NOT_FOUND. */
  get(name: string): Promise<UnitState>
  timers(): Promise<readonly Timer[]>
  onChange(listener: (change: UnitChange) => void): Disposable
  onRemoved(listener: (name: string) => void): Disposable
  /** Set where only a part is watched, with why: too many services. */
  readonly problem?: ErrorShape | null
  /** Resolves when the manager can no longer be trusted (bus or link gone), with why. */
  readonly closed: Promise<ErrorShape | null>
  /** Does it, by the manager's own API where the user may, else by sudo systemctl; resolves when the job ended. */
  act(verb: UnitVerb, name: string, options?: { signal?: AbortSignal }): Promise<ActResult>
}

export interface JournalReader {
  page(query: JournalPageQuery, signal?: AbortSignal): Promise<JournalPage>
  /**
   * Batches of entries, oldest first: the newest `backlog`, or all after `cursor` or `filter.since`, and then, with `follow`, live ones
   * until `signal` aborts. Pulls no faster than it is read. Throws LINK_LOST where the link goes.
   */
  read(
    filter: JournalFilter,
    options: { follow: boolean; backlog?: number; cursor?: string; signal?: AbortSignal },
  ): AsyncIterable<readonly JournalEntry[]>
  boots(signal?: AbortSignal): Promise<readonly JournalBoot[]>
  /** The journalctl command that shows the same, as a person would type it. */
  command(filter: JournalFilter): string
  /**
   * What happened to the scope's units between two wall times, ascending, reconstructed from the service manager's own entries (R13).
   * Bounded; rejects with JOURNAL_RIGHTS where the journal may not be read.
   */
  transitions(scope: UnitScope, from: number, to: number, signal?: AbortSignal): Promise<readonly UnitTransition[]>
}

/** One look per `sample` call; the caller sets the pace (ticks), so nothing runs on the host between looks. */
export interface MetricSampler extends AsyncDisposable {
  readonly generation: number
  /** Units whose processes are to be summed. */
  watchUnits(units: readonly { scope: UnitScope; name: string; controlGroup?: string }[]): void
  sample(signal?: AbortSignal): Promise<HostSample>
  readonly closed: Promise<ErrorShape | null>
}

/** Opens what can be watched through a ready link; each is bound to the link's present generation. */
export interface Collector {
  facts(link: Link, host: Host): Promise<HostFacts>
  /** Rejects with NOT_SYSTEMD or ACCESS_DENIED. Tries the D-Bus socket, the stdio bridge, then polling systemctl. */
  units(link: Link, host: Host, scope: UnitScope): Promise<UnitManager>
  journal(link: Link, host: Host): JournalReader
  metrics(link: Link, host: Host): Promise<MetricSampler>
}

// ── what lies around on a host (R7) ──────────────────────────────────────────────────────────────────────────────────

export interface DiscoveredUnit {
  readonly scope: UnitScope
  readonly name: string
  /** Its WorkingDirectory; null where it has none of its own. */
  readonly folder: string | null
  readonly files: readonly { readonly path: string; readonly kind: 'sqlite' | 'cookies' }[]
}

export interface Discovery {
  /** What listens for TCP; the unit is null where it is not known, e.g. for want of rights. */
  readonly ports: readonly {
    readonly address: string
    readonly port: number
    readonly process: string | null
    readonly unit: Pick<DiscoveredUnit, 'scope' | 'name'> | null
  }[]
  /** Ports of the host's loopback that answer 200 as a web server, and at which path. */
  readonly endpoints: readonly { readonly port: number; readonly path: string }[]
  readonly units: readonly DiscoveredUnit[]
}

/** Looks around on a host; `units` are those that the person cares for. */
export type Discover = (
  link: Link,
  host: Host,
  units: readonly Pick<DiscoveredUnit, 'scope' | 'name'>[],
  signal: AbortSignal,
) => Promise<Discovery>

// ── database files of this computer ──────────────────────────────────────────────────────────────────────────────────

/** What a SQLite file holds. */
export interface SqliteLook {
  readonly version: string
  readonly bytes: number
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly schemaHash: string }[]
}

/** Reads SQLite files of this computer on a thread of their own, so that a large one never holds up the engine. Rejects with BACKUP_BAD. */
export interface SqliteFiles {
  /** integrity_check, then foreign_key_check, whose findings begin with `foreign key: `; empty where it is sound. */
  integrity(path: string, signal?: AbortSignal): Promise<string[]>
  look(path: string, signal?: AbortSignal): Promise<SqliteLook>
  /** A table as CSV (RFC 4180) into a file. */
  exportTable(path: string, table: string, to: string, signal?: AbortSignal): Promise<void>
  /** A copy of a database with its WAL beside it, made one file. */
  fold(path: string, signal?: AbortSignal): Promise<void>
}

// ── secrets and keys ─────────────────────────────────────────────────────────────────────────────────────────────────

export type HostSecretKind = 'password' | 'passphrase' | 'sudoPassword'

/** Reads secrets for a link at the moment they are needed. */
export interface SecretSource {
  /** Rejects with VAULT_LOCKED; null when none is stored. */
  hostSecret(hostId: string, kind: HostSecretKind): Promise<string | null>
}

/** What is known about host keys: ~/.ssh/known_hosts and what a person trusted in the app. */
export interface HostKeyBook {
  check(address: string, port: number, key: HostKey): 'trusted' | 'unknown' | 'changed' | 'revoked'
  /** Key types known for this address, so that the handshake asks for those first. */
  knownTypes(address: string, port: number): readonly string[]
}

/** Where trusted keys are kept by the app itself. */
export interface TrustedKeyStore {
  list(address: string, port: number): readonly HostKey[]
}

// ── the desktop ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What only the Electron shell can do; headless there is a smaller one. */
export interface Native {
  notify(notification: NativeNotification): Promise<{ shown: boolean; reason: string | null }>
  /** A button of a notification was pressed: the notification's id and the button's. */
  onActed(listener: (acted: { id: string; action: string }) => void): Disposable
  setTray(summary: TraySummary): void
  keyringStatus(): Promise<{ available: boolean; reason: string | null }>
  keyringWrap(plain: Uint8Array): Promise<Uint8Array>
  keyringUnwrap(wrapped: Uint8Array): Promise<Uint8Array>
  /** Gives the vault's key to whoever outlives this engine, in memory alone; null takes it back. */
  keepKey(key: Uint8Array | null): Promise<void>
  /** What an engine before this one gave; null where there was none, or nobody outlives an engine here. */
  keptKey(): Promise<Uint8Array | null>
  /**
   * Opens a window in which a person logs in; resolves when it captured the required cookies or was closed. An abort closes it. Rejects
   * with CONFLICT where one is open for this login, and, as the other three, with UNSUPPORTED where there is no desktop.
   */
  openLogin(request: LoginWindowRequest, signal?: AbortSignal): Promise<LoginWindowResult>
  /** Closes the window of this login, if there is one. */
  closeLogin(loginId: string): Promise<void>
  /** Visits the address with the kept session, without a window; null cookies where the session is no longer good. */
  refreshLogin(request: LoginWindowRequest, signal?: AbortSignal): Promise<LoginWindowResult>
  /** Removes the kept session. */
  forgetLogin(loginId: string): Promise<void>
}

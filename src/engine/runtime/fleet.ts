// All configured hosts and their sessions: add, edit, remove, connect; the place where jump chains are tied. Knows no transport.
import { AppError } from '../../shared/errors.ts'
import { type Host, type HostDraft, type HostSecrets, type HostView, localHostId } from '../../shared/model/host.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { Settings } from '../../shared/model/settings.ts'
import { maxJumps } from '../domain/connection-state.ts'
import { summariseFleet } from '../domain/fleet-summary.ts'
import { newHostId } from '../domain/host-id.ts'
import { jumpChain } from '../domain/jump-chain.ts'
import { sameLogin, sentSecrets } from '../domain/same-login.ts'
import type { Clock } from '../lib/clock.ts'
import { type AsyncDisposable, type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Collector, HostSecretKind, Link, Native } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { HostSession } from './host-session.ts'
import type { Publish } from './publish.ts'
import { hostSecretId, type Vault } from './vault.ts'

/** The tray follows changes at this pace. */
const trayMs = 500
const secretKinds = ['password', 'passphrase', 'sudoPassword'] as const satisfies readonly HostSecretKind[]

export interface FleetOptions {
  store: Store
  vault: Vault
  collectorFor: (host: Host) => Collector
  createLink: (host: Host, jump: { name: string; link: Link } | null) => Link
  /** A host's session is about to start: whoever watches it listens until the disposable's end. */
  onOpen: (session: HostSession) => Disposable
  /** A host is about to be removed for good. */
  onRemove: (hostId: string) => void
  native: Native
  clock: Clock
  log: Logger
  publish: Publish
  settings: () => Settings
  /** What is wrong and not over. */
  incidents: () => Incident[]
}

export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions
  readonly #sessions = new Map<string, { session: HostSession; bag: DisposableBag }>()
  #watched: ReadonlySet<string> = new Set()
  #tray: Disposable | null = null
  #disposed = false

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Opens a session for every stored host, hosts before those that jump through them. */
  async start(): Promise<void> {
    const hosts = this.#options.store.hosts.list()
    for (const host of hosts) await this.#open(host.id)
    this.#updateTray()
  }

  views(): HostView[] {
    // a host that is being opened anew, or removed, has no session for a moment
    return this.#options.store.hosts.list().flatMap(({ id }) => this.#sessions.get(id)?.session.view() ?? [])
  }

  /** Throws NOT_FOUND, and NOT_CONNECTED for the moment in which a host is opened anew. */
  session(hostId: string): HostSession {
    const entry = this.#sessions.get(hostId)
    if (entry) return entry.session
    const { name } = this.host(hostId)
    throw new AppError('NOT_CONNECTED', `${name} is just being opened anew`, { hint: 'Try again in a moment.' })
  }

  /** Null while a host has no session: it is being opened anew, or there is no such host. */
  peek(hostId: string): HostSession | null {
    return this.#sessions.get(hostId)?.session ?? null
  }

  sessions(): HostSession[] {
    return [...this.#sessions.values()].map(entry => entry.session)
  }

  async add(draft: HostDraft, secrets: HostSecrets): Promise<Host> {
    const { store, clock } = this.#options
    this.#check(null, draft)
    const id = newHostId(
      draft.name,
      store.hosts.list().map(host => host.id),
    )
    store.transaction(() => {
      store.hosts.insert({ ...draft, id, kind: 'ssh', createdAt: clock.now() })
      this.#storeSecrets(id, secrets)
    })
    await this.#open(id)
    this.#announce(id)
    return this.host(id)
  }

  async edit(id: string, draft: HostDraft, secrets: HostSecrets): Promise<Host> {
    if (id === localHostId) throw new AppError('INVALID_INPUT', 'This computer cannot be edited')
    this.session(id)
    this.#check(id, draft)
    const { store } = this.#options
    const kept = this.#secretsToKeep(id, draft, secrets)
    store.transaction(() => {
      store.hosts.update(id, draft)
      this.#storeSecrets(id, kept)
    })
    await this.#reopen(id)
    this.#announce(id)
    return this.host(id)
  }

  /** Throws NOT_FOUND, INVALID_INPUT, NOT_CONNECTED while it is opened anew, or CONFLICT where another host is reached through it. */
  judgeRemoval(id: string): void {
    if (id === localHostId) throw new AppError('INVALID_INPUT', 'This computer cannot be removed')
    this.session(id)
    const dependants = this.#options.store.hosts.list().filter(host => host.jump === id)
    if (dependants.length > 0)
      throw new AppError('CONFLICT', `${dependants.map(host => host.name).join(', ')} is reached through this host`, {
        hint: 'Edit those hosts first, so that they no longer jump through it.',
      })
  }

  /** Throws as `judgeRemoval`. Once it is asked, nothing begins on the host any more. */
  async remove(id: string): Promise<void> {
    this.judgeRemoval(id)
    await this.#close(id)
    this.#options.onRemove(id)
    this.#options.store.hosts.remove(id)
    this.#options.publish('host.removed', id)
    this.scheduleTray()
  }

  /** Throws NOT_FOUND. */
  host(id: string): Host {
    const host = this.#options.store.hosts.get(id)
    if (!host) throw new AppError('NOT_FOUND', `There is no host ${id}`)
    return host
  }

  /** Connects anew with what is stored now (a key was trusted, the vault was unlocked …). */
  connect(id: string): void {
    this.session(id).link.start()
  }

  disconnect(id: string): void {
    this.session(id).link.stop()
  }

  /** The hosts that someone looks at in any window. */
  setWatched(hostIds: ReadonlySet<string>): void {
    this.#watched = hostIds
    for (const [id, { session }] of this.#sessions) session.watch(hostIds.has(id))
  }

  /** Hosts that wait for a secret try again once it can be read. */
  onVaultUnlocked(): void {
    for (const session of this.sessions()) if (session.link.status.error?.code === 'VAULT_LOCKED') session.link.start()
  }

  onClockGap(from: number): void {
    for (const session of this.sessions()) session.onClockGap(from)
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    this.#tray?.dispose()
    // dependants before the hosts they jump through
    const ids = [...this.#sessions.keys()].reverse()
    await Promise.all(ids.map(id => this.#close(id)))
  }

  async #open(id: string): Promise<void> {
    if (this.#sessions.has(id) || this.#disposed) return
    const { collectorFor, createLink, onOpen, store, clock, log, publish, settings } = this.#options
    const host = this.host(id)
    if (host.jump) await this.#open(host.jump)
    const jump = host.jump ? { name: this.host(host.jump).name, link: this.session(host.jump).link } : null
    const session = new HostSession({
      host,
      link: createLink(host, jump),
      collector: collectorFor(host),
      store,
      clock,
      log,
      publish: (name, payload) => {
        publish(name, payload)
        if (name === 'host.changed') this.scheduleTray()
      },
      settings,
    })
    const bag = new DisposableBag()
    bag.add(onOpen(session))
    this.#sessions.set(id, { session, bag })
    session.watch(this.#watched.has(id))
    session.start()
  }

  async #close(id: string): Promise<void> {
    const entry = this.#sessions.get(id)
    if (!entry) return
    this.#sessions.delete(id)
    entry.bag.dispose()
    await entry.session.dispose()
  }

  /** Closes and opens a host and all that are reached through it, whose links stand on it. */
  async #reopen(id: string): Promise<void> {
    const hosts = this.#options.store.hosts.list()
    const affected = hosts.filter(host => host.id === id || jumpChain(host.id, hosts).includes(id)).map(host => host.id)
    await Promise.all(affected.map(each => this.#close(each)))
    for (const each of affected) await this.#open(each)
  }

  #check(id: string | null, draft: HostDraft): void {
    const hosts = this.#options.store.hosts.list()
    const same = hosts.find(host => host.id !== id && host.name.toLowerCase() === draft.name.toLowerCase())
    if (same)
      throw new AppError('CONFLICT', `There is already a host named ${draft.name}`, { hint: 'Choose another name.' })
    if (draft.jump === null) return
    const jump = hosts.find(host => host.id === draft.jump)
    if (!jump || jump.kind === 'local')
      throw new AppError('INVALID_INPUT', 'The host to jump through does not exist', { hint: 'Choose another one.' })
    if (id !== null && (draft.jump === id || jumpChain(draft.jump, hosts).includes(id)))
      throw new AppError('INVALID_INPUT', `${draft.name} would be reached through itself`, {
        hint: 'Choose a host to jump through that is not itself reached through this one.',
      })
    const after = [...hosts.filter(host => host.id !== id), { id: id ?? '', jump: draft.jump }]
    if (after.some(host => jumpChain(host.id, after).length > maxJumps))
      throw new AppError('INVALID_INPUT', `More than ${maxJumps} hosts would be jumped through in a row`, {
        hint: 'Choose a host to jump through that is nearer to this computer.',
      })
  }

  /**
   * A password is for the user and server that it was given for. Where those change, it has to be given anew, or is forgotten if it is no
   * longer used; so that no edit, whoever makes it, sends a stored password elsewhere.
   */
  #secretsToKeep(id: string, draft: HostDraft, secrets: HostSecrets): HostSecrets {
    const before = this.host(id)
    if (sameLogin(before, draft)) return secrets
    const kept = { ...secrets }
    const needed = { password: draft.auth.kind === 'password', sudoPassword: draft.sudo === 'password' }
    for (const kind of sentSecrets) {
      if (!before.stored[kind] || kept[kind] !== undefined) continue
      if (needed[kind])
        throw new AppError(
          'INVALID_INPUT',
          'The address, port or user changed, so the stored password is not used for it',
          {
            hint: kind === 'password' ? 'Enter the password again.' : 'Enter the password for sudo again.',
          },
        )
      kept[kind] = null
    }
    return kept
  }

  #storeSecrets(id: string, secrets: HostSecrets): void {
    for (const kind of secretKinds) {
      const value = secrets[kind]
      if (value === null) this.#options.vault.forget(hostSecretId(id, kind))
      else if (value !== undefined) this.#options.vault.put(hostSecretId(id, kind), value)
    }
  }

  #announce(id: string): void {
    this.#options.publish('host.changed', this.session(id).view())
    this.scheduleTray()
  }

  /** What the tray says may be otherwise now. */
  scheduleTray(): void {
    if (this.#disposed) return
    this.#tray ??= this.#options.clock.after(trayMs, () => {
      this.#tray = null
      this.#updateTray()
    })
  }

  #updateTray(): void {
    this.#options.native.setTray(summariseFleet(this.views(), this.#options.incidents()))
  }
}

// Adds, changes, tries and opens the places that backups are kept in, and knows how each stands; knows no snapshot's content.
import { AppError } from '../../shared/errors.ts'
import { localTargetId, type Target, type TargetDraft, type TargetView } from '../../shared/model/backup.ts'
import type { FieldSecrets, KindInfo } from '../../shared/model/check.ts'
import { newHostId } from '../domain/host-id.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Link } from '../ports.ts'
import { bytesOf } from '../store/backups.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Store } from '../store/store.ts'
import { type TargetStore, type TargetType, targetTypeOf, targetTypes } from '../targets/index.ts'
import { kindInfo } from './kind-spec.ts'
import type { Publish } from './publish.ts'
import { judgeTarget } from './target-draft.ts'
import type { Vault } from './vault.ts'

/** What was asked of a target counts for so long. */
const freshMs = 60_000
const trial = 'quarterdeck-test'

export interface TargetsOptions {
  store: Pick<Store, 'backups' | 'transaction' | 'hosts'>
  vault: Pick<Vault, 'get' | 'put' | 'forget'>
  /** Rejects with NOT_CONNECTED. */
  link: (hostId: string) => Promise<Link>
  defaultFolder: string
  clock: Clock
  log: Logger
  publish: Publish
  typeOf?: (type: string) => TargetType | undefined
}

interface Seen {
  readonly at: number
  readonly freeBytes: number | null
  readonly problem: string | null
}

export class Targets {
  readonly #options: TargetsOptions
  readonly #typeOf: (type: string) => TargetType | undefined
  readonly #seen = new Map<string, Seen>()
  readonly #looking = new Set<string>()

  constructor(options: TargetsOptions) {
    this.#options = options
    this.#typeOf = options.typeOf ?? targetTypeOf
  }

  /** The folder on this computer is there from the first start. */
  start(): void {
    const { store, clock } = this.#options
    if (store.backups.target(localTargetId)) return
    store.backups.insertTarget({
      ...{ id: localTargetId, type: 'local-folder', name: 'This computer', spec: {}, createdAt: clock.now() },
    })
  }

  kinds(): KindInfo[] {
    return targetTypes.map(kindInfo)
  }

  /** As it was seen last; what is older than a minute is asked again, and told by `target.changed`. */
  list(): TargetView[] {
    const { clock, store } = this.#options
    const targets = store.backups.targets()
    for (const { id } of targets) {
      const seen = this.#seen.get(id)
      if (!seen || clock.now() - seen.at > freshMs || seen.at > clock.now()) void this.look(id)
    }
    return targets.map(target => this.#view(target))
  }

  /** Throws NOT_FOUND. */
  get(id: string): Target {
    const target = this.#options.store.backups.target(id)
    if (!target) throw new AppError('NOT_FOUND', 'This place for backups is not there any more')
    return target
  }

  add(draft: TargetDraft, secrets: FieldSecrets): Target {
    const { store, clock } = this.#options
    const complete = this.#judge(draft, secrets, null)
    const taken = store.backups.targets().map(({ id }) => id)
    const id = newHostId(complete.name, [localTargetId, ...taken])
    store.transaction(() => {
      store.backups.insertTarget({ ...complete, id, createdAt: clock.now() })
      this.#keepSecrets(id, secrets)
    })
    this.announce()
    void this.look(id)
    return this.get(id)
  }

  edit(id: string, draft: TargetDraft, secrets: FieldSecrets): Target {
    const { store } = this.#options
    const complete = this.#judge(draft, secrets, this.get(id))
    store.transaction(() => {
      store.backups.updateTarget(id, complete)
      this.#keepSecrets(id, secrets)
    })
    this.#seen.delete(id)
    this.announce()
    void this.look(id)
    return this.get(id)
  }

  /** What lies there stays there. Throws CONFLICT while a backup uses it. */
  remove(id: string): Target {
    const { store } = this.#options
    const target = this.get(id)
    if (id === localTargetId)
      throw new AppError('CONFLICT', 'This place is always there', { hint: 'Choose another folder for it instead.' })
    const user = store.backups.list().find(({ backup }) => backup.targets.includes(id))
    if (user)
      throw new AppError('CONFLICT', `${user.backup.name} is kept there`, {
        hint: 'Choose another place for it first.',
      })
    store.backups.removeTarget(id)
    this.#seen.delete(id)
    this.announce()
    return target
  }

  /** Opens it; dispose what comes back. Rejects with NOT_CONNECTED and whatever else is wrong with it. */
  async open(id: string, signal?: AbortSignal): Promise<TargetStore> {
    const target = this.get(id)
    return await this.#open(target, async field => this.#options.vault.get(fieldSecretId('target', id, field)), signal)
  }

  /** The host that has to be connected for it; null for none. */
  hostOf(id: string): string | null {
    const target = this.get(id)
    const type = this.#typeOf(target.type)
    const spec = type?.spec.safeParse(target.spec)
    return type && spec?.success ? type.hostOf(spec.data) : null
  }

  /** Writes, reads and removes a few bytes, by what is given. */
  async test(id: string | null, draft: TargetDraft, secrets: FieldSecrets): Promise<{ problem: string | null }> {
    try {
      const before = id === null ? null : this.get(id)
      const complete = this.#judge(draft, secrets, before)
      const target: Target = { ...complete, id: id ?? 'trial', createdAt: 0, stored: [] }
      const secret = async (field: string): Promise<string | null> => {
        const given = secrets[field]
        if (given !== undefined) return given
        return before ? this.#options.vault.get(fieldSecretId('target', before.id, field)) : null
      }
      const open = await this.#open(target, secret)
      try {
        const path = `${trial}/${this.#options.clock.now().toString(36)}`
        const content = Buffer.from('Quarterdeck was here\n')
        await open.put(path, content)
        const back: Buffer[] = []
        for await (const chunk of await open.read(path)) back.push(Buffer.from(chunk as Uint8Array))
        await open.remove([path])
        if (!Buffer.concat(back).equals(content)) return { problem: 'It gave back other bytes than were written' }
      } finally {
        await open.dispose()
      }
      return { problem: null }
    } catch (caught) {
      return { problem: inWords(caught) }
    }
  }

  /** Asks a target how much room it has; never rejects. */
  async look(id: string): Promise<void> {
    if (this.#looking.has(id)) return
    this.#looking.add(id)
    try {
      const open = await this.open(id)
      try {
        this.saw(id, await open.freeBytes(), null)
      } finally {
        await open.dispose()
      }
    } catch (caught) {
      this.#lookFailed(id, caught)
    } finally {
      this.#looking.delete(id)
    }
  }

  #lookFailed(id: string, why: unknown): void {
    try {
      // it may have been removed meanwhile
      if (this.#options.store.backups.target(id)) this.saw(id, null, inWords(why))
    } catch (caught) {
      this.#options.log.debug('a look at a target came too late', { target: id, error: String(caught) })
    }
  }

  /** Somebody else had it open and knows how it stands. */
  saw(id: string, freeBytes: number | null, problem: string | null): void {
    const before = this.#seen.get(id)
    this.#seen.set(id, { at: this.#options.clock.now(), freeBytes, problem })
    if (before?.freeBytes !== freeBytes || before?.problem !== problem) this.announce()
  }

  announce(): void {
    const { publish, store } = this.#options
    publish(
      'target.changed',
      store.backups.targets().map(target => this.#view(target)),
    )
  }

  #view(target: Target): TargetView {
    const seen = this.#seen.get(target.id)
    const snapshots = this.#options.store.backups.snapshotsOn(target.id).filter(({ state }) => state !== 'missing')
    return {
      target,
      freeBytes: seen?.freeBytes ?? null,
      problem: seen?.problem ?? null,
      snapshots: snapshots.length,
      bytes: snapshots.reduce((sum, { manifest }) => sum + bytesOf(manifest), 0),
    }
  }

  async #open(
    target: Target,
    secret: (field: string) => Promise<string | null>,
    signal?: AbortSignal,
  ): Promise<TargetStore> {
    const { clock, link, defaultFolder } = this.#options
    const type = this.#typeOf(target.type)
    if (!type) throw new AppError('UNSUPPORTED', `This version has no places of the kind ${target.type}`)
    const spec = type.spec.parse(target.spec)
    return await type.open({ clock, link, secret, defaultFolder }, spec, signal)
  }

  #judge(draft: TargetDraft, secrets: FieldSecrets, before: Target | null): TargetDraft {
    return judgeTarget(draft, secrets, before, { store: this.#options.store, typeOf: this.#typeOf })
  }

  #keepSecrets(id: string, secrets: FieldSecrets): void {
    const { vault } = this.#options
    for (const [field, value] of Object.entries(secrets)) {
      if (value === null) vault.forget(fieldSecretId('target', id, field))
      else vault.put(fieldSecretId('target', id, field), value)
    }
  }
}

/** What is wrong and what to do, in one text. */
export function inWords(caught: unknown): string {
  const { message, hint } = AppError.from(caught)
  return hint === undefined ? message : `${message}. ${hint}`
}

/** Texts that may or may not end as a sentence does, one after the other; the last one's end stays as it is. */
export const sentences = (...texts: string[]): string =>
  texts.reduce((all, text) => (/[.?!…]$/.test(all) ? `${all} ${text}` : `${all}. ${text}`))

// The app's own data (R34): a copy every day, everything into a file and back. Knows neither screens nor tables.
import { isAbsolute } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { OwnContent, OwnCopy } from '../../shared/model/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import { opensVault, type Vault } from './vault.ts'

const day = 86_400_000
const lookEvery = 3_600_000

export class OwnData implements Disposable {
  readonly #store: Pick<Store, 'ownCopies'>
  readonly #vault: Pick<Vault, 'wrapUnder'>
  readonly #clock: Clock
  readonly #log: Logger
  #timer: Disposable | null = null
  #taking: Promise<OwnCopy> | null = null
  #done = false

  constructor(options: {
    store: Pick<Store, 'ownCopies'>
    vault: Pick<Vault, 'wrapUnder'>
    clock: Clock
    log: Logger
  }) {
    this.#store = options.store
    this.#vault = options.vault
    this.#clock = options.clock
    this.#log = options.log.child('own-data')
  }

  /** From now on a copy is taken whenever the newest is a day old; the first look is soon after the start. */
  start(): void {
    const look = async (): Promise<void> => {
      const [newest] = this.copies()
      if (!newest || this.#clock.now() - newest.at >= day)
        await this.copy().catch(error => this.#log.warn('no copy of the configuration', { reason: String(error) }))
      if (!this.#done) this.#timer = this.#clock.after(lookEvery, () => void look())
    }
    this.#timer = this.#clock.after(30_000, () => void look())
  }

  copies(): OwnCopy[] {
    return this.#store.ownCopies.list()
  }

  /** Two at a time are one. */
  copy(): Promise<OwnCopy> {
    this.#taking ??= this.#store.ownCopies.take().finally(() => {
      this.#taking = null
    })
    return this.#taking
  }

  /** Throws VAULT_LOCKED, CONFLICT, DISK_FULL. */
  async export(path: string, passphrase: string): Promise<void> {
    await this.#store.ownCopies.give(absolute(path), await this.#vault.wrapUnder(passphrase))
  }

  look(path: string): OwnContent {
    const { hosts, checks, secrets, vault } = this.#store.ownCopies.look(this.#resolve(path))
    return { hosts, checks, secrets, passphrase: vault?.protection === 'passphrase' }
  }

  /** Lays the file where the next start takes it over. An export's vault has to open first, so that no one is locked out afterwards. */
  async import(path: string, passphrase: string | null): Promise<void> {
    const from = this.#resolve(path)
    const { vault } = this.#store.ownCopies.look(from)
    if (vault?.protection === 'passphrase' && (passphrase === null || !(await opensVault(vault, passphrase))))
      throw new AppError('VAULT_PASSPHRASE_WRONG', 'This passphrase does not open the secrets in it')
    await this.copy()
    await this.#store.ownCopies.stage(from)
  }

  /** A bare name is a copy of our own. */
  #resolve(path: string): string {
    return path.includes('/') || path.includes('\\') ? absolute(path) : this.#store.ownCopies.pathOf(path)
  }

  dispose(): void {
    this.#done = true
    this.#timer?.dispose()
  }
}

function absolute(path: string): string {
  if (!isAbsolute(path))
    throw new AppError('INVALID_INPUT', 'Give the whole path of the file', { detail: { field: 'path' } })
  return path
}

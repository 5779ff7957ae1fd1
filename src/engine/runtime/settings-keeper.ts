// Keeps the settings in memory and tells of changes; the store keeps them for good.
import type { Settings } from '../../shared/model/settings.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'

export class SettingsKeeper {
  readonly #store: Store
  readonly #publish: Publish
  #settings: Settings

  constructor(store: Store, publish: Publish) {
    this.#store = store
    this.#publish = publish
    this.#settings = store.settings.get()
  }

  get(): Settings {
    return this.#settings
  }

  set(change: Partial<Settings>): Settings {
    this.#settings = this.#store.settings.set(change)
    this.#publish('settings.changed', this.#settings)
    return this.#settings
  }
}

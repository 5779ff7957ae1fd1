// Keeps what a person set, one row per setting, so that one broken value costs only itself; knows no consequence.
import { Settings } from '../../shared/model/settings.ts'
import type { Logger } from '../lib/log.ts'
import type { Db } from './database.ts'

export interface SettingsStore {
  /** All settings; what is missing or broken has its default. */
  get(): Settings
  /** Changes the given ones and returns all. */
  set(changes: Partial<Settings>): Settings
}

export function createSettingsStore(db: Db, log: Logger): SettingsStore {
  const all = db.prepare<[], { name: string; value: string }>('SELECT name, value FROM setting')
  const put = db.prepare<[string, string]>('INSERT OR REPLACE INTO setting VALUES (?, ?)')
  const known = Settings.shape
  let cached: Settings | null = null

  function get(): Settings {
    const stored: Record<string, unknown> = {}
    for (const { name, value } of all.all()) {
      // Kept, not used: a newer version may have written it.
      if (!(name in known)) continue
      const parsed = parseJson(value)
      // What is no JSON must not pass as "not given".
      const checked = known[name as keyof Settings].safeParse(parsed ?? null)
      if (checked.success) stored[name] = checked.data
      else log.warn('setting is broken, its default is used', { name })
    }
    return Settings.parse(stored)
  }

  return {
    get: () =>
      db.read(() => {
        cached ??= get()
        return { ...cached }
      }),
    set: changes =>
      db.write(() => {
        const checked = Settings.parse({ ...get(), ...changes })
        for (const name of Object.keys(changes)) {
          const value = checked[name as keyof Settings]
          if (value !== undefined) put.run(name, JSON.stringify(value))
        }
        cached = null
        return { ...checked }
      }),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

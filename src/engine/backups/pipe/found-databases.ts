// Gathers the databases that a unit seems to use, for the "bot" preset, whichever server they are on; knows no server's language.
import { AppError } from '../../../shared/errors.ts'
import type { CheckUnit } from '../../../shared/model/check.ts'
import { isLocal } from '../../lib/server-place.ts'
import type { UnitConnections } from './unit-script.ts'

const mostProposed = 8

export interface FoundDatabase {
  readonly database: string
  readonly port: number
  readonly reason: string
}

/** Databases of servers on the host, each once, with the first reason that was found for it. */
export class FoundDatabases {
  readonly #found = new Map<string, FoundDatabase>()
  readonly #notThese: ReadonlySet<string>

  constructor(notThese: ReadonlySet<string> = new Set()) {
    this.#notThese = notThese
  }

  get isEmpty(): boolean {
    return this.#found.size === 0
  }

  get all(): FoundDatabase[] {
    return [...this.#found.values()].slice(0, mostProposed)
  }

  add(database: string, port: number, reason: string): void {
    const key = `${port} ${database}`
    if (!this.#found.has(key) && !this.#notThese.has(database)) this.#found.set(key, { database, port, reason })
  }

  /** Those that the unit's environment names by an address of the host itself. */
  addNamed({ urls }: UnitConnections, scheme: RegExp, usualPort: number, unit: CheckUnit): void {
    for (const url of urls) {
      const [, address = '', port = `${usualPort}`] = /^([^:]*)(?::(\d+))?$/.exec(url.place) ?? []
      if (scheme.test(url.scheme) && url.name !== '' && isLocal(address))
        this.add(decodeURIComponent(url.name), Number(port), `It is named in the environment of ${unit.name}`)
    }
  }
}

const untold: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'UNREACHABLE',
  'UNSUPPORTED',
  'NOT_FOUND',
  'SUDO_MISSING',
])

/** What could not be looked for is not proposed; a link that is gone is still an error. */
export async function orNothing<T>(work: Promise<T[]>): Promise<T[]> {
  try {
    return await work
  } catch (caught) {
    if (untold.has(AppError.from(caught).code)) return []
    throw caught
  }
}

// Puts a restored PostgreSQL database in the place of the present one and back, each in one transaction; knows no archive and no spec.
//
// The three names of a restore are the database's own, `…_new` beside it and `…_old` after the swap. Where a restore stands is told by a mark that the
// restored database carries with it as a setting: it is written last when all is there, and a rename does not touch it.
import { createHash } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { identifier, literal } from '../../lib/postgres/pg-text.ts'
import type { PgClient, PgSession } from './pg-client.ts'
import { dropDatabase, endSessions, endSessionsOf } from './pg-sql.ts'

const setting = 'quarterdeck.staged'
/** A name in PostgreSQL has at most so many bytes; more are cut off without a word. */
const mostNameBytes = 63
const endEveryMs = 200

/** Where a database is put until it is swapped, or kept after that. */
export function stagedName(database: string, id: string, kind: 'new' | 'old'): string {
  const tail = `_qd_${id}_${kind}`
  const room = mostNameBytes - tail.length
  if (Buffer.byteLength(database) <= room) return database + tail
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 6)
  let head = ''
  for (const letter of database) {
    if (Buffer.byteLength(head + letter) > room - hash.length - 1) break
    head += letter
  }
  return `${head}_${hash}${tail}`
}

export interface Standing {
  readonly present: boolean
  readonly staged: boolean
  readonly old: boolean
  /** Which one carries the mark of this restore. */
  readonly marked: 'present' | 'staged' | null
}

export class PgStaging {
  readonly #client: PgClient
  readonly #clock: Clock
  readonly #main: string
  readonly #id: string
  readonly database: string
  readonly staged: string
  readonly old: string

  constructor(client: PgClient, clock: Clock, main: string, database: string, id: string) {
    this.#client = client
    this.#clock = clock
    this.#main = main
    this.#id = id
    this.database = database
    this.staged = stagedName(database, id, 'new')
    this.old = stagedName(database, id, 'old')
  }

  async standing(): Promise<Standing> {
    const { database, staged, old } = this
    const rows = (await this.#client.sql(
      this.#main,
      `SELECT json_build_array(d.datname, EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole = 0
 AND ${literal(`${setting}=${this.#id}`)} = ANY (s.setconfig))) FROM pg_catalog.pg_database d WHERE d.datname IN (${[database, staged, old].map(literal).join(', ')});`,
    )) as [string, boolean][]
    const there = new Map(rows)
    const marked = there.get(database) ? 'present' : there.get(staged) ? 'staged' : null
    return { present: there.has(database), staged: there.has(staged), old: there.has(old), marked }
  }

  /** The last step of staging: from now on it is whole. */
  async mark(): Promise<void> {
    await this.#client.sql(
      this.#main,
      `ALTER DATABASE ${identifier(this.staged)} SET ${setting} TO ${literal(this.#id)};`,
    )
  }

  /** Says what the old one is called now; null where there was none. */
  async swap(): Promise<string | null> {
    const now = await this.standing()
    if (now.marked === 'present') return now.old ? this.old : null
    if (now.marked !== 'staged') throw new AppError('CONFLICT', `${this.staged} is not there, or not whole`)
    if (now.old) throw new AppError('CONFLICT', `${this.old} is there already`)
    const away = now.present ? [[this.database, this.old] as const] : []
    await this.#rename([...away, [this.staged, this.database]])
    return now.present ? this.old : null
  }

  async swapBack(): Promise<void> {
    const now = await this.standing()
    if (now.marked !== 'present') return
    const back = now.old ? [[this.old, this.database] as const] : []
    await this.#rename([[this.database, this.staged], ...back])
  }

  async discard(): Promise<void> {
    await this.#client.sql(this.#main, dropDatabase(this.staged))
  }

  async dropOld(): Promise<void> {
    const now = await this.standing()
    await this.#client.sql(this.#main, dropDatabase(this.old))
    if (now.marked === 'present')
      await this.#client.sql(this.#main, `ALTER DATABASE ${identifier(this.database)} RESET ${setting};`)
  }

  /**
   * One transaction. A rename locks its database, so that nobody comes in any more, and waits five seconds for those who are in: a second session
   * sends them away meanwhile, again and again, for a client that reconnects at once may have come in before the lock.
   */
  async #rename(renames: readonly (readonly [string, string])[]): Promise<void> {
    const names = renames.map(([from]) => from)
    const ender: PgSession = await this.#client.session(this.#main)
    ender.send(endSessions(names))
    await ender.next()
    // by its number: once the names have changed, nobody who came to the new one is sent away
    ender.send(
      `SELECT json_build_array(oid::text) FROM pg_catalog.pg_database WHERE datname = ${literal(names[0] ?? '')};`,
    )
    const [number] = (await ender.next()) as [string]
    const again = this.#clock.every(endEveryMs, () => ender.send(endSessionsOf(number)))
    try {
      const steps = renames.map(([from, to]) => `ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)};`)
      await this.#client.sql(this.#main, ['BEGIN;', "SET LOCAL lock_timeout = '30s';", ...steps, 'COMMIT;'].join('\n'))
    } finally {
      again.dispose()
      ender.close()
    }
  }
}

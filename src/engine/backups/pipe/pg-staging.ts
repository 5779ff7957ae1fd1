// Puts a restored PostgreSQL database in the place of the present one and back, each in one transaction; knows no archive and no spec.
//
// - The three names of a restore are the database's own, `…_new` beside it and `…_old` after the swap. Where a restore stands is told by a mark that the
//   restored database carries with it as a setting: it is written last when all is there, and a rename does not touch it.
// - A rename whose link was cut may arrive late. Each question draws a new word, also a setting, and a rename that was told under another word is undone.
//   To write a setting waits for a rename that is under way, so what is answered stays so.
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { identifier, literal } from '../../lib/postgres/pg-text.ts'
import type { PgClient, PgSession } from './pg-client.ts'
import { dropDatabase, endSessions, endSessionsOf, onlyIf } from './pg-sql.ts'

const setting = 'quarterdeck.staged'
const question = 'quarterdeck.asked'
const mostQuestions = 5
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

/**
 * Rejects with ACCESS_DENIED where the role may not do what it takes, as far as that can be told beforehand: own the database, make another, end the
 * sessions that are in it now, and mark it. The mark is a superuser's, or since PostgreSQL 15 anybody's who was granted it (the documentation of
 * GRANT, "SET on PARAMETER").
 */
export async function mayStage(client: PgClient, main: string, database: string): Promise<void> {
  const [its] = (await client.sql(main, rightsTo(database))) as [Rights]
  if (its.superuser) return
  const refuse = (hint: string): never => {
    throw new AppError('ACCESS_DENIED', `The role ${its.role} may not do what a restore in place takes`, { hint })
  }
  if (its.number < 150_000)
    return refuse('Restore with a superuser, such as postgres: before PostgreSQL 15 nobody else may.')
  if (its.owner !== null)
    return refuse(`Restore with the role that owns ${database}, which is ${its.owner}, or with a superuser.`)
  const role = identifier(its.role)
  const [mark] = (await client.sql(main, mayMark)) as [boolean]
  const grants = [
    ...(its.makes ? [] : [`ALTER ROLE ${role} CREATEDB;`]),
    ...(mark ? [] : [`GRANT SET ON PARAMETER ${setting}, ${question} TO ${role};`]),
    ...(its.ends ? [] : [`GRANT pg_signal_backend TO ${role};`]),
  ]
  if (grants.length > 0) refuse(`Have a superuser run: ${grants.join(' ')}`)
}

interface Rights {
  readonly role: string
  readonly superuser: boolean
  readonly makes: boolean
  /** Who owns the database, where the role may not act as that one. */
  readonly owner: string | null
  /** May it end all sessions that are in the database? */
  readonly ends: boolean
  readonly number: number
}
const rightsTo = (
  database: string,
): string => `SELECT json_build_object('role', r.rolname, 'superuser', r.rolsuper, 'makes', r.rolcreatedb,
 'owner', (SELECT pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d WHERE d.datname = ${literal(database)} AND NOT pg_catalog.pg_has_role(d.datdba, 'USAGE')),
 'ends', pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') OR NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles o ON o.oid = a.usesysid
  WHERE a.datname = ${literal(database)} AND NOT o.rolsuper AND NOT pg_catalog.pg_has_role(a.usesysid, 'USAGE')),
 'number', current_setting('server_version_num')::int) FROM pg_catalog.pg_roles r WHERE r.rolname = current_user;`
const mayMark = `SELECT to_json(${[setting, question].map(name => `has_parameter_privilege(${literal(name)}, 'SET')`).join(' AND ')});`

export interface Standing {
  readonly present: boolean
  readonly staged: boolean
  readonly old: boolean
  /** Which one carries the mark of this restore. */
  readonly marked: 'present' | 'staged' | null
  /** What the last question drew; empty where nobody asked yet. */
  readonly word: string
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

  /** As it is, without an end to what may be under way. */
  async standing(): Promise<Standing> {
    return this.#standingOf(await this.#client.sql(this.#main, this.#look))
  }

  /** As it is and stays: a rename that was told before and did not begin does nothing any more. */
  async settled(): Promise<Standing> {
    const word = randomBytes(8).toString('hex')
    const ask = `SELECT format('ALTER DATABASE %I SET ${question} TO %L', d.datname, ${literal(word)}) FROM pg_catalog.pg_database d
WHERE d.datname IN (${[this.database, this.staged].map(literal).join(', ')}) AND ${this.#isMarked} \\gexec`
    for (let questions = 1; ; questions++) {
      try {
        return this.#standingOf(await this.#client.sql(this.#main, `${ask}\n${this.#look}`))
      } catch (caught) {
        // it was renamed between the two halves of the question
        if (AppError.from(caught).code !== 'NOT_FOUND' || questions >= mostQuestions) throw caught
      }
    }
  }

  get #isMarked(): string {
    return `EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole = 0
 AND ${literal(`${setting}=${this.#id}`)} = ANY (s.setconfig))`
  }

  get #look(): string {
    const { database, staged, old } = this
    return `SELECT json_build_array(d.datname, ${this.#isMarked},
 (SELECT substr(c, ${question.length + 2}) FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c LIKE '${question}=%'))
FROM pg_catalog.pg_database d WHERE d.datname IN (${[database, staged, old].map(literal).join(', ')});`
  }

  #standingOf(lines: readonly unknown[]): Standing {
    const { database, staged, old } = this
    const there = new Map((lines as [string, boolean, string | null][]).map(([name, ...facts]) => [name, facts]))
    const marked = there.get(database)?.[0] ? 'present' : there.get(staged)?.[0] ? 'staged' : null
    const word = there.get(marked === 'present' ? database : staged)?.[1] ?? ''
    return { present: there.has(database), staged: there.has(staged), old: there.has(old), marked, word }
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
    await this.#rename([...away, [this.staged, this.database]], this.database, now.word)
    return now.present ? this.old : null
  }

  async swapBack(): Promise<void> {
    const now = await this.standing()
    if (now.marked !== 'present') return
    const back = now.old ? [[this.old, this.database] as const] : []
    await this.#rename([[this.database, this.staged], ...back], this.staged, now.word)
  }

  async discard(): Promise<void> {
    await this.#client.sql(this.#main, dropDatabase(this.staged))
  }

  async dropOld(): Promise<void> {
    const now = await this.standing()
    await this.#client.sql(this.#main, dropDatabase(this.old))
    if (now.marked === 'present')
      await this.#client.sql(
        this.#main,
        [setting, question].map(name => `ALTER DATABASE ${identifier(this.database)} RESET ${name};`).join('\n'),
      )
  }

  /**
   * One transaction. A rename locks its database, so that nobody comes in any more, and waits five seconds for those who are in: a second session
   * sends them away meanwhile, again and again, for a client that reconnects at once may have come in before the lock. `marked` is what the marked one
   * is called afterwards.
   */
  async #rename(renames: readonly (readonly [string, string])[], marked: string, word: string): Promise<void> {
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
      // asked once the renames hold their locks: from then on a question waits for the end
      const same = `EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = ${literal(marked)} AND ${this.#isMarked})
 AND ${literal(word)} = coalesce((SELECT substr(c, ${question.length + 2}) FROM pg_catalog.pg_database d, pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c
 WHERE d.datname = ${literal(marked)} AND s.setdatabase = d.oid AND s.setrole = 0 AND c LIKE '${question}=%'), '')`
      const text = ['BEGIN;', "SET LOCAL lock_timeout = '30s';", ...steps, onlyIf(same), 'COMMIT;'].join('\n')
      await this.#client.sql(this.#main, text)
    } finally {
      again.dispose()
      ender.close()
    }
  }
}

// Puts a restored MariaDB or MySQL database in the place of the present one and back, by renaming all tables in one statement; knows no dump and no spec.
//
// - The tables of a restore lie in a database `…_new` beside the present one, and those that they replace in `…_old`. A table of no one's is the mark:
//   it is made last when all is there, moves with the tables, as the last of them, and says which ones they are.
// - A rename whose link was cut may arrive late. Each question gives the mark another name, and a rename that names the former one is refused whole.
// - Servers before MariaDB 10.6 and MySQL 8 may lose half of a rename when they are killed in the middle of it: whoever looks next takes it back.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import { type MyClient, myLiteral, myName } from './my-client.ts'

const mostNameLetters = 64
const mostLooks = 5
const renameMs = 600_000

/** Where a database is put until it is swapped, or kept after that. */
export function stagedName(database: string, id: string, kind: 'new' | 'old'): string {
  const tail = `_qd_${id}_${kind}`
  return `${database.slice(0, mostNameLetters - tail.length)}${tail}`
}

/** A mark of any restore. */
export const isMark = (table: string): boolean => /^_quarterdeck_[a-z0-9]+_[0-9a-f]+$/.test(table)

export interface Standing {
  readonly present: readonly string[]
  readonly staged: readonly string[]
  readonly old: readonly string[]
  /** The mark as it is called now, and where it is. */
  readonly mark: string | null
  readonly marked: 'present' | 'staged' | null
}

export class MyStaging {
  readonly #client: MyClient
  readonly #id: string
  readonly database: string
  readonly staged: string
  readonly old: string

  constructor(client: MyClient, database: string, id: string) {
    this.#client = client
    this.#id = id
    this.database = database
    this.staged = stagedName(database, id, 'new')
    this.old = stagedName(database, id, 'old')
  }

  /** As it is; what was lost in the middle is taken back first. */
  async standing(): Promise<Standing> {
    for (let looks = 1; ; looks++) {
      const now = await this.#look()
      try {
        if (!(await this.#mend(now))) return now
      } catch (caught) {
        // it was no half, but a rename that was under way
        if (looks >= mostLooks) throw caught
      }
    }
  }

  /** As it is and stays: a rename that was told before and did not begin does nothing any more. */
  async settled(): Promise<Standing> {
    for (let looks = 1; ; looks++) {
      const now = await this.standing()
      if (now.mark === null) return now
      const place = now.marked === 'present' ? this.database : this.staged
      try {
        // waits for a rename that is under way
        await this.#rename([step(now.mark, place, place, this.#newMark())])
        return await this.standing()
      } catch (caught) {
        if (looks >= mostLooks) throw caught
      }
    }
  }

  /** The last step of staging: from now on it is whole. */
  async mark(): Promise<void> {
    const mark = `${myName(this.staged)}.${myName(this.#newMark())}`
    const { staged } = await this.#look()
    const values = staged.map(name => `('new', ${myLiteral(name)})`).join(', ')
    // filled under another name, so that it is never there without its list
    const unfinished = `${myName(this.staged)}.${myName(`_quarterdeck_${this.#id}`)}`
    const fill = values === '' ? '' : `INSERT INTO ${unfinished} VALUES ${values};`
    await this.#client.sql(`CREATE TABLE ${unfinished} (side varchar(3), name varchar(64)) ENGINE=InnoDB CHARACTER SET utf8mb4;
${fill}
RENAME TABLE ${unfinished} TO ${mark};`)
  }

  /** Says what the database with the old tables is called. */
  async swap(): Promise<string> {
    const now = await this.standing()
    if (now.marked === 'present') return this.old
    if (now.marked !== 'staged' || now.mark === null)
      throw new AppError('CONFLICT', `${this.staged} is not there, or not whole`)
    if (now.old.length > 0) throw new AppError('CONFLICT', `${this.old} is there already`)
    const list = `${myName(this.staged)}.${myName(now.mark)}`
    const values = now.present.map(name => `('old', ${myLiteral(name)})`).join(', ')
    await this.#client.sql(`CREATE DATABASE IF NOT EXISTS ${myName(this.old)}; CREATE DATABASE IF NOT EXISTS ${myName(this.database)};
START TRANSACTION; DELETE FROM ${list} WHERE side = 'old'; ${values === '' ? '' : `INSERT INTO ${list} VALUES ${values};`} COMMIT;`)
    await this.#rename([
      ...moves(now.present, this.database, this.old),
      ...moves([...now.staged, now.mark], this.staged, this.database),
    ])
    return this.old
  }

  async swapBack(): Promise<void> {
    const now = await this.standing()
    if (now.marked !== 'present' || now.mark === null) return
    await this.#client.sql(`CREATE DATABASE IF NOT EXISTS ${myName(this.staged)};`)
    await this.#rename([
      ...moves(now.present, this.database, this.staged),
      ...moves(now.old, this.old, this.database),
      ...moves([now.mark], this.database, this.staged),
    ])
  }

  async discard(): Promise<void> {
    const { marked, old } = await this.standing()
    // the old one is empty after a swap that was taken back
    const names = marked !== 'present' && old.length === 0 ? [this.staged, this.old] : [this.staged]
    await this.#drop(names)
  }

  async dropOld(): Promise<void> {
    const { marked, mark } = await this.standing()
    if (marked !== 'present' || mark === null) return
    await this.#drop([this.old, this.staged])
    await this.#client.sql(`DROP TABLE IF EXISTS ${myName(this.database)}.${myName(mark)};`)
  }

  #newMark(): string {
    return `_quarterdeck_${this.#id}_${randomBytes(4).toString('hex')}`
  }

  async #drop(names: readonly string[]): Promise<void> {
    await this.#client.sql(names.map(name => `DROP DATABASE IF EXISTS ${myName(name)};`).join('\n'))
  }

  async #look(): Promise<Standing> {
    const { database, staged, old } = this
    const names = [database, staged, old].map(myLiteral).join(', ')
    const rows = (await this.#client.sql(
      `SELECT JSON_ARRAY(TABLE_SCHEMA, TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA IN (${names});`,
    )) as [string, string][]
    const of = (place: string): string[] => rows.filter(([schema]) => schema === place).map(([, name]) => name)
    const own = new RegExp(`^_quarterdeck_${this.#id}_[0-9a-f]+$`)
    const [present, beside] = [of(database), of(staged)]
    const mark = present.find(name => own.test(name)) ?? beside.find(name => own.test(name)) ?? null
    const marked = mark === null ? null : present.includes(mark) ? 'present' : 'staged'
    const others = (tables: readonly string[]): string[] => tables.filter(name => name !== mark)
    return { present: others(present), staged: others(beside), old: of(old), mark, marked }
  }

  /** True where half of a rename was found and taken back. */
  async #mend({ present, staged, old, mark, marked }: Standing): Promise<boolean> {
    const isHalf = marked === 'staged' ? old.length > 0 : marked === 'present' ? staged.length > 0 : false
    if (!isHalf || mark === null) return false
    const place = marked === 'present' ? this.database : this.staged
    const rows = (await this.#client.sql(`SELECT JSON_ARRAY(side, name) FROM ${myName(place)}.${myName(mark)};`)) as [
      'new' | 'old',
      string,
    ][]
    const of = (wanted: 'new' | 'old'): string[] => rows.filter(([side]) => side === wanted).map(([, name]) => name)
    // of two tables of one name the one in place is the one that came; before the first came, all that were there have gone
    const came =
      marked === 'staged'
        ? of('new').filter(name => present.includes(name) && !staged.includes(name))
        : of('old').some(name => !old.includes(name))
          ? []
          : present
    const back = [...moves(came, this.database, this.staged), ...moves(old, this.old, this.database)]
    await this.#rename(marked === 'staged' ? back : [...back, ...moves([mark], this.database, this.staged)])
    return true
  }

  /** One statement, which the server does whole or not at all. */
  async #rename(steps: readonly string[]): Promise<void> {
    if (steps.length === 0) return
    await this.#client.sql(`SET SESSION lock_wait_timeout = 60;\nRENAME TABLE ${steps.join(', ')};`, null, renameMs)
  }
}

const step = (table: string, from: string, to: string, as: string): string =>
  `${myName(from)}.${myName(table)} TO ${myName(to)}.${myName(as)}`

const moves = (tables: readonly string[], from: string, to: string): string[] =>
  tables.map(name => step(name, from, to, name))

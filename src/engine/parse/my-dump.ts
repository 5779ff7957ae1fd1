// Reads what mysqldump wrote as it streams by: how many rows each table has, and whether it was written to its end; knows no server and no file.

export interface MyDumpFacts {
  /** By table, also those without rows. */
  readonly rows: ReadonlyMap<string, number>
  readonly complete: boolean
}

const newline = 10
const quote = 39
const backslash = 92
const open = 40
const close = 41
const semicolon = 59
const mostHead = 400

/** Feed it the dump in pieces of any size, then call `end`. */
export class MyDumpReader {
  readonly #rows = new Map<string, number>()
  /** The beginning of the line, as far as it says what the line is. */
  #head = ''
  #known = false
  #table: string | null = null
  #quoted = false
  #escaped = false
  #depth = 0
  #over = false
  #complete = false

  feed(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (!this.#known) {
        const end = chunk.indexOf(newline, at)
        const room = mostHead - this.#head.length
        const stop = Math.min(end < 0 ? chunk.length : end, at + room)
        this.#head += String.fromCharCode(...chunk.subarray(at, stop))
        at = stop
        const whole = end >= 0 && stop === end
        if (whole || this.#head.length >= mostHead || this.#isInsert()) this.#tell()
        continue
      }
      at = this.#table === null ? this.#skip(chunk, at) : this.#count(chunk, at)
    }
  }

  end(): MyDumpFacts {
    if (this.#head !== '') this.#tell()
    return { rows: this.#rows, complete: this.#complete }
  }

  #isInsert(): boolean {
    return /^INSERT INTO `(?:[^`]|``)+` (?:\([^)]*\) )?VALUES/.test(this.#head)
  }

  #tell(): void {
    this.#known = true
    const [, made] = /^CREATE TABLE (?:IF NOT EXISTS )?`((?:[^`]|``)+)`/.exec(this.#head) ?? []
    if (made !== undefined) this.#rows.set(plain(made), this.#rows.get(plain(made)) ?? 0)
    this.#complete = this.#head.startsWith('-- Dump completed')
    if (!this.#isInsert()) return
    const [, name = ''] = /^INSERT INTO `((?:[^`]|``)+)`/.exec(this.#head) ?? []
    this.#table = plain(name)
    this.#depth = 0
    this.#over = false
    const values = this.#head.slice(this.#head.indexOf('VALUES', name.length) + 'VALUES'.length)
    this.#count(
      Uint8Array.from(values, letter => letter.charCodeAt(0)),
      0,
    )
  }

  #line(): void {
    this.#head = ''
    this.#known = false
    this.#table = null
  }

  #skip(chunk: Uint8Array, from: number): number {
    const end = chunk.indexOf(newline, from)
    if (end < 0) return chunk.length
    this.#line()
    return end + 1
  }

  /** Rows of an INSERT: brackets outside of quotes. It ends with a semicolon and its line; some versions begin a line for each row. */
  #count(chunk: Uint8Array, from: number): number {
    const table = this.#table ?? ''
    let rows = 0
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#escaped) this.#escaped = false
      else if (this.#quoted) {
        if (byte === backslash) this.#escaped = true
        else if (byte === quote) this.#quoted = false
      } else if (byte === quote) this.#quoted = true
      else if (byte === open) {
        if (this.#depth++ === 0) rows++
      } else if (byte === close) this.#depth--
      else if (byte === semicolon) this.#over = true
      else if (byte === newline && this.#over) {
        this.#rows.set(table, (this.#rows.get(table) ?? 0) + rows)
        this.#line()
        return at + 1
      }
    }
    this.#rows.set(table, (this.#rows.get(table) ?? 0) + rows)
    return at
  }
}

/** A name as it is called; the dump's bytes were read as Latin-1. */
function plain(name: string): string {
  const bytes = Uint8Array.from(name.replaceAll('``', '`'), letter => letter.charCodeAt(0))
  return new TextDecoder().decode(bytes)
}

// One table's rows out of what mysqldump wrote, as CSV (RFC 4180), as it streams by; knows no server and no file.
import { csvLine } from './pg-copy.ts'

const escapes: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }

type Where = 'line' | 'other' | 'rows' | 'value' | 'text' | 'escape' | 'quote'

/**
 * Takes the dump in pieces of any size, each as Latin-1 so that a byte is a letter; what it gives is to be written the same way. NULL is an empty field,
 * an empty text is `""`, bytes are as mysqldump writes them with --hex-blob. Text holds no newline: those are escaped, so a line that begins with INSERT
 * begins a statement.
 */
export class MyTableToCsv {
  readonly #insert: string
  readonly #create: string
  #where: Where = 'line'
  /** The line, until it is known what it is. */
  #head = ''
  #columns: string[] = []
  #inCreate = false
  #found = false
  #headed = false
  #row: string[] = []
  #value = ''

  constructor(table: string) {
    // as the bytes of its name
    const name = Buffer.from(table, 'utf8').toString('latin1').replaceAll('`', '``')
    this.#insert = `INSERT INTO \`${name}\` `
    this.#create = `CREATE TABLE \`${name}\` `
  }

  /** Was there such a table? */
  get found(): boolean {
    return this.#found
  }

  push(text: string): string {
    let out = ''
    let at = 0
    while (at < text.length) {
      if (this.#where === 'line' || this.#where === 'other') at = this.#readLine(text, at)
      else {
        const [next, rows] = this.#readRows(text, at)
        at = next
        if (rows === '') continue
        out += this.#headers() + rows
      }
    }
    return out
  }

  /** Nothing follows. A table without rows has a line of headers. */
  end(): string {
    return this.#found ? this.#headers() : ''
  }

  #headers(): string {
    if (this.#headed) return ''
    this.#headed = true
    return csvLine(this.#columns)
  }

  #readLine(text: string, from: number): number {
    const end = text.indexOf('\n', from)
    const to = end < 0 ? text.length : end + 1
    if (this.#where === 'line') {
      this.#head += text.slice(from, to)
      const values = this.#head.startsWith(this.#insert) ? this.#head.indexOf(' VALUES', this.#insert.length - 1) : -1
      if (values >= 0) {
        const names = this.#head.slice(this.#insert.length, values).trim()
        if (names.startsWith('(') && !this.#headed) this.#columns = namesIn(names)
        const rest = this.#head.length - values - ' VALUES'.length
        this.#head = ''
        this.#where = 'rows'
        this.#found = true
        return to - rest
      }
      // long before a line is that long it is known what it is
      const other = ![this.#insert, this.#create, '  `'].some(
        start => this.#head.startsWith(start) || start.startsWith(this.#head),
      )
      if (other && end < 0) {
        this.#head = ''
        this.#where = 'other'
      }
    }
    if (end >= 0) {
      if (this.#where === 'line') this.#tell(this.#head)
      this.#head = ''
      this.#where = 'line'
    }
    return to
  }

  /** A whole line that begins no INSERT of the table. */
  #tell(line: string): void {
    if (line.startsWith(this.#create)) {
      this.#inCreate = true
      this.#found = true
    } else if (this.#inCreate && line.startsWith('  `'))
      this.#columns.push(...namesIn(line.slice(0, line.indexOf('` ', 3) + 1)))
    else this.#inCreate = false
  }

  /** Up to the end of the statement. */
  #readRows(text: string, from: number): [at: number, out: string] {
    let out = ''
    let at = from
    while (at < text.length) {
      const letter = text[at] ?? ''
      if (this.#where === 'text') {
        const next = nextOf(text, at)
        this.#value += text.slice(at, next)
        at = next
        if (at < text.length) {
          this.#where = text[at] === '\\' ? 'escape' : 'quote'
          at++
        }
        continue
      }
      at++
      if (this.#where === 'escape') {
        this.#value += escapes[letter] ?? letter
        this.#where = 'text'
      } else if (this.#where === 'quote' && letter === "'") {
        this.#value += letter
        this.#where = 'text'
      } else if (this.#where === 'rows') {
        if (letter === '(') this.#where = 'value'
        else if (letter === ';') {
          this.#where = 'other'
          break
        }
      } else if (letter === ',' || letter === ')') {
        this.#row.push(this.#where === 'quote' ? quotedField(this.#value) : plainField(this.#value))
        this.#value = ''
        this.#where = 'value'
        if (letter === ',') continue
        out += `${this.#row.join(',')}\r\n`
        this.#row = []
        this.#where = 'rows'
      } else if (letter === "'") {
        // in front of it may stand _binary or the name of a character set
        this.#value = ''
        this.#where = 'text'
      } else this.#value += letter
    }
    return [at, out]
  }
}

/** Where the text's next quote or escape is. */
function nextOf(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 39 || code === 92) return at
  }
  return text.length
}

const quotedField = (value: string): string => csvLine([value]).slice(0, -2)
const plainField = (value: string): string => (value === 'NULL' ? '' : value)

/** Names in backquotes. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/`((?:[^`]|``)*)`/g)].map(([, name = '']) => name.replaceAll('``', '`'))

// PostgreSQL's COPY text as CSV (RFC 4180): a table's rows out of a dump; knows no archive.

/** The columns that a COPY statement names, as they are called. */
export function copyColumns(statement: string): string[] {
  const open = statement.indexOf('(', afterName(statement))
  if (open < 0) return []
  const names: string[] = []
  let at = open + 1
  while (at < statement.length) {
    while (statement[at] === ' ' || statement[at] === ',') at++
    if (statement[at] === ')') break
    let name = ''
    if (statement[at] === '"') {
      for (at++; at < statement.length; at++) {
        if (statement[at] !== '"') name += statement[at]
        else if (statement[at + 1] === '"') {
          name += '"'
          at++
        } else break
      }
      at++
    } else for (; at < statement.length && !' ,)'.includes(statement[at] ?? ''); at++) name += statement[at]
    names.push(name)
  }
  return names
}

/** Behind the table's own name, which may hold a bracket in quotes. */
function afterName(statement: string): number {
  let quoted = false
  for (let at = 'COPY '.length; at < statement.length; at++) {
    if (statement[at] === '"') quoted = !quoted
    else if (statement[at] === ' ' && !quoted) return at
  }
  return 0
}

export const csvLine = (fields: readonly string[]): string => `${fields.map(csvField).join(',')}\r\n`

const csvField = (text: string): string =>
  /[",\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** One row of COPY text; NULL is an empty field, an empty text is `""`. */
export function copyRowToCsv(row: string): string {
  const fields = row.split('\t').map(field => {
    if (field === '\\N') return ''
    const text = field.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/gs, (_all, what: string) => {
      if (/^[0-7]/.test(what)) return String.fromCharCode(Number.parseInt(what, 8))
      if (/^x[0-9a-fA-F]/.test(what)) return String.fromCharCode(Number.parseInt(what.slice(1), 16))
      return escapes[what] ?? what
    })
    return csvField(text)
  })
  return `${fields.join(',')}\r\n`
}

/** Takes COPY text in pieces of any size, gives lines of CSV; ends at `\.`. */
export class CopyToCsv {
  readonly #decoder = new TextDecoder()
  #rest = ''
  #over = false

  push(bytes: Uint8Array): string {
    if (this.#over) return ''
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#rest = parts.pop() ?? ''
    let text = ''
    for (const line of parts) {
      if (line === '\\.') {
        this.#over = true
        break
      }
      text += copyRowToCsv(line)
    }
    return text
  }
}

/** Counts the rows of a table's COPY text as it streams by. */
export class CopyRows {
  #newlines = 0
  #tail = ''

  push(bytes: Uint8Array): void {
    let at = bytes.indexOf(10)
    while (at >= 0) {
      this.#newlines++
      at = bytes.indexOf(10, at + 1)
    }
    const last = bytes.subarray(-5)
    this.#tail = (this.#tail + String.fromCharCode(...last)).slice(-5)
  }

  /** Null where its end is not the mark that pg_dump writes behind the last row. */
  get rows(): number | null {
    return this.#tail === '\\.\n\n\n' ? this.#newlines - 3 : null
  }
}

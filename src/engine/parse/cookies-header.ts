// Reads and writes the raw value of a `Cookie:` header, with or without its name before it; knows no file.
import { type Cookie, nakedCookie } from '../../shared/cookie.ts'
import { type LayoutReading, refused } from './cookies-format.ts'

interface Piece {
  /** As it stands between two semicolons, blanks included. */
  readonly text: string
  readonly cookie: Cookie | null
}

/** One line; blanks around it stay. */
export function readHeader(text: string): LayoutReading {
  const head = /^\ufeff?\s*(?:cookie:[ \t]*)?/i.exec(text)?.[0] ?? ''
  const rest = text.slice(head.length)
  const tail = blanksAfter(rest)
  const body = text.slice(head.length, text.length - tail.length)
  if (/[\r\n]/.test(body)) return refused('A Cookie header is one line; here are several')
  const pieces = body === '' ? [] : body.split(';').map((piece): Piece => ({ text: piece, cookie: cookieOf(piece) }))
  const cookies = pieces.flatMap(({ cookie }) => cookie ?? [])
  return {
    ok: true,
    layout: { cookies, write: (changes, added) => head + written(pieces, changes, added) + tail },
  }
}

export const emptyHeader = '\n'

/** Nothing in it may end a cookie or be lost at its ends. */
export function fitsHeader({ name, value }: Cookie): boolean {
  return (
    !/[;=\r\n\0]/.test(name) &&
    !/[;\r\n\0]/.test(value) &&
    name.trim() === name &&
    value.trim() === value &&
    (name !== '' || (value !== '' && !value.includes('='))) &&
    !/^cookie:/i.test(name === '' ? value : name)
  )
}

/** A piece without `=` is the value of a cookie without a name, as browsers have it. */
function cookieOf(piece: string): Cookie | null {
  const trimmed = piece.trim()
  if (trimmed === '') return null
  const at = trimmed.indexOf('=')
  return nakedCookie(at < 0 ? '' : trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim())
}

function written(pieces: readonly Piece[], changes: readonly (Cookie | null)[], added: readonly Cookie[]): string {
  const result: string[] = []
  let index = 0
  let lost = false
  for (const { text, cookie } of pieces) {
    const after = cookie === null ? cookie : (changes[index++] ?? null)
    if (cookie === null || after === cookie) result.push(text)
    else if (after === null) lost = true
    else result.push((/^\s*/.exec(text)?.[0] ?? '') + pairOf(after) + blanksAfter(text))
  }
  const trailing = result.length > 1 && result.at(-1)?.trim() === '' ? [result.pop() ?? ''] : []
  for (const cookie of added) result.push((result.length === 0 ? '' : ' ') + pairOf(cookie))
  const [first, ...others] = [...result, ...trailing]
  // what stood behind a semicolon had a blank before it
  return [lost && first !== undefined ? first.trimStart() : (first ?? ''), ...others].join(';')
}

/** No regular expression: one would try again from each of a million blanks. */
const blanksAfter = (text: string): string => text.slice(text.trimEnd().length)

const pairOf = ({ name, value }: Cookie): string => (name === '' ? value : `${name}=${value}`)

// Makes text from a host harmless to look at (semantics 34), on screens and in messages: what a terminal or the bidi algorithm would obey.

const hostile = /[\p{Surrogate}\p{Cc}\p{Bidi_Control}\u2028\u2029]/u

const bell = 0x07
const lineFeed = 0x0a
const esc = 0x1b
const stringTerminator = 0x9c
/** After ESC: the final characters that open a string which a terminal would swallow up to its terminator. */
const stringOpeners = new Set([0x50 /* P */, 0x58 /* X */, 0x5d /* ] */, 0x5e /* ^ */, 0x5f /* _ */])
const stringOpeners8Bit = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f])

/**
 * What is `given` with ANSI and OSC sequences removed, other control characters shown as pictures (␀), and bidi controls spelt out (⟨U+202E⟩).
 * Tabs stay; line breaks stay only where `lines` is asked for, else they show as ↵, which more fonts have than ␊.
 */
export function safeText(given: string, options: { lines?: boolean } = {}): string {
  if (!hostile.test(given)) return given
  // half a character would make the whole message one that services refuse
  const text = given.replace(/\p{Surrogate}/gu, '\ufffd')
  let result = ''
  for (let index = 0; index < text.length; ) {
    const code = text.charCodeAt(index)
    if (code === esc) index = afterEscape(text, index + 1)
    else if (code === 0x9b) index = afterControlSequence(text, index + 1)
    else if (stringOpeners8Bit.has(code)) index = afterString(text, index + 1)
    else {
      result += shown(code, text.charAt(index), options.lines === true)
      index++
    }
  }
  return result
}

/** As `safeText`, cut to `limit` characters with an ellipsis. */
export function safeShort(text: string, limit: number): string {
  // A little more than the limit is cleaned, so that removed sequences do not eat all that is shown.
  const clean = safeText(text.length > limit * 4 ? text.slice(0, limit * 4) : text)
  return clean.length > limit ? `${clean.slice(0, Math.max(0, limit - 1))}…` : clean
}

function shown(code: number, char: string, lines: boolean): string {
  if (code === 0x09) return char
  if (code === lineFeed) return lines ? char : '↵'
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '␡'
  const spelt = (code > 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029 || isBidiControl(code)
  return spelt ? `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩` : char
}

function isBidiControl(code: number): boolean {
  return (
    code === 0x061c ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  )
}

function afterEscape(text: string, start: number): number {
  const code = text.charCodeAt(start)
  if (code === 0x5b) return afterControlSequence(text, start + 1)
  if (stringOpeners.has(code)) return afterString(text, start + 1)
  let index = start
  while (between(text.charCodeAt(index), 0x20, 0x2f)) index++
  return between(text.charCodeAt(index), 0x30, 0x7e) ? index + 1 : index
}

function afterControlSequence(text: string, start: number): number {
  let index = start
  while (between(text.charCodeAt(index), 0x20, 0x3f)) index++
  return between(text.charCodeAt(index), 0x40, 0x7e) ? index + 1 : index
}

/** A string that is never ended eats no further than its line. */
function afterString(text: string, start: number): number {
  for (let index = start; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === lineFeed) return index
    if (code === bell || code === stringTerminator) return index + 1
    if (code === esc) return text.charCodeAt(index + 1) === 0x5c ? index + 2 : index
  }
  return text.length
}

function between(code: number, low: number, high: number): boolean {
  return code >= low && code <= high
}

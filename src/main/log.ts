// The shell's log file: key=value lines, rotated by size, without secrets. Knows nothing of who writes.
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

export type LogFields = Record<string, string | number | boolean | null | undefined>

export interface Log {
  child(component: string): Log
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

const secretKey = /pass(word|phrase)?|secret|token|authorization|cookie|private[-_]?key/i
// A private key pasted or printed anywhere, and credentials in an address.
const secretText =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)|(?<=:\/\/[^\s/@:]*:)[^\s/@]+(?=@)/g
const maxLine = 4096

export interface RotationOptions {
  readonly maxBytes?: number
  readonly keep?: number
}

/** A log that writes to `file`, rotated. */
export function openLog(file: string, options: RotationOptions & { now?: () => number } = {}): Log {
  return makeLog('main', rotatingFile(file, options), options.now ?? (() => Date.now()))
}

/** Appends lines to `file` and keeps `keep` files of at most `maxBytes` each: `file`, `file.1`, `file.2` … Never throws. */
export function rotatingFile(file: string, options: RotationOptions = {}): (line: string) => void {
  const { maxBytes = 5 * 1024 * 1024, keep = 3 } = options
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  let size = sizeOf(file)

  const rotate = (): void => {
    rmSync(`${file}.${keep - 1}`, { force: true })
    for (let index = keep - 2; index >= 1; index--) tryRename(`${file}.${index}`, `${file}.${index + 1}`)
    if (keep > 1) tryRename(file, `${file}.1`)
    else rmSync(file, { force: true })
    size = 0
  }

  return line => {
    const bytes = Buffer.from(`${line}\n`)
    try {
      if (size > 0 && size + bytes.length > maxBytes) rotate()
      appendFileSync(file, bytes, { mode: 0o600 })
      size += bytes.length
    } catch {
      // A full disk must not end the app; the line is lost.
    }
  }
}

/** Cuts a stream's chunks into lines of a bounded length, whatever the other end writes. */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return chunk => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = (lines.pop() ?? '').slice(0, maxLine)
    for (const line of lines) if (line !== '') onLine(line.slice(0, maxLine))
  }
}

function makeLog(component: string, sink: (line: string) => void, now: () => number): Log {
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      let line = `${new Date(now()).toISOString()} ${level} ${component} ${clean(message)}`
      for (const [key, value] of Object.entries(fields)) {
        if (value !== undefined) line += ` ${key}=${secretKey.test(key) ? '[redacted]' : format(value)}`
      }
      sink(line.slice(0, maxLine))
    }
  return {
    child: name => makeLog(name, sink, now),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
}

function format(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  const text = clean(value)
  return text === '' || /[\s"=]/.test(text) ? JSON.stringify(text) : text
}

function clean(text: string): string {
  // Redacted before control characters are escaped, while a key still reads as one.
  return text
    .slice(0, maxLine * 4)
    .replace(secretText, '[redacted]')
    .replace(/\p{Cc}|\p{Cf}|[\u2028\u2029]/gu, char => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
}

function tryRename(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // Not there yet.
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}

// The one logger: key=value lines with secrets redacted; knows nothing of where its sink writes.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Record<string, string | number | boolean | null | undefined>

export interface Logger {
  child(component: string): Logger
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

const levels: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 }
const secretKey = /pass(word|phrase)?|secret|token|authorization|cookie|private[-_]?key/i

/** Replaces known secret values in text. Values shorter than 4 characters would blank half the log and are left. */
export class Redactor {
  readonly #values = new Set<string>()

  add(secret: string): void {
    if (secret.length >= 4) this.#values.add(secret)
  }

  redact(text: string): string {
    let result = text
    // the longest first: a secret that begins like another must not leave its tail
    for (const value of [...this.#values].sort((a, b) => b.length - a.length))
      if (result.includes(value)) result = result.replaceAll(value, '[redacted]')
    return result
  }
}

/**
 * A logger whose lines read `2026-01-01T00:00:00.000Z info component message key=value`. Fields named like a secret, and
 * every value the redactor knows, never reach the sink. Control characters are escaped, so remote bytes cannot forge lines.
 */
export function createLogger(options: {
  sink: (line: string) => void
  now: () => number
  level?: LogLevel
  redactor?: Redactor
  component?: string
}): Logger {
  const { sink, now, redactor, component = 'engine' } = options
  const threshold = levels[options.level ?? 'info']
  // before anything is escaped or quoted, after which a secret would no longer look like itself
  const clean = (text: string): string => redactor?.redact(text) ?? text
  const write = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (levels[level] < threshold) return
    let line = `${new Date(now()).toISOString()} ${level} ${component} ${escapeControls(clean(message))}`
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue
      const shown = typeof value === 'string' ? clean(value) : value
      line += ` ${key}=${secretKey.test(key) ? '[redacted]' : format(shown)}`
    }
    sink(clean(line))
  }
  return {
    child: name => createLogger({ ...options, component: name }),
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  child: () => silentLogger,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}

function format(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  const text = escapeControls(value)
  return /[\s"=]/.test(text) || text === '' ? JSON.stringify(text) : text
}

function escapeControls(text: string): string {
  let result = ''
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    const hostile =
      code < 0x20 ||
      (code >= 0x7f && code <= 0x9f) ||
      (code >= 0x2028 && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069)
    result += hostile ? `\\u${code.toString(16).padStart(4, '0')}` : char
  }
  return result
}

// Applies to entries here what journalctl cannot be asked for; with RE2, so that no pattern and no message can stall the engine.
import { RE2JS } from 're2js'
import { AppError } from '../../shared/errors.ts'
import type { JournalEntry, JournalFilter } from '../../shared/model/journal.ts'
import { hostGrep } from '../parse/journal-grep.ts'

export interface EntryMatch {
  /** journalctl does the text by itself. */
  readonly onHost: boolean
  /** Does an entry pass what is left to do here? Null where nothing is. */
  readonly test: ((entry: JournalEntry) => boolean) | null
}

/** Compiles the text part of a filter. Throws INVALID_INPUT for a pattern that is none. */
export function compileMatch(filter: JournalFilter, hostCanGrep: boolean): EntryMatch {
  const { text, regex, invert, caseSensitive } = filter
  if (text === null || text === '') return { onHost: false, test: null }
  const matches = regex ? regexTest(text, caseSensitive) : textTest(text, caseSensitive)
  const onHost = hostCanGrep && hostGrep(filter) !== null
  // to PCRE the end is also before a last line break
  if (onHost && !(regex && text.includes('$'))) return { onHost, test: null }
  return { onHost, test: entry => matches(entry.message) !== invert }
}

function textTest(text: string, caseSensitive: boolean): (message: string) => boolean {
  if (caseSensitive) return message => message.includes(text)
  const lower = text.toLowerCase()
  return message => message.toLowerCase().includes(lower)
}

function regexTest(pattern: string, caseSensitive: boolean): (message: string) => boolean {
  try {
    const compiled = RE2JS.compile(pattern, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
    return message => compiled.matcher(message).find()
  } catch (error) {
    throw new AppError('INVALID_INPUT', `Not a regular expression: ${(error as Error).message}`, {
      hint: 'Patterns are RE2: no look-around and no back-references.',
    })
  }
}

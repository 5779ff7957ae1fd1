// Decides whether a text filter may be left to the host's journalctl: only where PCRE there and RE2 here cannot differ; pure.
import type { JournalFilter } from '../../shared/model/journal.ts'

/**
 * The pattern for `journalctl --grep`, or null where the filter must be applied here. journalctl matches bytes and knows no inversion, so
 * only patterns of ASCII whose matches do not depend on how long a character is are left to it.
 */
export function hostGrep(filter: Pick<JournalFilter, 'text' | 'regex' | 'invert' | 'caseSensitive'>): string | null {
  const { text, regex, invert } = filter
  if (text === null || text === '' || invert || !/^[\x20-\x7e]+$/.test(text)) return null
  if (!regex) {
    // without case, letters beyond ASCII (the Kelvin sign is a k) fold too in a person's eyes, not in journalctl's: not worth a transfer
    return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  }
  return sameEverywhere(text) ? text : null
}

/**
 * Literals, alternatives, groups, `?` `*` `+`, plain classes, `\d`, `\w`, `\s`, `\b`. What stands for "any character" (`.`, `[^…]`, `\D` …)
 * must be followed by `*` or `+`: a character of several bytes is one for RE2 and several for PCRE.
 */
function sameEverywhere(pattern: string): boolean {
  let rest = pattern
  while (rest !== '') {
    const token =
      /^(?:\(\?:|[()|^$](?![?*+{]))/.exec(rest) ??
      /^(?:\)|\\[dwsb]|\\[^A-Za-z0-9]|\[[A-Za-z0-9 _.,:;/@-]+\]|[A-Za-z0-9 _,:;/@!"#%&'<>=~`-])[?*+]?/.exec(rest) ??
      /^(?:\.|\\[DWS]|\[\^[A-Za-z0-9 _.,:;/@-]+\])[*+]/.exec(rest)
    if (!token) return false
    rest = rest.slice(token[0].length)
    // lazy and possessive forms mean different things
    if (/^[?*+{]/.test(rest)) return false
  }
  return true
}

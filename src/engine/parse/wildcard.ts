// Matches names against patterns with `*` and `?` as OpenSSH does, in linear memory and without regular expressions; knows no files.

/** True where the whole of `text` matches. Case does not matter, as in host names. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const p = pattern.toLowerCase()
  const t = text.toLowerCase()
  let at = 0
  let inPattern = 0
  let star = -1
  let retry = 0
  while (at < t.length) {
    const c = p[inPattern]
    if (c === '*') {
      star = inPattern++
      retry = at
    } else if (c === '?' || c === t[at]) {
      inPattern++
      at++
    } else if (star >= 0) {
      inPattern = star + 1
      at = ++retry
    } else return false
  }
  while (p[inPattern] === '*') inPattern++
  return inPattern === p.length
}

/** OpenSSH's pattern lists: one match is enough, and one `!` match forbids. */
export function matchesPatternList(patterns: readonly string[], text: string): boolean {
  let matched = false
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchesWildcard(pattern.slice(1), text)) return false
    } else if (matchesWildcard(pattern, text)) matched = true
  }
  return matched
}

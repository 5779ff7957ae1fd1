// Takes out of text what must not leave with it: addresses, user names, tokens and keys by their looks. Pure; knows no store and no secret.

export interface Known {
  /** Names and addresses of hosts as they are configured. */
  readonly addresses: readonly string[]
  readonly users: readonly string[]
  /** Words that are no user's name here, though one may be called so: the unit's own. */
  readonly keep: readonly string[]
}

type Rule = readonly [pattern: RegExp, replacement: string | ((match: string, ...groups: string[]) => string)]

const secretWords =
  'pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|auth(?:orization)?|cookie|session(?:id)?|credential|signature|dsn'

/** In order: what is longest and surest first. */
const secretRules: readonly Rule[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key]'],
  [/\b\d{6,12}:[A-Za-z0-9_-]{30,}/g, '[token]'],
  [/(?<![\w-])ey[JI][A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, '[token]'],
  [
    /(?<![\w-])(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|pk_live_|sk_live_|rk_live_|re_|AKIA|ASIA|AIza)[A-Za-z0-9_-]{8,}/g,
    '[token]',
  ],
  [/\b(Bearer|Basic|Digest|Token)\s+(?!\[)[^\s"',;]{6,}/gi, '$1 [secret]'],
  [/\b((?:set-)?cookie)\s*:\s*[^\r\n]+/gi, '$1: [secret]'],
  [
    new RegExp(
      `(["']?\\b[\\w.-]{0,40}(?:${secretWords})[\\w-]{0,40}["']?\\s{0,4}[=:]\\s{0,4})("[^"]{0,500}"|'[^']{0,500}'|[^\\s"',;&]+)`,
      'gi',
    ),
    (_match, lead = '', value = '') =>
      `${lead}${/^\[/.test(value) || /^(?:Bearer|Basic|Digest|Token)$/i.test(value) ? value : '[secret]'}`,
  ],
  [
    new RegExp(
      `((?<![\\w-])--?[\\w-]{0,40}(?:${secretWords})[\\w-]{0,40}\\s{1,4})(?!-)("[^"]{0,500}"|'[^']{0,500}'|\\S+)`,
      'gi',
    ),
    '$1[secret]',
  ],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:]{1,200}(?::[^\s/@]{0,500})?@/gi, '$1[user]@'],
]

const placeRules: readonly Rule[] = [
  [
    /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,}/gu,
    email => (isUnit(email) ? email : '[email]'),
  ],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/(?:\[user\]@)?)(\[[0-9a-f:.%]+\]|[^\s/:?#"'<>[\]]+)/gi, '$1[host]'],
  [/(?<![\w:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:])/gi, '[mac]'],
  [
    /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})(?:%\w+)?(?![\w:])/gi,
    text => (isIpv6(text) ? '[ip]' : text),
  ],
  [/(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)/g, '[ip]'],
]

const userRules: readonly Rule[] = [
  [/((?:\/home|\/Users|\/var\/mail|\/var\/spool\/mail|\/run\/user)\/)[^\s/:"'<>|]+/g, '$1[user]'],
  [
    /\b((?:invalid |illegal )?user(?:name)?[ =:]+["']?|session (?:opened|closed) for user |(?:USER|LOGNAME|SUDO_USER|USERNAME)=|\b(?:uid|euid)=\d+\()([\p{L}\p{N}._-]+)/giu,
    '$1[user]',
  ],
  [/\b(for )([\p{L}\p{N}._-]+)( from )/gu, '$1[user]$3'],
  [/(^|[\s(])@[A-Za-z0-9_]{3,}/g, '$1@[user]'],
]

/** What looks like nothing but chance: keys and hashes without a name. */
const chanceRules: readonly Rule[] = [
  [/(?<![\w-])[0-9a-f]{32,}(?![\w-])/gi, '[hex]'],
  [
    /(?<![\w/+=-])(?=[A-Za-z0-9_/+-]*\d)(?=[A-Za-z0-9_/+-]*[A-Z])(?=[A-Za-z0-9_/+-]*[a-z])[A-Za-z0-9_+-]{40,}={0,2}/g,
    '[token]',
  ],
]

/** The same text without what must not leave. Runs in time that grows with its length; a long text is cut. */
export function redactText(text: string, known: Known): string {
  let result = text.length > most ? `${text.slice(0, most)}…` : text
  result = apply(result, secretRules)
  for (const address of byLength(known.addresses))
    if (address.length >= 3 && address !== 'localhost') result = replaceWord(result, address, '[host]')
  result = apply(apply(result, placeRules), userRules)
  for (const user of byLength(known.users))
    if (user.length >= 3 && user !== 'root' && !known.keep.includes(user)) result = replaceWord(result, user, '[user]')
  return apply(result, chanceRules)
}

const most = 20_000

function apply(text: string, rules: readonly Rule[]): string {
  let result = text
  for (const [pattern, replacement] of rules)
    result =
      typeof replacement === 'string' ? result.replace(pattern, replacement) : result.replace(pattern, replacement)
  return result
}

const byLength = (words: readonly string[]): string[] => [...new Set(words)].sort((a, b) => b.length - a.length)

/** Only where it stands alone: `bot` is not in `robot`. */
function replaceWord(text: string, word: string, by: string): string {
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}_-])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_-])`,
    'giu',
  )
  return text.replace(pattern, by)
}

/** `getty@tty1.service` is a unit. */
const isUnit = (text: string): boolean =>
  /\.(service|timer|socket|target|mount|slice|scope|path|device|swap)$/.test(text)

function isIpv6(text: string): boolean {
  if (!/[0-9a-f]/i.test(text)) return false
  return text.includes('::') || text.split(':').length === 8
}

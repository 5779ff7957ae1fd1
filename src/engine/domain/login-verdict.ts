// Decides how a login stands from its file and from what the site said; knows neither hosts nor requests, and no cookie's value.
import type { ProbeCause, ProbeStatus } from '../../shared/model/check.ts'
import type { CookieFact, LoginFile, LoginKind, LoginProof, LoginVerdict } from '../../shared/model/login.ts'
import { missingNames, names } from './jar-edit.ts'

/** `unusable`: it was read, and is no file of cookies. `unreadable`: nothing is known of what is in it. */
export type LoginFileState = 'read' | 'unusable' | 'missing' | 'unreadable'

export interface LoginFacts {
  /** `cookies` unless told; it is in the words alone. */
  readonly kind?: LoginKind
  /** Null where it could not be looked at. */
  readonly file: LoginFile | null
  readonly state: LoginFileState
  /** Of this look alone: an earlier answer proves nothing now. Empty where no request is configured. */
  readonly proofs: readonly LoginProof[]
  readonly required: readonly string[]
  readonly warnDays: number
  readonly criticalDays: number
  readonly now: number
}

export interface LoginStanding {
  readonly status: ProbeStatus
  readonly message: string
  readonly cause: ProbeCause | null
}

const dayMs = 86_400_000
const hourMs = 3_600_000

/** The site's own word counts most, the file's next; an end that is near or past is a warning while the site still says that it is valid. */
export function judgeLogin(facts: LoginFacts): LoginStanding {
  const { file, state, proofs, required } = facts
  const why = file?.problems[0]
  if (state === 'unreadable' || file === null) return unknown(why ?? 'The file could not be looked at', 'host')
  if (state === 'missing') return failed(why ?? 'The file is not there')
  if (state === 'unusable') return failed(why ?? 'The file is no file of cookies')
  const word = decisive(proofs)
  const said = hostFirst(proofs).map(proofText).join('; ')
  const missing = missingNames(file.cookies, required)
  const absent = missing.length === 0 ? [] : [`missing in the file: ${names(missing)}`]
  if (word === 'expired') return failed(joined([`Logged out: ${said}`, ...absent]))
  if (absent.length > 0 && word !== 'valid') return failed(joined([...absent, said]))
  if (word === 'challenged') return degraded(`The site wants a person: ${said}`, 'login')
  const ends = endOf(facts)
  if (word !== 'valid' && proofs.length > 0) {
    // a site that does not answer proves nothing, but an end that is near is warned of all the same
    if (ends.rank !== 'fine') return degraded(joined([ends.text, said]), 'login')
    return unknown(joined([said, ends.text]), causeOf(word))
  }
  if (word !== 'valid' && ends.rank === 'critical') return failed(ends.text)
  const warnings = [...absent, ...(ends.rank === 'fine' ? [] : [ends.text])]
  const open = isOpen(file) ? ['everybody on the host can read the file'] : []
  if (warnings.length + open.length > 0)
    return degraded(joined([...warnings, ...open, said]), warnings.length > 0 ? 'login' : 'other')
  return { status: 'healthy', message: joined([said, ends.text]) || 'All required cookies are there', cause: null }
}

/**
 * The verdict that counts: the host's own, since the bot is there; else this computer's; else the kinder reading of why there is none.
 * Null where nothing was asked.
 */
function decisive(proofs: readonly LoginProof[]): LoginVerdict | null {
  const sorted = hostFirst(proofs)
  const sure = sorted.find(({ verdict }) => verdict === 'valid' || verdict === 'expired' || verdict === 'challenged')
  return sure?.verdict ?? sorted[0]?.verdict ?? null
}

/** The soonest end among the required cookies, of each name's longest-lived one; null where none ends. Without required names all count. */
export function soonestEnd(
  cookies: readonly Pick<CookieFact, 'name' | 'expiresAt'>[],
  required: readonly string[],
): number | null {
  const ends = new Map<string, number>()
  for (const { name, expiresAt } of cookies) {
    if (required.length > 0 && !required.includes(name)) continue
    // a session cookie has no end that could be known
    ends.set(name, Math.max(ends.get(name) ?? Number.NEGATIVE_INFINITY, expiresAt ?? Number.POSITIVE_INFINITY))
  }
  const soonest = Math.min(...ends.values())
  return Number.isFinite(soonest) ? soonest : null
}

/** May everybody on the host read it? */
export function isOpen({ mode }: Pick<LoginFile, 'mode'>): boolean {
  return mode !== null && /^[0-7]+$/.test(mode) && (Number.parseInt(mode, 8) & 0o004) !== 0
}

function endOf({ file, kind = 'cookies', required, warnDays, criticalDays, now }: LoginFacts) {
  const cookies = file?.cookies ?? []
  const end = soonestEnd(cookies, required)
  if (end === null) return { rank: 'fine', text: '' } as const
  const of = (cookie: CookieFact): boolean => cookie.expiresAt === end && isCounted(cookie, required)
  const name = names([cookies.find(of)?.name ?? ''])
  const left = end - now
  const what = `${kind === 'cookies' ? 'cookie' : kind} ${name}`
  const text = left <= 0 ? `${what} expired ${spanText(-left)} ago` : `${what} expires in ${spanText(left)}`
  const rank = left <= criticalDays * dayMs || left <= 0 ? 'critical' : left <= warnDays * dayMs ? 'warning' : 'fine'
  return { rank, text } as const
}

const isCounted = ({ name }: CookieFact, required: readonly string[]): boolean =>
  required.length === 0 || required.includes(name)

function spanText(ms: number): string {
  if (ms >= 2 * dayMs) return `${Math.floor(ms / dayMs)} days`
  if (ms >= 2 * hourMs) return `${Math.floor(ms / hourMs)} hours`
  return `${Math.max(1, Math.floor(ms / 60_000))} min`
}

const hostFirst = (proofs: readonly LoginProof[]): LoginProof[] =>
  [...proofs].sort((one, other) => Number(other.from === 'host') - Number(one.from === 'host'))

const sides = { host: 'from the host', local: 'from this computer' }
const proofText = ({ from, message }: LoginProof): string => `${sides[from]}: ${message}`

const failed = (message: string): LoginStanding => ({ status: 'unhealthy', message: cut(message), cause: 'login' })
const degraded = (message: string, cause: ProbeCause): LoginStanding => ({
  status: 'degraded',
  message: cut(message),
  cause,
})
const unknown = (message: string, cause: ProbeCause): LoginStanding => ({
  status: 'unknown',
  message: cut(message),
  cause,
})

function causeOf(word: LoginVerdict | null): ProbeCause {
  return word === 'rate-limited' ? 'rate-limit' : word === 'site-down' ? 'network' : 'other'
}

const cut = (text: string): string => (text.charAt(0).toUpperCase() + text.slice(1)).slice(0, 2000)
const joined = (parts: readonly string[]): string => cut(parts.filter(part => part !== '').join('; '))

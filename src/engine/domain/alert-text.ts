// Puts incidents into words: the title says what and where, the body since when and what is being done; knows no channel and no markup.
import type { Severity } from '../../shared/model/check.ts'
import type { Incident } from '../../shared/model/incident.ts'
import { duration, exactTime } from './notification-text.ts'

/** What a title is made of. */
export type Subject = Pick<Incident, 'checkType' | 'checkName' | 'hostName' | 'unit' | 'cause'>

export type Standing = 'failing' | 'degraded' | 'well' | 'flapping' | 'still' | 'escalated'

const mostTitle = 200
const mostBody = 2_000

/** A unit speaks for itself; any other check by its name. */
export function titleOf(subject: Subject, standing: Standing): string {
  const { hostName } = subject
  if (subject.checkType === 'host-reachable') return cut(hostWords(subject, standing), mostTitle)
  if (subject.checkType === 'unit-failures' && subject.unit === null)
    return cut(restWords(hostName, standing), mostTitle)
  const unit = speaksOfUnit(subject) ? (subject.unit?.name.replace(/\.service$/, '') ?? null) : null
  const what = unit ?? subject.checkName
  // "Web on web-1 is down on web-1" helps nobody
  const where = what.toLowerCase().includes(hostName.toLowerCase()) ? '' : ` on ${hostName}`
  const words: Record<Standing, string> = {
    failing: unit ? `${what} failed${where}` : `${what} is failing${where}`,
    degraded: `${what} is degraded${where}`,
    well: `${what} is well again${where}`,
    flapping: `${what} keeps failing and recovering${where}`,
    still: unit ? `${what} is still down${where}` : `${what} is still failing${where}`,
    escalated: `${what} could not be mended${where}`,
  }
  return cut(words[standing], mostTitle)
}

export interface FiringBody {
  readonly message: string
  /** Wall ms. */
  readonly startedAt: number
  readonly now: number
  /** What is being done about it, in a sentence; null where nothing is. */
  readonly doing: string | null
  readonly zone?: string
}

export function firingBody({ message, startedAt, now, doing, zone }: FiringBody): string {
  const since = `Since ${exactTime(startedAt, zone)}${now - startedAt >= 1_000 ? `, for ${duration(now - startedAt)}` : ''}.`
  return cut(sentences([message, `${since} ${doing ?? 'Nothing is done about it by itself.'}`]), mostBody)
}

export function resolvedBody(startedAt: number, now: number, message: string): string {
  return cut(sentences([`It was so for ${duration(Math.max(1_000, now - startedAt))}.`, message]), mostBody)
}

export function flappingBody(message: string): string {
  const told = '3 incidents within 30 min. Nothing more is told until it has been stable for 30 min.'
  return cut(sentences([message, told]), mostBody)
}

/** A message of several pieces of news of one host. */
export function groupTitle(hostName: string | null, firing: number, resolved: number): string {
  const where = hostName === null ? '' : ` on ${hostName}`
  const parts = [
    firing > 0 ? `${firing} ${firing === 1 ? 'alert' : 'alerts'}${where}` : '',
    resolved > 0 ? `${resolved} resolved${firing > 0 ? '' : where}` : '',
  ].filter(part => part !== '')
  return cut(parts.length > 0 ? parts.join(', ') : `News${where}`, mostTitle)
}

export function quietTitle(count: number): string {
  return `${count} ${count === 1 ? 'message' : 'messages'} from quiet hours`
}

export const severityRank: Record<Severity, number> = { info: 0, warning: 1, critical: 2 }

/** Those that speak of a unit's own state; a check of what the unit offers has a name of its own. */
function speaksOfUnit({ checkType, cause, unit }: Subject): boolean {
  return unit !== null && (checkType === 'unit-failures' || checkType === 'systemd-unit' || cause === 'unit')
}

/** Of a host on which so much failed that the rest is told as one. */
function restWords(hostName: string, standing: Standing): string {
  const words: Record<Standing, string> = {
    failing: 'More services failed',
    degraded: 'More services are degraded',
    well: 'The other services are well again',
    flapping: 'More services keep failing and recovering',
    still: 'More services are still down',
    escalated: 'More services could not be mended',
  }
  return `${words[standing]} on ${hostName}`
}

function hostWords({ hostName: name, cause }: Subject, standing: Standing): string {
  // it can be reached: somebody has to look at its key, or at how it is logged in to
  const waits = cause === 'auth' ? 'refuses the login' : cause === 'host' ? 'waits for you' : null
  if (waits !== null && (standing === 'failing' || standing === 'escalated')) return `${name} ${waits}`
  if (waits !== null && standing === 'still') return `${name} still ${waits}`
  switch (standing) {
    case 'failing':
    case 'escalated':
      return `${name} cannot be reached`
    case 'degraded':
      return `${name} is hard to reach`
    case 'well':
      return `${name} can be reached again`
    case 'flapping':
      return `${name} comes and goes`
    case 'still':
      return `${name} still cannot be reached`
  }
}

const sentences = (lines: readonly string[]): string => lines.filter(line => line.trim() !== '').join('\n')

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).trimEnd()}…`
}

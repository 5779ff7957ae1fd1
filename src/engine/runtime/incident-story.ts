// Puts together what happened around an incident from all that keeps a part of it (R25); decides nothing and keeps nothing.
import { AppError } from '../../shared/errors.ts'
import type { AuditEntry } from '../../shared/model/audit.ts'
import { AuditQuery } from '../../shared/model/audit.ts'
import type { Incident, IncidentStory, TimelineItem } from '../../shared/model/incident.ts'
import type { JournalEntry } from '../../shared/model/journal.ts'
import { JournalPageQuery } from '../../shared/model/journal.ts'
import type { ObservationGap } from '../../shared/model/metric.ts'
import type { RecoveryAttempt } from '../../shared/model/recovery.ts'
import type { UnitTransition } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { OutboxRow } from '../store/outbox.ts'
import type { Span } from '../store/probe-spans.ts'
import type { Store } from '../store/store.ts'
import { unitKeyOf } from './alert-book.ts'
import type { HostSession } from './host-session.ts'

export interface StoryOptions {
  store: Store
  clock: Clock
  /** Null while a host has no session. */
  session: (hostId: string) => Pick<HostSession, 'journal' | 'link'> | null
}

/** Before the beginning and after the end. */
const aroundMs = 60_000
const journalMs = 10_000
const mostJournal = 500
const mostOfOneKind = 200

/** Throws NOT_FOUND. The journal is asked for from the host and may be missing, with why. */
export async function incidentStory(options: StoryOptions, id: string, signal?: AbortSignal): Promise<IncidentStory> {
  const incident = options.store.incidents.get(id)
  if (!incident) throw new AppError('NOT_FOUND', 'This incident is not known')
  const journal = await readJournal(options, incident, signal)
  return { incident, timeline: timelineOf(options, incident), ...journal }
}

function timelineOf({ store, clock }: StoryOptions, incident: Incident): TimelineItem[] {
  const from = incident.startedAt - aroundMs
  const to = (incident.resolvedAt ?? clock.now()) + aroundMs
  const { hostId, unit, checkId, checkType } = incident
  const within = ({ at }: { at: number }): boolean => at >= from && at <= to
  const events = store.incidents.events(incident.id)
  const spans = store.probeSpans.list(checkId, checkType === 'unit-failures' ? unitKeyOf(unit) : '', from, to)
  const ref = unit && { hostId, ...unit }
  const transitions = ref ? store.units.transitions(ref, 1_000).filter(within) : []
  const audit = store.audit
    .list(AuditQuery.parse({ hostId, target: unit?.name ?? null, limit: 500 }))
    .filter(entry => within(entry) && /^(unit|dropin|check|recovery\.(set|remove))\b/.test(entry.verb))
  const told = (kind: TimelineItem['kind'], at: number): boolean =>
    events.some(event => event.kind === kind && Math.abs(event.at - at) < 2_000)
  const names = new Map(store.channels.list().map(channel => [channel.id, channel.name]))
  return [
    ...events,
    ...some(spans.filter(span => span.from >= from)).map(probeItem),
    ...some(transitions).map(transitionItem),
    ...store.gaps.list(hostId, from, to).flatMap(gap => gapItems(gap, from)),
    ...some(audit).map(auditItem),
    ...notificationItems(store.outbox.ofIncident(incident.id), names),
    ...store.recovery
      .ofIncident(incident.id)
      .filter(attempt => !told('recovery', attempt.at))
      .map(attemptItem),
  ].sort((a, b) => a.at - b.at)
}

async function readJournal(
  { session: sessionOf, clock }: StoryOptions,
  { hostId, unit, startedAt, hostName }: Incident,
  signal?: AbortSignal,
): Promise<{ journal: JournalEntry[]; journalProblem: string | null }> {
  const session = sessionOf(hostId)
  if (session?.link.status.state !== 'ready')
    return { journal: [], journalProblem: `${hostName} is not connected, so its journal cannot be read now.` }
  const end = new AbortController()
  const late = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(new AppError('TIMEOUT', 'The journal did not come in time')), {
      once: true,
    })
  })
  const timer = clock.after(journalMs, () => end.abort())
  try {
    const query = JournalPageQuery.parse({
      hostId,
      scope: unit?.scope ?? 'system',
      units: unit ? [unit.name] : [],
      since: Math.max(0, startedAt - aroundMs),
      until: startedAt + aroundMs,
      direction: 'after',
      limit: mostJournal,
    })
    const stop = signal ? AbortSignal.any([end.signal, signal]) : end.signal
    const page = await Promise.race([session.journal.page(query, stop), late])
    return { journal: [...page.entries], journalProblem: null }
  } catch (error) {
    const { message, hint } = AppError.from(error)
    return { journal: [], journalProblem: hint ? `${message}. ${hint}` : `${message}.` }
  } finally {
    timer.dispose()
  }
}

/** The first and the last of many: what it began with, and how it ended. */
function some<T>(items: readonly T[]): T[] {
  if (items.length <= mostOfOneKind) return [...items]
  return [...items.slice(0, mostOfOneKind / 2), ...items.slice(-mostOfOneKind / 2)]
}

const probeTones = {
  healthy: 'good',
  degraded: 'warning',
  unhealthy: 'bad',
  unknown: 'neutral',
  maintenance: 'neutral',
} as const

function probeItem({ from, status, message }: Span): TimelineItem {
  return {
    at: from,
    kind: 'probe',
    tone: probeTones[status],
    title: status === 'maintenance' ? 'Probed under maintenance' : `Probed ${status}`,
    detail: message || null,
    actor: null,
  }
}

function transitionItem(item: UnitTransition): TimelineItem {
  const { at, fromState, toState, subState, result, mainPid, reconstructed } = item
  const detail = [
    result && result !== 'success' ? `Result ${result}` : '',
    mainPid ? `PID ${mainPid}` : '',
    reconstructed ? 'From the host’s own records' : '',
  ].filter(part => part !== '')
  return {
    at,
    kind: 'transition',
    tone: toState === 'failed' ? 'bad' : toState === 'active' ? 'good' : 'neutral',
    title: `${item.name}: ${fromState === null ? '' : `${fromState} → `}${toState} (${subState})`,
    detail: detail.length > 0 ? detail.join(', ') : null,
    actor: null,
  }
}

const gapWords = {
  link: 'Link to the host lost',
  sleep: 'This computer slept',
  'not-running': 'Quarterdeck did not run',
}

function gapItems({ from, to, cause, filled }: ObservationGap, earliest: number): TimelineItem[] {
  const base = { kind: cause === 'link' ? 'connection' : 'gap', actor: null } as const
  const begin: TimelineItem = { ...base, at: from, tone: 'warning', title: gapWords[cause], detail: null }
  const detail = filled ? 'What happened to services meanwhile is known from the host’s own records.' : null
  const end: TimelineItem[] = to === null ? [] : [{ ...base, at: to, tone: 'neutral', title: 'Watched again', detail }]
  return [...(from >= earliest ? [begin] : []), ...end]
}

const outcomeTones = {
  running: 'neutral',
  verified: 'good',
  degraded: 'warning',
  failed: 'bad',
  lost: 'warning',
  cancelled: 'neutral',
} as const

function auditItem({ at, verb, command, outcome, detail, actor }: AuditEntry): TimelineItem {
  return {
    at,
    kind: 'action',
    tone: outcomeTones[outcome],
    title: command ?? verb,
    detail: [outcome, detail].filter(Boolean).join(': '),
    actor,
  }
}

/** One line per message and channel. */
function notificationItems(rows: readonly OutboxRow[], names: ReadonlyMap<string, string>): TimelineItem[] {
  return rows
    .filter(row => row.state !== 'dropped')
    .map(row => {
      const name = names.get(row.channelId) ?? row.channelId
      const words = {
        sent: `Told through ${name}`,
        failed: `Could not be told through ${name}`,
        waiting: `Waits to be told through ${name}`,
        sending: `Is being told through ${name}`,
      } as const
      return {
        at: row.sentAt ?? row.createdAt,
        kind: 'notification',
        tone: row.state === 'failed' ? 'bad' : 'neutral',
        title: words[row.state as keyof typeof words],
        detail: row.error === null ? row.news.title : `${row.news.title}: ${row.error}`,
        actor: name,
      }
    })
}

function attemptItem({ at, number, command, outcome, evidence }: RecoveryAttempt): TimelineItem {
  return {
    at,
    kind: 'recovery',
    tone: outcomeTones[outcome],
    title: `Recovery attempt ${number}: ${command}`,
    detail: [outcome, ...evidence.map(each => each.text)].join('; '),
    actor: null,
  }
}

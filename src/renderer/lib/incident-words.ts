// Incidents in words: how they stand, what is being done, and what they make of their host. Decides nothing and draws nothing.
import type { HostView } from '../../shared/model/host.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { RecoveryView } from '../../shared/model/recovery.ts'
import { mutedText, severityWords } from './check-status.ts'
import { formatDuration } from './format.ts'
import { safeText } from './safe-text.ts'
import { hostStatus, type StatusWord, type Tone, toneRank } from './status.ts'

const severityTones: Record<Incident['severity'], Tone> = {
  critical: 'unhealthy',
  warning: 'degraded',
  info: 'degraded',
}

/** Trouble by its severity; what is over is green, whatever it was. */
export function incidentStatus(incident: Incident): StatusWord {
  if (incident.state === 'resolved') return { tone: 'healthy', word: 'Resolved' }
  return { tone: severityTones[incident.severity], word: severityWords[incident.severity] }
}

/** `person` is whoever sits here. */
export function whoName(actor: string | null): string {
  if (actor === null) return 'somebody'
  return actor === 'person' ? 'you' : safeText(actor)
}

/** How long it lasted, or lasts by now. */
export function lasted(incident: Incident, now: number): number {
  return Math.max(0, (incident.resolvedAt ?? now) - incident.startedAt)
}

/** What is being done about an incident, in one line; what mends it by itself comes first, then why nobody is told. */
export function whatIsDone(incident: Incident, recovery: RecoveryView | undefined, now: number): string {
  if (incident.state === 'resolved') return 'Over'
  const mending = recovery && mendingText(recovery, now)
  if (mending) return mending
  if (incident.mutedBy) return mutedText(incident.mutedBy)
  if (incident.state === 'acknowledged') return `Acknowledged by ${whoName(incident.acknowledgedBy)}`
  return 'Nobody has acknowledged it'
}

/** Null where the rule is at rest. */
export function mendingText(recovery: RecoveryView, now: number): string | null {
  const { phase, policy, nextAttemptAt, attemptsLeft } = recovery
  const attempt = policy.attemptsPerIncident - attemptsLeft + 1
  switch (phase) {
    case 'wait': {
      const left = nextAttemptAt === null ? 0 : nextAttemptAt - now
      const when = left > 900 ? `in ${formatDuration(Math.ceil(left / 1000) * 1000)}` : 'now'
      return `Attempt ${attempt} of ${policy.attemptsPerIncident} ${when}`
    }
    case 'act':
      return 'Is being mended'
    case 'verify':
      return 'Mended, and being verified'
    case 'escalated':
      return 'Waits for you: not mended by itself'
    case 'idle':
      return null
  }
}

/** Those that a person should know of: not over, and not silenced, in maintenance or explained by another one. */
export function isFiring(incident: Incident): boolean {
  return incident.state !== 'resolved' && incident.mutedBy === null
}

/** What is told first, the worst first, those nobody has seen to first, then the newest. */
export function byUrgency(a: Incident, b: Incident): number {
  const rank = (incident: Incident): number =>
    incident.state === 'resolved' ? 9 : (incident.mutedBy === null ? 0 : 4) + severityRank[incident.severity]
  const seen = (incident: Incident): number => Number(incident.state === 'acknowledged')
  return rank(a) - rank(b) || seen(a) - seen(b) || b.openedAt - a.openedAt
}

const severityRank: Record<Incident['severity'], number> = { critical: 0, warning: 1, info: 2 }

/** The incidents that are not over; while they are not known, why not. `old`: they were once, and could not be read since. */
export type KnownIncidents = readonly Incident[] | 'asked' | 'failed' | { readonly old: readonly Incident[] }

export function listOf(incidents: KnownIncidents): readonly Incident[] {
  if (typeof incidents === 'string') return []
  return 'old' in incidents ? incidents.old : incidents
}

/** Why there may be more incidents than those of the list; null where that is all. */
export function lackOf(incidents: KnownIncidents): 'asked' | 'failed' | null {
  if (typeof incidents === 'string') return incidents
  return 'old' in incidents ? 'failed' : null
}

const notKnown: Record<'asked' | 'failed', StatusWord> = {
  asked: { tone: 'busy', word: 'Reading incidents' },
  failed: {
    tone: 'unknown',
    word: 'Not all known',
    detail: 'The incidents could not be read, so nobody can say that all is well.',
  },
}

/** The state of a host with the incidents of its checks: a host with a firing one is not healthy, whatever its services are, and one whose incidents nobody knows is not either. */
export function hostHealth(view: HostView, incidents: KnownIncidents, now: number): StatusWord {
  const own = hostStatus(view, now)
  const lack = lackOf(incidents)
  const [worst] = listOf(incidents)
    .filter(incident => incident.hostId === view.host.id && isFiring(incident))
    .sort(byUrgency)
  if (!worst) return lack !== null && own.tone === 'healthy' ? notKnown[lack] : own
  const { tone } = incidentStatus(worst)
  if (toneRank(own.tone) <= toneRank(tone)) return own
  // How the link stands is still worth its words; that all is well is not.
  const word = own.tone === 'healthy' ? (tone === 'unhealthy' ? 'Unhealthy' : 'Degraded') : own.word
  return { tone, word, detail: safeText(worst.title) }
}

export function incidentCount(count: number): string {
  return count === 1 ? '1 incident' : `${count} incidents`
}

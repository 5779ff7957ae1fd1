// Carries out what an alert machine decided, within the transaction that keeps its state: the incident's row, its story, the news (semantics 19).
import { randomUUID } from 'node:crypto'
import type { NewsItem } from '../../shared/model/channel.ts'
import type { MutedBy, Severity } from '../../shared/model/check.ts'
import type { Incident, TimelineItem } from '../../shared/model/incident.ts'
import { type AlertEffect, mutedBy } from '../domain/alert-state.ts'
import { firingBody, flappingBody, resolvedBody, type Standing, titleOf } from '../domain/alert-text.ts'
import type { Clock } from '../lib/clock.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Store } from '../store/store.ts'
import type { AlertEntry } from './alert-book.ts'
import type { Outbox } from './outbox.ts'

export interface IncidentChange {
  readonly incident: Incident
  readonly what: 'opened' | 'resolved' | 'acknowledged' | 'severity' | 'muted' | 'message'
}

const muteWords: Record<MutedBy, string> = {
  silence: 'a silence is in force',
  maintenance: 'a maintenance window is in force',
  'host-down': 'its host cannot be reached',
  dependency: 'what it depends on is in trouble',
  flapping: 'it keeps failing and recovering',
  'cool-down': 'it was told of a moment ago',
  offline: 'this computer is offline',
}

export class AlertEffects {
  readonly #store: Store
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #steady: SteadyTime
  /** What is being done about an incident, in a sentence; set by whoever mends. */
  doing: (incident: Incident) => string | null = () => null

  constructor(options: { store: Store; outbox: Outbox; clock: Clock; steady: SteadyTime }) {
    this.#store = options.store
    this.#outbox = options.outbox
    this.#clock = options.clock
    this.#steady = options.steady
  }

  /** Returns what windows and rules are to hear of once it is all written. */
  carryOut(entry: AlertEntry, effects: readonly AlertEffect[], closing: string | null): IncidentChange[] {
    const changes: IncidentChange[] = []
    let incident = entry.incidentId === null ? null : this.#store.incidents.get(entry.incidentId)
    for (const effect of effects) {
      if (effect.kind === 'open') {
        incident = this.#open(entry, effect)
        changes.push({ incident, what: 'opened' })
        continue
      }
      if (!incident) continue
      const next: Incident | null = this.#carry(entry, incident, effect, closing)
      if (next) {
        incident = next
        this.#store.incidents.update(next)
        changes.push({ incident: next, what: effect.kind === 'resolve' ? 'resolved' : changeOf(effect.kind) })
      }
    }
    return changes
  }

  event(
    incidentId: string,
    item: Omit<TimelineItem, 'at' | 'actor'> & Partial<Pick<TimelineItem, 'at' | 'actor'>>,
  ): void {
    this.#store.incidents.addEvent(incidentId, { at: this.#clock.now(), actor: null, ...item })
  }

  /** News of an incident beyond what its machine tells. */
  news(incident: Incident, kind: NewsItem['kind'], severity: Severity, title: string, body: string): NewsItem {
    const { id, hostId, hostName, unit } = incident
    const at = this.#clock.now()
    return { kind, incidentId: id, hostId, hostName, unit, severity, title, body, at }
  }

  #open(entry: AlertEntry, { severity, startedAt }: Extract<AlertEffect, { kind: 'open' }>): Incident {
    const { check, unit, failure, state } = entry
    const now = this.#clock.now()
    const hostName = this.#store.hosts.get(check.hostId)?.name ?? check.hostId
    const message = failure?.message ?? ''
    const subject = {
      checkType: check.type,
      checkName: check.name,
      hostName,
      unit: unit ?? check.unit,
      cause: failure?.cause ?? null,
    }
    const incident: Incident = {
      ...subject,
      id: randomUUID(),
      hostId: check.hostId,
      checkId: check.id,
      severity,
      state: 'open',
      title: titleOf(subject, failure?.status === 'degraded' ? 'degraded' : 'failing'),
      firstMessage: message,
      lastMessage: message,
      openedAt: now,
      startedAt: Math.min(now, now - (this.#steady.now() - startedAt)),
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: null,
      mutedBy: mutedBy(state),
      tags: check.tags,
    }
    this.#store.incidents.insert(incident)
    entry.incidentId = incident.id
    entry.shown = { message, at: this.#steady.now() }
    if (incident.startedAt < now - 1_000)
      this.event(incident.id, {
        at: incident.startedAt,
        kind: 'probe',
        tone: 'warning',
        title: 'First failure',
        detail: null,
      })
    this.event(incident.id, { kind: 'alert', tone: 'bad', title: `Firing, ${severity}`, detail: message || null })
    return incident
  }

  /** The incident as it is then; null where its row stays as it is. */
  #carry(
    entry: AlertEntry,
    incident: Incident,
    effect: Exclude<AlertEffect, { kind: 'open' }>,
    closing: string | null,
  ): Incident | null {
    const message = entry.failure?.message ?? incident.lastMessage
    switch (effect.kind) {
      case 'severity': {
        this.event(incident.id, {
          kind: 'alert',
          tone: 'bad',
          title: `Severity rose to ${effect.severity}`,
          detail: effect.lasted ? `It has failed for too long. ${message}` : message,
        })
        return {
          ...incident,
          severity: effect.severity,
          lastMessage: message,
          title: titleOf({ ...incident, cause: entry.failure?.cause ?? incident.cause }, 'failing'),
        }
      }
      case 'resolve': {
        const detail = closing ?? (entry.last?.status === 'healthy' ? entry.last.message : null)
        const tone = closing === null ? 'good' : 'neutral'
        this.event(incident.id, { kind: 'alert', tone, title: closing === null ? 'Resolved' : 'Closed', detail })
        entry.incidentId = null
        entry.shown = null
        const resolvedAt = Math.max(this.#clock.now(), incident.openedAt)
        return { ...incident, state: 'resolved', resolvedAt, lastMessage: message, mutedBy: null }
      }
      case 'muted': {
        if (incident.state === 'resolved' || incident.mutedBy === effect.by) return null
        this.event(incident.id, {
          kind: 'alert',
          tone: 'neutral',
          title: effect.by === null ? 'People are told again' : 'Nobody is told',
          detail: effect.by === null ? null : `Because ${muteWords[effect.by]}`,
        })
        return { ...incident, mutedBy: effect.by }
      }
      case 'tell':
        this.#tell(entry, incident, effect, closing)
        return null
    }
  }

  #tell(
    entry: AlertEntry,
    incident: Incident,
    { what, severity }: Extract<AlertEffect, { kind: 'tell' }>,
    closing: string | null,
  ): void {
    const now = this.#clock.now()
    const { startedAt } = incident
    const message = entry.failure?.message ?? incident.lastMessage
    const standing: Record<typeof what, Standing> = {
      firing: severity === 'critical' || entry.failure?.status !== 'degraded' ? 'failing' : 'degraded',
      repeat: 'still',
      flapping: 'flapping',
      resolved: 'well',
    }
    const body =
      what === 'resolved'
        ? resolvedBody(startedAt, now, closing ?? (entry.last?.status === 'healthy' ? entry.last.message : ''))
        : what === 'flapping'
          ? flappingBody(message)
          : firingBody({ message, startedAt, now, doing: this.doing(incident) ?? this.#checking(entry) })
    const title =
      closing === null ? titleOf(incident, standing[what]) : `No longer watched: ${incident.title}`.slice(0, 200)
    const item = this.news(incident, what, severity, title, body)
    if (what === 'resolved') this.#outbox.resolve(item)
    else this.#outbox.post(item, incident.tags)
  }

  #checking({ check, unit }: AlertEntry): string {
    // fed by events: there is no next look to speak of
    return unit !== null ? 'It is being watched.' : `It is checked every ${inWords(check.intervalSeconds)}.`
  }
}

const changeOf = (kind: 'severity' | 'muted' | 'tell'): IncidentChange['what'] =>
  kind === 'severity' ? 'severity' : kind === 'muted' ? 'muted' : 'message'

const inWords = (seconds: number): string => (seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`)

// Reads an alert back from what was kept of it (semantics 2, 3), whatever it has become; knows no store.
import { AlertPhase, MutedBy, Severity } from '../../shared/model/check.ts'
import { type AlertIncident, type AlertState, forget, initialAlert } from './alert-model.ts'

/** What cannot be read is an alert that nothing is known of. A restart is a gap, and a time that lies in the future counts as now. */
export function restoreAlert(json: unknown, now: number): AlertState {
  const kept = read(json, now)
  return kept ? forget(kept, now) : initialAlert
}

function read(json: unknown, now: number): AlertState | null {
  if (!isRecord(json)) return null
  const phase = oneOf(AlertPhase.options, json.phase)
  if (phase === null) return null
  const time = (value: unknown): number | null =>
    typeof value === 'number' && Number.isFinite(value) ? Math.min(value, now) : null
  const incident = readIncident(json.incident, time)
  // Only an open incident fires or recovers.
  if (!incident && (phase === 'firing' || phase === 'recovering')) return null
  const { worse, spoke, flapping } = json
  const spokeAt = isRecord(spoke) ? time(spoke.at) : null
  const spokeSeverity = isRecord(spoke) ? oneOf(Severity.options, spoke.severity) : null
  const changedAt = isRecord(flapping) ? time(flapping.changedAt) : null
  const worseSince = isRecord(worse) ? time(worse.since) : null
  return {
    phase,
    count: counter(json.count) ?? 0,
    since: time(json.since) ?? (phase === 'ok' ? null : now),
    worse: isRecord(worse) && worseSince !== null ? { count: counter(worse.count) ?? 0, since: worseSince } : null,
    fresh: counter(json.fresh),
    muted: oneOf(MutedBy.options, json.muted),
    incident,
    spoke: spokeAt !== null && spokeSeverity !== null ? { at: spokeAt, severity: spokeSeverity } : null,
    opened: Array.isArray(json.opened) ? json.opened.map(time).filter(at => at !== null) : [],
    flapping: incident && isRecord(flapping) && changedAt !== null ? { changedAt, told: flapping.told === true } : null,
  }
}

function readIncident(json: unknown, time: (value: unknown) => number | null): AlertIncident | null {
  if (!isRecord(json)) return null
  const severity = oneOf(Severity.options, json.severity)
  if (severity === null) return null
  return {
    severity,
    known: oneOf(Severity.options, json.known),
    told: json.told === true,
    toldAt: time(json.toldAt),
    acknowledged: json.acknowledged === true,
    deferred: json.deferred === true,
    remind: json.remind === true,
  }
}

function oneOf<T extends string>(options: readonly T[], value: unknown): T | null {
  return options.find(option => option === value) ?? null
}

function counter(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

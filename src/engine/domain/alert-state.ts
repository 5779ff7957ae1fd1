// Decides when an alert is pending, firing, recovering or over, and what is told of it (semantics 2, 10, 11, 13, 15–18); knows no check, channel or store.
import type { AlertPhase, MutedBy, Severity } from '../../shared/model/check.ts'
import {
  type AlertEffect,
  type AlertEvent,
  type AlertIncident,
  type AlertPolicy,
  type AlertState,
  type AlertStep,
  coolDownMs,
  flappingIncidents,
  flappingMs,
  forget,
  inhibits,
  initialAlert,
  mutedBy,
  quiet,
  repeatMs,
} from './alert-model.ts'

export type { AlertEffect, AlertEvent, AlertIncident, AlertPolicy, AlertState, AlertStep } from './alert-model.ts'
export { coolDownMs, flappingIncidents, flappingMs, initialAlert, mutedBy, repeatMs } from './alert-model.ts'
export { restoreAlert } from './alert-restore.ts'

const nothing: readonly AlertEffect[] = []
const ranks: Record<Severity, number> = { info: 0, warning: 1, critical: 2 }

/** Takes one event at the steady time `now`. */
export function stepAlert(before: AlertState, event: AlertEvent, policy: AlertPolicy, now: number): AlertStep {
  const effects: AlertEffect[] = []
  const moved = move(before, event, policy, now, effects)
  const state = speak(raise(fire(moved, policy, now, effects), policy, now, effects), now, effects)
  if (state === before && effects.length === 0) return { state, effects: nothing }
  if (state.incident && mutedBy(state) !== (before.incident ? mutedBy(before) : null))
    effects.push({ kind: 'muted', by: mutedBy(state) })
  return { state, effects }
}

export function phaseOf(state: AlertState): AlertPhase {
  return state.phase
}

/** The steady time at which a `tick` is due; null where only an event can move it. */
export function nextAlertStepAt(state: AlertState, policy: AlertPolicy): number | null {
  const { phase, since, worse, incident, flapping, spoke } = state
  if (inhibits(state.muted)) return null
  const times: number[] = []
  if (phase === 'pending' && since !== null && state.count >= policy.failureThreshold) times.push(since + policy.forMs)
  if (phase === 'firing' && incident && worse && worse.count >= policy.failureThreshold) {
    if (ranks[incident.severity] < ranks[policy.severity]) times.push(worse.since + policy.forMs)
    if (mayRise(incident, policy)) times.push(worse.since + (policy.riseMs ?? 0))
  }
  if (flapping && settled(phase)) times.push(flapping.changedAt + flappingMs)
  if (phase === 'firing' && incident && !flapping && state.muted === null && state.fresh === null) {
    if (incident.deferred && spoke) times.push(spoke.at + coolDownMs)
    if (incident.toldAt !== null && !incident.acknowledged) times.push(incident.toldAt + repeatMs)
  }
  return times.length > 0 ? Math.min(...times) : null
}

function move(
  state: AlertState,
  event: AlertEvent,
  policy: AlertPolicy,
  now: number,
  effects: AlertEffect[],
): AlertState {
  switch (event.type) {
    case 'result':
      // What is seen of a thing whose host or dependency is in trouble says nothing of the thing itself (semantics 18).
      if (event.status === 'unknown' || inhibits(state.muted)) return state
      return event.status === 'healthy'
        ? succeed(state, policy, now, effects)
        : fail(state, event.status === 'unhealthy', policy, now)
    case 'tick':
      return state
    case 'gap':
      return forget(state, now)
    case 'acknowledge':
      if (!state.incident || state.incident.acknowledged) return state
      return withIncident(state, {
        acknowledged: true,
        known: state.incident.severity,
        deferred: false,
        remind: false,
      })
    case 'mute':
      return mute(state, event.by, now)
    case 'close': {
      // Cool-down and flapping are of the key: a check that is switched off and on does not get round them.
      if (state.incident) end(state, effects)
      return { ...initialAlert, muted: state.muted, spoke: state.spoke, opened: state.opened }
    }
  }
}

function fail(state: AlertState, full: boolean, policy: AlertPolicy, now: number): AlertState {
  const worse = full ? more(state.worse, policy.failureThreshold, now) : null
  switch (state.phase) {
    case 'ok':
      return { ...state, phase: 'pending', count: 1, since: now, worse }
    case 'pending':
      return { ...state, count: state.count + 1, worse }
    case 'recovering':
      return { ...state, phase: 'firing', count: 0, worse, fresh: fresher(state.fresh, policy) }
    case 'firing': {
      const fresh = fresher(state.fresh, policy)
      return worse === state.worse && fresh === state.fresh ? state : { ...state, worse, fresh }
    }
  }
}

function succeed(state: AlertState, policy: AlertPolicy, now: number, effects: AlertEffect[]): AlertState {
  if (state.phase === 'ok') return state
  if (state.phase === 'pending') return { ...state, ...quiet }
  const count = state.phase === 'recovering' ? state.count + 1 : 1
  const fresh = state.fresh === null ? null : 0
  if (count < policy.recoveryThreshold) return { ...state, phase: 'recovering', count, worse: null, fresh }
  if (state.flapping) return { ...state, ...quiet, flapping: { ...state.flapping, changedAt: now } }
  end(state, effects)
  return { ...state, ...quiet, incident: null }
}

/** PENDING becomes FIRING once there were enough failures for long enough (semantics 10). */
function fire(state: AlertState, policy: AlertPolicy, now: number, effects: AlertEffect[]): AlertState {
  if (state.phase !== 'pending' || state.since === null) return state
  if (state.count < policy.failureThreshold || now - state.since < policy.forMs) return state
  const firing = { ...state, phase: 'firing', count: 0, fresh: null } as const
  if (state.flapping) return { ...firing, flapping: { ...state.flapping, changedAt: now } }
  const severity = isWorse(state, policy, now) ? policy.severity : lesser(policy.severity, 'warning')
  const opened = [...state.opened.filter(at => now - at < flappingMs), now].slice(-flappingIncidents)
  effects.push({ kind: 'open', severity, startedAt: state.since })
  return {
    ...firing,
    opened,
    incident: {
      severity,
      known: null,
      told: false,
      toldAt: null,
      acknowledged: false,
      deferred: false,
      remind: false,
    },
    flapping: opened.length >= flappingIncidents ? { changedAt: now, told: false } : null,
  }
}

/**
 * What was degraded and now fails outright, for as many probes and as long as it takes to alert, is worse than was told; and so is what has
 * failed outright for as long as its rule allows, unless somebody has taken it on.
 */
function raise(state: AlertState, policy: AlertPolicy, now: number, effects: AlertEffect[]): AlertState {
  const { incident, worse } = state
  if (state.phase !== 'firing' || !incident || !worse || worse.count < policy.failureThreshold) return state
  const lasted = mayRise(incident, policy) && now - worse.since >= (policy.riseMs ?? 0)
  const severity = lasted ? 'critical' : policy.severity
  if (ranks[incident.severity] >= ranks[severity] || !(lasted || isWorse(state, policy, now))) return state
  effects.push({ kind: 'severity', severity, lasted })
  return withIncident(state, { severity })
}

const mayRise = ({ severity, acknowledged }: AlertIncident, { riseMs }: AlertPolicy): boolean =>
  riseMs !== undefined && !acknowledged && severity !== 'critical'

/** Tells what is due, if anything, and ends flapping. */
function speak(before: AlertState, now: number, effects: AlertEffect[]): AlertState {
  const state = calm(before, now, effects)
  const { incident, flapping } = state
  if (!incident || state.phase !== 'firing' || state.muted !== null || state.fresh !== null) return state
  if (flapping)
    return flapping.told ? state : { ...tell(state, 'flapping', now, effects), flapping: { ...flapping, told: true } }
  if (incident.known === null) {
    const cooling = state.spoke !== null && now - state.spoke.at < coolDownMs
    if (!cooling || !state.spoke || ranks[incident.severity] > ranks[state.spoke.severity])
      return tell(state, 'firing', now, effects)
    return incident.deferred ? state : withIncident(state, { deferred: true })
  }
  if (ranks[incident.severity] > ranks[incident.known]) return tell(state, 'firing', now, effects)
  if (incident.acknowledged) return state
  const due = incident.toldAt !== null && now - incident.toldAt >= repeatMs
  return due || incident.remind ? tell(state, 'repeat', now, effects) : state
}

/** Flapping ends after 30 min without a change; that it is well is told then, and that it still fires is known (semantics 16). */
function calm(state: AlertState, now: number, effects: AlertEffect[]): AlertState {
  if (!state.flapping || inhibits(state.muted) || !settled(state.phase)) return state
  if (now - state.flapping.changedAt < flappingMs) return state
  if (state.phase === 'firing') return { ...state, flapping: null }
  end(state, effects)
  return { ...state, flapping: null, incident: null }
}

function tell(
  state: AlertState,
  what: 'firing' | 'repeat' | 'flapping',
  now: number,
  effects: AlertEffect[],
): AlertState {
  const severity = state.incident?.severity ?? 'info'
  effects.push({ kind: 'tell', what, severity })
  const told = { known: severity, told: true, toldAt: now, deferred: false, remind: false }
  return { ...withIncident(state, told), spoke: { at: now, severity } }
}

/** The incident is over; that is told where its firing was, unless nothing may be told now. */
function end(state: AlertState, effects: AlertEffect[]): void {
  effects.push({ kind: 'resolve' })
  if (state.incident?.told && state.muted === null)
    effects.push({ kind: 'tell', what: 'resolved', severity: state.incident.severity })
}

function mute(state: AlertState, by: MutedBy | null, now: number): AlertState {
  if (by === state.muted) return state
  const silent = state.muted === 'silence' || state.muted === 'maintenance'
  const next = silent && by !== 'silence' && by !== 'maintenance' ? withIncident(state, { remind: true }) : state
  const inhibited = inhibits(state.muted) || inhibits(by)
  return { ...(inhibited ? forget(next, now) : next), muted: by }
}

function withIncident(state: AlertState, change: Partial<AlertIncident>): AlertState {
  return state.incident ? { ...state, incident: { ...state.incident, ...change } } : state
}

function more(worse: AlertState['worse'], enough: number, now: number): AlertState['worse'] {
  if (!worse) return { count: 1, since: now }
  return worse.count < enough ? { ...worse, count: worse.count + 1 } : worse
}

function fresher(fresh: number | null, policy: AlertPolicy): number | null {
  return fresh === null || fresh + 1 >= policy.failureThreshold ? null : fresh + 1
}

function isWorse({ worse }: AlertState, policy: AlertPolicy, now: number): boolean {
  return worse !== null && worse.count >= policy.failureThreshold && now - worse.since >= policy.forMs
}

const settled = (phase: AlertPhase): boolean => phase === 'ok' || phase === 'firing'
const lesser = (a: Severity, b: Severity): Severity => (ranks[a] < ranks[b] ? a : b)

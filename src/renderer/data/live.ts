// Keeps cached answers fresh by the engine's events, so that no screen polls; knows what each event says about which answer.
import type { QueryClient } from '@tanstack/react-query'
import type { HostView } from '../../shared/model/host.ts'
import type { ActionRun, Unit, UnitRef } from '../../shared/model/unit.ts'
import type { EngineRemote } from '../engine.ts'
import { isSameUnit } from '../lib/same-unit.ts'
import { unitKey } from '../lib/unit-keys.ts'
import { keepBackupsLive } from './backups.ts'
import { keepIncidentsLive } from './incidents.ts'
import { keepMaintenanceLive } from './maintenance.ts'
import { put, putRun } from './put.ts'
import { refOf } from './recovery.ts'
import { callKey, updateAnswer } from './remotes.tsx'

/** Where the newest runs of actions lie in the cache; the contract has no call for them. */
export const runsKey = ['local', 'runs'] as const
const runsKept = 100

/** Changes of units are gathered for this long: a flood of them costs one render. */
const gatherMs = 80

/** Starts to listen; returns the end of it. */
export function keepLive(engine: EngineRemote, client: QueryClient): () => void {
  const units = gatherUnits(client)
  const stops = [
    engine.on('host.changed', view => {
      updateAnswer(client, 'host.list', undefined, list => putHost(list, view))
      client.setQueryData(callKey('host.get', view.host.id), view)
    }),
    engine.on('host.removed', id => {
      updateAnswer(client, 'host.list', undefined, list => list.filter(view => view.host.id !== id))
      client.removeQueries({ queryKey: callKey('host.get', id) })
    }),
    engine.on('settings.changed', settings => client.setQueryData(callKey('settings.get', undefined), settings)),
    engine.on('vault.changed', status => client.setQueryData(callKey('vault.status', undefined), status)),
    engine.on('engine.healthChanged', health => client.setQueryData(callKey('engine.health', undefined), health)),
    engine.on('metric.sample', sample => client.setQueryData(callKey('metric.latest', sample.hostId), sample)),
    engine.on('unit.changed', change => units.add(change.hostId, change.changed, change.removed)),
    engine.on('unit.transition', ({ hostId, scope, name }) => {
      void client.invalidateQueries({
        predicate: query => {
          const [call, input] = query.queryKey
          return call === 'unit.history' && isSameUnit(input as UnitRef, { hostId, scope, name })
        },
      })
    }),
    engine.on('action.changed', run => {
      client.setQueryData(callKey('action.get', run.id), run)
      client.setQueryData<ActionRun[]>(runsKey, (runs = []) => putAction(runs, run))
    }),
    engine.on('check.changed', view => {
      updateAnswer(client, 'check.list', {}, list => put(list, view, ({ check }) => check.id))
      client.setQueryData(callKey('check.get', view.check.id), view)
    }),
    engine.on('check.removed', id => {
      updateAnswer(client, 'check.list', {}, list => list.filter(view => view.check.id !== id))
      client.removeQueries({ queryKey: callKey('check.get', id) })
    }),
    ...keepIncidentsLive(engine, client),
    engine.on('channel.changed', view =>
      updateAnswer(client, 'channel.list', undefined, list => put(list, view, ({ channel }) => channel.id)),
    ),
    engine.on('channel.removed', id =>
      updateAnswer(client, 'channel.list', undefined, list => list.filter(view => view.channel.id !== id)),
    ),
    engine.on('recovery.changed', view => {
      client.setQueryData(callKey('recovery.get', refOf(view.policy)), view)
      void client.invalidateQueries({
        predicate: ({ queryKey: [call, input] }) =>
          call === 'recovery.list' || (call === 'recovery.attempts' && isSameUnit(input as UnitRef, view.policy)),
      })
    }),
    engine.on('login.changed', view => {
      updateAnswer(client, 'login.list', undefined, list => put(list, view, ({ login }) => login.id))
      client.setQueryData(callKey('login.get', view.login.id), view)
    }),
    engine.on('login.removed', id => {
      updateAnswer(client, 'login.list', undefined, list => list.filter(view => view.login.id !== id))
      client.removeQueries({ queryKey: callKey('login.get', id) })
    }),
    engine.on('renewal.changed', run =>
      updateAnswer(client, 'login.renewals', { id: run.loginId, limit: 20 }, list => putRun(list, run)),
    ),
    ...keepBackupsLive(engine, client),
    ...keepMaintenanceLive(engine, client),
    // Whatever was missed while the engine was away is asked again.
    engine.onConnection(connected => {
      if (connected) void client.invalidateQueries()
    }),
  ]
  return () => {
    units.stop()
    for (const stop of stops) stop()
  }
}

/** Hosts in the order of the list: this computer first, then by name. */
export function putHost(list: readonly HostView[], view: HostView): HostView[] {
  return put(list, view, ({ host }) => host.id)
}

function putAction(runs: readonly ActionRun[], run: ActionRun): ActionRun[] {
  const rest = runs.filter(other => other.id !== run.id)
  return [run, ...rest].sort((a, b) => b.requestedAt - a.requestedAt).slice(0, runsKept)
}

interface UnitGatherer {
  add(hostId: string, changed: readonly Unit[], removed: readonly UnitRef[]): void
  stop(): void
}

function gatherUnits(client: QueryClient): UnitGatherer {
  const pending = new Map<string, Map<string, Unit | UnitRef | null>>()
  let timer: ReturnType<typeof setTimeout> | null = null

  const flush = (): void => {
    timer = null
    for (const [hostId, changes] of pending) {
      updateAnswer(client, 'unit.list', hostId, list => mergeUnits(list, changes as Map<string, Unit | null>))
    }
    pending.clear()
  }

  return {
    add(hostId, changed, removed) {
      const changes = pending.get(hostId) ?? new Map<string, Unit | null>()
      pending.set(hostId, changes)
      for (const unit of changed) {
        changes.set(unitKey(unit), unit)
        const { scope, name } = unit
        updateAnswer(client, 'unit.get', { hostId, scope, name }, () => unit)
      }
      for (const unit of removed) changes.set(unitKey(unit), null)
      timer ??= setTimeout(flush, gatherMs)
    },
    stop() {
      if (timer) clearTimeout(timer)
    },
  }
}

/** `changes` by scope/name; null is a unit that went. */
export function mergeUnits(list: readonly Unit[], changes: ReadonlyMap<string, Unit | null>): Unit[] {
  const left = new Map(changes)
  const next: Unit[] = []
  for (const unit of list) {
    const key = unitKey(unit)
    const change = left.get(key)
    left.delete(key)
    if (change !== null) next.push(change ?? unit)
  }
  for (const unit of left.values()) if (unit) next.push(unit)
  return next
}

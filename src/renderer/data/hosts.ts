// What many screens ask about hosts; knows no layout.
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ActionRun, UnitRef } from '../../shared/model/unit.ts'
import { isSameUnit } from '../lib/same-unit.ts'
import { runsKey } from './live.ts'
import { fresh, useEngine, useEngineConnected, useEngineQuery } from './remotes.tsx'

export function useHosts() {
  return useEngineQuery('host.list', undefined, fresh)
}

export function useHost(id: string) {
  return useEngineQuery('host.get', id, fresh)
}

export function useUnits(hostId: string, enabled = true) {
  return useEngineQuery('unit.list', hostId, { staleTime: Number.POSITIVE_INFINITY, enabled })
}

export function useSettings() {
  return useEngineQuery('settings.get', undefined, fresh)
}

export function useVault() {
  return useEngineQuery('vault.status', undefined, fresh)
}

/** Tells the engine that this host is looked at, so that it is sampled fast while the component is shown. */
export function useWatchedHost(hostId: string): void {
  const engine = useEngine()
  const connected = useEngineConnected()
  useEffect(() => {
    if (!connected) return
    void engine.call('host.watch', hostId).catch(() => {})
    return () => void engine.call('host.watch', null).catch(() => {})
  }, [engine, connected, hostId])
}

/** The newest runs of actions that this window has heard of, newest first; of one unit where it is given. */
export function useActionRuns(unit?: UnitRef): readonly ActionRun[] {
  const { data } = useQuery<ActionRun[]>({ queryKey: runsKey, queryFn: () => [], enabled: false })
  if (!data) return []
  return unit ? data.filter(run => isSameUnit({ hostId: run.hostId, scope: run.scope, name: run.unit }, unit)) : data
}

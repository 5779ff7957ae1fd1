// The services of all connected hosts, asked for when the palette opens; events keep them fresh. Knows no search.
import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { HostView } from '../../../shared/model/host.ts'
import type { Unit } from '../../../shared/model/unit.ts'
import { callKey, useEngine } from '../../data/remotes.tsx'

export function useAllUnits(hosts: readonly HostView[]): readonly Unit[] {
  const engine = useEngine()
  const ready = hosts.filter(view => view.connection.state === 'ready' && view.facts?.unitSource !== 'none')
  const lists = useQueries({
    queries: ready.map(view => ({
      queryKey: callKey('unit.list', view.host.id),
      queryFn: ({ signal }: { signal: AbortSignal }) => engine.call('unit.list', view.host.id, signal),
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: results => results.map(result => result.data),
  })
  return useMemo(() => lists.flatMap(list => list ?? []), [lists])
}

// What screens ask about incidents, silences and recovery, and how events keep it fresh; knows no layout.
import {
  type InfiniteData,
  type QueryClient,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import type { CallInput } from '../../shared/contract/define.ts'
import type { EngineContract } from '../../shared/contract/engine.ts'
import { AppError } from '../../shared/errors.ts'
import type { Severity } from '../../shared/model/check.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { RecoveryView } from '../../shared/model/recovery.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import type { EngineRemote } from '../engine.ts'
import type { KnownIncidents } from '../lib/incident-words.ts'
import { callKey, fresh, updateAnswer, useEngine, useEngineQuery } from './remotes.tsx'

const forever = fresh
const pageSize = 100

/** More than that are not counted one by one. */
export const mostActive = 500
const activeQuery = { state: 'active', limit: mostActive } as const satisfies CallInput<EngineContract['incident.list']>
const everyRule = {} as const
const pagesKey = ['incident.list', 'pages'] as const

/** All that is not over, of all hosts; one question for the whole window, asked again by itself where it failed. */
export function useActiveIncidents() {
  return useEngineQuery('incident.list', activeQuery, { ...forever, mendEvery: 30_000 })
}

/** The same for what is judged by it: the list, or why there is none, or none that can be relied on. */
export function useKnownIncidents(): KnownIncidents {
  const { data, status, errorUpdateCount } = useActiveIncidents()
  return useMemo(() => {
    if (data === undefined) return errorUpdateCount > 0 ? 'failed' : 'asked'
    return status === 'error' ? { old: data } : data
  }, [data, status, errorUpdateCount])
}

const none: readonly Incident[] = []
/** The same as a plain list, empty until it is known: for what only adds to what is there. */
export function useActiveList(): readonly Incident[] {
  return useActiveIncidents().data ?? none
}

export function useIncidentsOf(unit: UnitRef, limit = 20) {
  const { hostId, scope, name } = unit
  return useEngineQuery('incident.list', { hostId, unit: { scope, name }, limit }, forever)
}

export function useStory(id: string, active: boolean) {
  // Messages and probes are added to the story without the incident itself changing.
  return useEngineQuery('incident.get', id, { ...forever, ...(active ? { refetchInterval: 30_000 } : {}) })
}

export function useSilences() {
  return useEngineQuery('silence.list', undefined, forever)
}

/** The recovery rules of all hosts by the incident that each is about; `recovery.changed` asks for them anew. */
export function useRecoveryByIncident(): ReadonlyMap<string, RecoveryView> {
  const { data } = useEngineQuery('recovery.list', everyRule, forever)
  return useMemo(() => {
    const map = new Map<string, RecoveryView>()
    for (const view of data ?? []) if (view.incidentId !== null) map.set(view.incidentId, view)
    return map
  }, [data])
}

export interface IncidentFilter {
  readonly state: 'active' | 'resolved' | 'all'
  readonly severity: Severity | null
  readonly hostId: string | null
  readonly text: string
}

/** Newest first; `fetchNextPage` asks for older ones. */
export function useIncidentPages(
  filter: IncidentFilter,
): UseInfiniteQueryResult<InfiniteData<Incident[], number | null>, AppError> {
  const engine = useEngine()
  const text = useDeferredValue(filter.text.trim())
  const { state, severity, hostId } = filter
  return useInfiniteQuery<Incident[], AppError, InfiniteData<Incident[], number | null>, unknown[], number | null>({
    queryKey: [...pagesKey, { state, severity, hostId, text }],
    initialPageParam: null,
    queryFn: ({ pageParam, signal }) =>
      engine
        .call(
          'incident.list',
          { state, severity, hostId, text: text || null, before: pageParam, limit: pageSize },
          signal,
        )
        .catch(error => {
          throw AppError.from(error)
        }),
    getNextPageParam: last => (last.length < pageSize ? undefined : last.at(-1)?.openedAt),
    placeholderData: previous => previous,
    staleTime: 0,
  })
}

/** Starts to listen; returns the ends of it. */
export function keepIncidentsLive(engine: EngineRemote, client: QueryClient): (() => void)[] {
  return [
    engine.on('incident.changed', incident => {
      putIntoActive(client, incident)
      // The engine alone knows what matches a filter, and what was added to the story.
      void client.invalidateQueries({
        predicate: ({ queryKey: [call, input] }) =>
          (call === 'incident.list' && !isActiveQuery(input)) || (call === 'incident.get' && input === incident.id),
      })
    }),
    engine.on('silence.changed', silences => client.setQueryData(callKey('silence.list', undefined), silences)),
  ]
}

/** A list that could not be read again stays one: what an event says of one incident tells nothing of the others. */
function putIntoActive(client: QueryClient, incident: Incident): void {
  const queryKey = callKey('incident.list', activeQuery)
  const asked = client.getQueryCache().find({ queryKey })
  const { status, error } = asked?.state ?? {}
  updateAnswer(client, 'incident.list', activeQuery, list => putActive(list, incident))
  if (status !== 'error') return
  asked?.setState({ status, error })
  // one that is asked for just now is not asked for anew: many may be told at once
  void client.invalidateQueries({ queryKey }, { cancelRefetch: false })
}

function isActiveQuery(input: unknown): boolean {
  return JSON.stringify(input) === JSON.stringify(activeQuery)
}

/** A known one is replaced where it stands, a new one goes to the top, one that is over goes. */
export function putActive(list: readonly Incident[], incident: Incident): Incident[] {
  if (incident.state === 'resolved') return list.filter(other => other.id !== incident.id)
  const index = list.findIndex(other => other.id === incident.id)
  if (index < 0) return [incident, ...list]
  const next = [...list]
  next[index] = incident
  return next
}

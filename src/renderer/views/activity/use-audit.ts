// The audit log in pages, kept live by its events. Knows no layout.
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { AuditEntry } from '../../../shared/model/audit.ts'
import { useEngine, useEngineEvent } from '../../data/remotes.tsx'

const pageSize = 100

export interface AuditFilter {
  readonly text: string
  readonly hostId: string
}

/** Newest first; `fetchNextPage` asks for older ones. */
export function useAudit(filter: AuditFilter) {
  const engine = useEngine()
  const client = useQueryClient()
  const text = useDeferredValue(filter.text.trim())
  const key = ['audit.list', 'pages', { text, hostId: filter.hostId }]
  const query = useInfiniteQuery<AuditEntry[], AppError, InfiniteData<AuditEntry[]>, unknown[], number | null>({
    queryKey: key,
    initialPageParam: null,
    queryFn: ({ pageParam, signal }) =>
      engine
        .call(
          'audit.list',
          { before: pageParam, text: text || null, hostId: filter.hostId || null, target: null, limit: pageSize },
          signal,
        )
        .catch(error => {
          throw AppError.from(error)
        }),
    getNextPageParam: last => (last.length < pageSize ? undefined : last.at(-1)?.id),
    placeholderData: previous => previous,
  })
  useEngineEvent('audit.changed', entry => {
    // The engine alone knows what matches a text.
    if (text) void client.invalidateQueries({ queryKey: key })
    else if (!filter.hostId || entry.hostId === filter.hostId) {
      client.setQueryData<InfiniteData<AuditEntry[]>>(key, old => old && { ...old, pages: putEntry(old.pages, entry) })
    }
  })
  return query
}

/** A known entry is replaced where it stands, a new one goes to the top. */
export function putEntry(pages: readonly AuditEntry[][], entry: AuditEntry): AuditEntry[][] {
  if (pages.some(page => page.some(other => other.id === entry.id))) {
    return pages.map(page => page.map(other => (other.id === entry.id ? entry : other)))
  }
  const [first = [], ...rest] = pages
  return [[entry, ...first], ...rest]
}

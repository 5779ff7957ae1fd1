// Follows journals into a line store and tells the screen at most once per frame; restarts when the filter changes. Draws nothing.
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { AppError } from '../../../../shared/errors.ts'
import type { JournalEntry, JournalFilter } from '../../../../shared/model/journal.ts'
import { useEngine, useEngineConnected } from '../../../data/remotes.tsx'
import { LineStore } from './line-store.ts'

const backlogLines = 500
const earlierLines = 2_000
/** Entries under way at a time: what comes faster than it is kept waits on the host. */
const credit = 64

export interface Journal {
  readonly store: LineStore
  /** Grows with each change of the store. */
  readonly version: number
  /** New lines at the end since the filter was set. */
  readonly arrived: number
  /** By how many lines the start has moved back since the filter was set: older ones were put in front. */
  readonly prepended: number
  readonly state: 'starting' | 'following' | 'failed'
  readonly error: AppError | null
  readonly earlier: { readonly loading: boolean; readonly more: boolean; readonly error: AppError | null }
  loadEarlier(): void
  retry(): void
}

/** One journal for all filters together; `filters` may be a new object each time, only its content counts. */
export function useJournal(filters: readonly JournalFilter[]): Journal {
  const engine = useEngine()
  const connected = useEngineConnected()
  const key = JSON.stringify(filters)
  const wanted = useMemo(() => JSON.parse(key) as JournalFilter[], [key])
  const [attempt, setAttempt] = useState(0)
  const feed = useMemo(() => new Feed(), [])
  const snapshot = useSyncExternalStore(feed.subscribe, feed.snapshot)

  useEffect(() => {
    if (!connected) return
    const controller = new AbortController()
    feed.restart(attempt)
    const run = async (): Promise<void> => {
      const input = { filters: wanted, backlog: backlogLines }
      for await (const batch of engine.stream('journal.follow', input, { signal: controller.signal, credit })) {
        if (controller.signal.aborted) return
        feed.append(batch)
      }
    }
    run().catch(error => {
      if (!controller.signal.aborted) feed.fail(AppError.from(error))
    })
    return () => controller.abort()
  }, [engine, connected, wanted, attempt, feed])

  const earlierAbort = useRef<AbortController | null>(null)
  useEffect(() => () => earlierAbort.current?.abort(), [])
  const loadEarlier = useCallback(() => {
    if (!feed.beginEarlier()) return
    const controller = new AbortController()
    earlierAbort.current = controller
    const generation = feed.generation
    Promise.all(
      wanted.map(filter =>
        engine.call(
          'journal.page',
          { ...filter, cursor: feed.oldestCursor(filter.hostId), direction: 'before', limit: earlierLines },
          controller.signal,
        ),
      ),
    ).then(
      pages => {
        if (feed.generation !== generation) return
        const entries = pages.flatMap(page => page.entries)
        if (pages.length > 1) entries.sort((a, b) => a.at - b.at)
        feed.prepend(
          entries,
          pages.some(page => page.more),
        )
      },
      error => {
        if (feed.generation === generation) feed.failEarlier(AppError.from(error))
      },
    )
  }, [engine, wanted, feed])

  const retry = useCallback(() => setAttempt(count => count + 1), [])
  return useMemo(() => ({ ...snapshot, loadEarlier, retry }), [snapshot, loadEarlier, retry])
}

type Snapshot = Omit<Journal, 'loadEarlier' | 'retry'>

/** The store with its announcements, apart from React, so that a flood of batches costs one render per frame. */
class Feed {
  readonly #store = new LineStore()
  readonly #listeners = new Set<() => void>()
  readonly #oldest = new Map<string, string>()
  #snapshot: Snapshot
  #frame = 0
  generation = 0

  constructor() {
    this.#snapshot = this.#fresh('starting')
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly snapshot = (): Snapshot => this.#snapshot

  oldestCursor(hostId: string): string | null {
    return this.#oldest.get(hostId) ?? null
  }

  restart(attempt: number): void {
    this.generation = this.generation + 1 + attempt
    this.#store.clear()
    this.#oldest.clear()
    this.#snapshot = this.#fresh('starting')
    this.#announce()
  }

  append(batch: readonly JournalEntry[]): void {
    for (const entry of batch) if (!this.#oldest.has(entry.hostId)) this.#oldest.set(entry.hostId, entry.cursor)
    const added = this.#store.append(batch)
    this.#change({ arrived: this.#snapshot.arrived + added, state: 'following' })
  }

  fail(error: AppError): void {
    this.#change({ state: 'failed', error })
  }

  beginEarlier(): boolean {
    const { earlier } = this.#snapshot
    if (earlier.loading || !earlier.more || this.#store.full) return false
    this.#change({ earlier: { loading: true, more: true, error: null } })
    return true
  }

  prepend(entries: readonly JournalEntry[], more: boolean): void {
    const seen = new Set<string>()
    for (const entry of entries) {
      if (seen.has(entry.hostId)) continue
      seen.add(entry.hostId)
      this.#oldest.set(entry.hostId, entry.cursor)
    }
    const added = this.#store.prepend(entries)
    this.#change({
      prepended: this.#snapshot.prepended + added,
      earlier: { loading: false, more: more && entries.length > 0, error: null },
    })
  }

  failEarlier(error: AppError): void {
    this.#change({ earlier: { loading: false, more: true, error } })
  }

  #fresh(state: Snapshot['state']): Snapshot {
    return {
      store: this.#store,
      version: 0,
      arrived: 0,
      prepended: 0,
      state,
      error: null,
      earlier: { loading: false, more: true, error: null },
    }
  }

  #change(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change, version: this.#snapshot.version + 1 }
    this.#announce()
  }

  #announce(): void {
    if (this.#frame !== 0) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0
      for (const listener of this.#listeners) listener()
    })
  }
}

// Keeps how checks stood over time as spans of one status, gathered in memory and written now and then; knows nothing of uptime.
import type { ProbeStatus } from '../../shared/model/check.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Db } from './database.ts'

export type SpanStatus = ProbeStatus | 'maintenance'

export interface Span {
  readonly from: number
  readonly to: number
  readonly status: SpanStatus
  /** The newest message of that status. */
  readonly message: string
}

export interface ProbeSpanStore {
  /**
   * It stood so at a wall time. Goes on from the span before where that ended at most `maxGapMs` ago; what lies between two spans further
   * apart is not known. Never throws: what cannot be written stays in memory, the newest of it.
   */
  extend(checkId: string, unitKey: string, status: SpanStatus, message: string, at: number, maxGapMs: number): void
  /** Spans that touch [from, to], ascending. */
  list(checkId: string, unitKey: string, from: number, to: number): Span[]
  /** Tries to write what waits in memory; false while the disk takes none of it. */
  flush(): boolean
  forget(checkId: string): void
  /** Writes what waits and stops; the database is closed after it. */
  close(): void
}

interface Written extends Span {
  readonly checkId: string
  readonly unitKey: string
}
interface Open {
  checkId: string
  unitKey: string
  from: number
  to: number
  status: SpanStatus
  message: string
  dirty: boolean
}

const flushMs = 30_000
/** Spans that ended and could not be written yet. */
const mostWaiting = 100_000
const mostMessage = 500
const keyOf = (checkId: string, unitKey: string): string => `${checkId}\n${unitKey}`

export function createProbeSpanStore(db: Db, clock: Clock, log: Logger): ProbeSpanStore {
  const put = db.prepare(`INSERT INTO probe_span VALUES (@checkId, @unitKey, @from, @to, @status, @message)
    ON CONFLICT (check_id, unit, from_at) DO UPDATE SET to_at = excluded.to_at, status = excluded.status,
    message = excluded.message`)
  const newest = db.prepare<[string, string], { from: number; to: number; status: SpanStatus; message: string }>(
    `SELECT from_at AS "from", to_at AS "to", status, message FROM probe_span WHERE check_id = ? AND unit = ?
    ORDER BY from_at DESC LIMIT 1`,
  )
  const list = db.prepare<[string, string, number, number], Span>(`SELECT from_at AS "from", to_at AS "to", status,
    message FROM probe_span WHERE check_id = ? AND unit = ? AND from_at <= ? AND to_at >= ? ORDER BY from_at`)
  const forget = db.prepare<[string]>('DELETE FROM probe_span WHERE check_id = ?')
  const current = new Map<string, Open>()
  let ended: Written[] = []
  let dirty = new Set<Open>()
  let timer: Disposable | null = null

  function touch(span: Open): void {
    if (!span.dirty) {
      span.dirty = true
      dirty.add(span)
    }
    timer ??= clock.after(flushMs, () => {
      timer = null
      flush()
    })
  }
  function end(span: Open): void {
    if (!span.dirty) return
    dirty.delete(span)
    ended.push({ ...span })
    if (ended.length <= mostWaiting) return
    log.warn('probe history in memory is full, the oldest of it is dropped')
    ended = ended.slice(mostWaiting / 10)
  }
  function flush(): boolean {
    if (ended.length === 0 && dirty.size === 0) return true
    try {
      db.write(() => {
        for (const span of ended) put.run(bound(span))
        for (const span of dirty) put.run(bound(span))
      })
    } catch (error) {
      log.warn('probe history was not written, it is kept in memory', { reason: String(error) })
      timer ??= clock.after(flushMs, () => {
        timer = null
        flush()
      })
      return false
    }
    ended = []
    for (const span of dirty) span.dirty = false
    dirty = new Set()
    return true
  }
  function last(checkId: string, unitKey: string): Open | undefined {
    try {
      const row = db.read(() => newest.get(checkId, unitKey))
      return row && { checkId, unitKey, ...row, dirty: false }
    } catch (error) {
      log.warn('probe history could not be read', { reason: String(error) })
      return undefined
    }
  }

  return {
    extend(checkId, unitKey, status, message, at, maxGapMs) {
      const key = keyOf(checkId, unitKey)
      const before = current.get(key) ?? last(checkId, unitKey)
      const text = message.length <= mostMessage ? message : `${message.slice(0, mostMessage - 1)}…`
      const near = before !== undefined && at >= before.to && at - before.to <= maxGapMs
      if (before && near) {
        // what is seen otherwise now was so until now, as far as anyone knows
        before.to = at
        if (before.status === status) before.message = text
        touch(before)
        if (before.status === status) {
          current.set(key, before)
          return
        }
      } else if (before?.status === status && at < before.to) {
        // the wall clock went back: what is there says it already
        return
      }
      if (before) end(before)
      // spans of one key never overlap nor begin together, wherever the wall clock went
      const from = before ? Math.max(at, before.to, before.from + 1) : at
      const fresh: Open = { checkId, unitKey, from, to: Math.max(from, at), status, message: text, dirty: false }
      current.set(key, fresh)
      touch(fresh)
    },
    list(checkId, unitKey, from, to) {
      const written = flush()
      const found = db.read(() => list.all(checkId, unitKey, to, from))
      if (written) return found
      const waiting = [...ended, ...dirty].filter(
        span => span.checkId === checkId && span.unitKey === unitKey && span.from <= to && span.to >= from,
      )
      const known = new Map([...found, ...waiting].map(span => [span.from, span]))
      return [...known.values()]
        .sort((a, b) => a.from - b.from)
        .map(span => ({ from: span.from, to: span.to, status: span.status, message: span.message }))
    },
    flush,
    forget(checkId) {
      for (const [key, span] of current)
        if (span.checkId === checkId) {
          current.delete(key)
          dirty.delete(span)
        }
      ended = ended.filter(span => span.checkId !== checkId)
      db.write(() => forget.run(checkId))
    },
    close() {
      flush()
      timer?.dispose()
      timer = null
      dirty.clear()
      ended = []
    },
  }
}

function bound({ checkId, unitKey, from, to, status, message }: Written) {
  return { checkId, unitKey, from, to, status, message }
}

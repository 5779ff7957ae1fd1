// Keeps every message until it is sent, and what became of it; decides nothing about when or how.
import type { NewsItem, NotificationKind, OutboxEntry } from '../../shared/model/channel.ts'
import type { Severity } from '../../shared/model/check.ts'
import type { Db } from './database.ts'

export type OutboxState = OutboxEntry['state']

/** One piece of news for one channel. `createdAt` and `sentAt` are wall ms, the other times steady ms. */
export interface OutboxRow {
  readonly seq: number
  readonly channelId: string
  readonly hostId: string | null
  readonly incidentId: string | null
  readonly kind: NotificationKind
  readonly severity: Severity
  readonly news: NewsItem
  readonly createdAt: number
  readonly notBefore: number
  /** Quiet hours hold it, or held it until its summary. */
  readonly held: boolean
  /** Set before the first attempt and never changed: rows with the same one are one message. */
  readonly batchId: string | null
  readonly state: OutboxState
  readonly attempts: number
  readonly firstAttemptAt: number | null
  readonly nextAttemptAt: number | null
  readonly sentAt: number | null
  readonly error: string | null
}

export type NewOutboxRow = Pick<
  OutboxRow,
  'channelId' | 'hostId' | 'incidentId' | 'kind' | 'severity' | 'news' | 'createdAt' | 'notBefore' | 'held'
>

export interface OutboxStore {
  insert(row: NewOutboxRow): OutboxRow
  /** What still waits or is being sent, in order; of all channels or of one. */
  open(channelId?: string): OutboxRow[]
  /** Fixes which rows are one message, before it is first sent. */
  begin(seqs: readonly number[], batchId: string, firstAttemptAt: number): void
  /** An attempt failed and is made again. */
  retry(batchId: string, change: { attempts: number; nextAttemptAt: number; error: string }): void
  finish(batchId: string, end: { state: 'sent' | 'failed'; attempts: number; at: number; error: string | null }): void
  /** Takes rows out that shall not be sent any more. */
  drop(seqs: readonly number[]): void
  /** Moves rows to another time, into or out of quiet hours. */
  postpone(seqs: readonly number[], notBefore: number, held: boolean): void
  ofIncident(incidentId: string): OutboxRow[]
  /** Newest first, as a person may look at them. */
  list(channelId: string, limit: number): OutboxEntry[]
  lastSentAt(channelId: string): number | null
  /** Forgets what was dealt with before (wall ms), some at a time; returns how many. */
  expire(before: number, limit: number): number
}

interface Row {
  seq: number
  channel_id: string
  host_id: string | null
  incident_id: string | null
  kind: NotificationKind
  severity: Severity
  news: string
  created_at: number
  not_before: number
  held: number
  batch_id: string | null
  state: OutboxState
  attempts: number
  first_attempt_at: number | null
  next_attempt_at: number | null
  sent_at: number | null
  error: string | null
}

export function createOutboxStore(db: Db): OutboxStore {
  const insert = db.prepare(`INSERT INTO outbox (channel_id, host_id, incident_id, kind, severity, news, created_at,
    not_before, held, state) VALUES (@channelId, @hostId, @incidentId, @kind, @severity, @news, @createdAt, @notBefore,
    @held, 'waiting')`)
  const openAll = db.prepare<[], Row>("SELECT * FROM outbox WHERE state IN ('waiting', 'sending') ORDER BY seq")
  const openOf = db.prepare<[string], Row>(
    "SELECT * FROM outbox WHERE state IN ('waiting', 'sending') AND channel_id = ? ORDER BY seq",
  )
  const begin = db.prepare<[string, number, number]>(
    "UPDATE outbox SET batch_id = ?, first_attempt_at = ?, state = 'sending' WHERE seq = ?",
  )
  const retry = db.prepare(
    'UPDATE outbox SET attempts = @attempts, next_attempt_at = @nextAttemptAt, error = @error WHERE batch_id = @batchId',
  )
  const finish = db.prepare(`UPDATE outbox SET state = @state, attempts = @attempts, sent_at = @sentAt, error = @error,
    next_attempt_at = NULL WHERE batch_id = @batchId`)
  const drop = db.prepare<[number]>("UPDATE outbox SET state = 'dropped' WHERE seq = ? AND state = 'waiting'")
  const postpone = db.prepare<[number, number, number]>('UPDATE outbox SET not_before = ?, held = ? WHERE seq = ?')
  const ofIncident = db.prepare<[string], Row>('SELECT * FROM outbox WHERE incident_id = ? ORDER BY seq')
  const list = db.prepare<[string, number], Row>('SELECT * FROM outbox WHERE channel_id = ? ORDER BY seq DESC LIMIT ?')
  const lastSent = db.prepare<[string], { at: number | null }>(
    "SELECT max(sent_at) AS at FROM outbox WHERE channel_id = ? AND state = 'sent'",
  )
  const expire = db.prepare<[number, number]>(`DELETE FROM outbox WHERE seq IN
    (SELECT seq FROM outbox WHERE state NOT IN ('waiting', 'sending') AND created_at < ? LIMIT ?)`)
  return {
    insert: row =>
      db.write(() => {
        const { lastInsertRowid } = insert.run({ ...row, news: JSON.stringify(row.news), held: row.held ? 1 : 0 })
        const open = { batchId: null, state: 'waiting', attempts: 0, error: null } as const
        return {
          ...row,
          ...open,
          seq: Number(lastInsertRowid),
          firstAttemptAt: null,
          nextAttemptAt: null,
          sentAt: null,
        }
      }),
    open: channelId => db.read(() => (channelId === undefined ? openAll.all() : openOf.all(channelId)).map(fromRow)),
    begin: (seqs, batchId, firstAttemptAt) => {
      db.write(() => {
        for (const seq of seqs) begin.run(batchId, firstAttemptAt, seq)
      })
    },
    retry: (batchId, change) => {
      db.write(() => retry.run({ ...change, batchId }))
    },
    finish: (batchId, { state, attempts, at, error }) => {
      db.write(() => finish.run({ batchId, state, attempts, error, sentAt: state === 'sent' ? at : null }))
    },
    drop: seqs => {
      db.write(() => {
        for (const seq of seqs) drop.run(seq)
      })
    },
    postpone: (seqs, notBefore, held) => {
      db.write(() => {
        for (const seq of seqs) postpone.run(notBefore, held ? 1 : 0, seq)
      })
    },
    ofIncident: incidentId => db.read(() => ofIncident.all(incidentId).map(fromRow)),
    list: (channelId, limit) => db.read(() => list.all(channelId, limit).map(row => toEntry(fromRow(row)))),
    lastSentAt: channelId => db.read(() => lastSent.get(channelId)?.at ?? null),
    expire: (before, limit) => db.write(() => expire.run(before, limit).changes),
  }
}

function fromRow(row: Row): OutboxRow {
  return {
    seq: row.seq,
    channelId: row.channel_id,
    hostId: row.host_id,
    incidentId: row.incident_id,
    kind: row.kind,
    severity: row.severity,
    news: JSON.parse(row.news) as NewsItem,
    createdAt: row.created_at,
    notBefore: row.not_before,
    held: row.held === 1,
    batchId: row.batch_id,
    state: row.state,
    attempts: row.attempts,
    firstAttemptAt: row.first_attempt_at,
    nextAttemptAt: row.next_attempt_at,
    sentAt: row.sent_at,
    error: row.error,
  }
}

function toEntry(row: OutboxRow): OutboxEntry {
  return {
    id: String(row.seq),
    channelId: row.channelId,
    incidentId: row.incidentId,
    kind: row.kind,
    title: row.news.title,
    state: row.state,
    createdAt: row.createdAt,
    sentAt: row.sentAt,
    attempts: row.attempts,
    error: row.error,
  }
}

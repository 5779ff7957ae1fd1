// The outbox's receiving end: decides for which channels a piece of news is and from when, in the transaction that made it (semantics 12, 14, 19); sends nothing.
import { type Channel, desktopChannelId, type NewsItem, type NotificationKind } from '../../shared/model/channel.ts'
import { severityRank } from '../domain/alert-text.ts'
import { quietUntil } from '../domain/quiet-hours.ts'
import type { Clock } from '../lib/clock.ts'
import { Emitter } from '../lib/disposable.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { OutboxRow } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'

/** The first news of a channel and host waits so long for what breaks with it … */
const holdMs = 1_000
/** … and what comes within this time after it becomes one message at its end (decision 0008). */
const windowMs = 10_000

/** After any of these "resolved" is news (semantics 12). */
const troubles: ReadonlySet<NotificationKind> = new Set(['firing', 'repeat', 'flapping', 'escalated'])

interface Window {
  /** Steady ms: the first message goes at `first`, what comes later at `end`. */
  first: number
  end: number
  used: boolean
}

export class Outbox {
  /** A channel has something new to send, or its settings changed. */
  readonly changed = new Emitter<string>()
  readonly #store: Store
  readonly #clock: Clock
  readonly #steady: SteadyTime
  readonly #desktopOn: () => boolean
  readonly #windows = new Map<string, Window>()
  #channels: Channel[] = []
  /** What is in the table and open, by channel and seq. Only this class writes that table. */
  #open = new Map<string, Map<number, OutboxRow>>()
  /** Undone where the transaction is. */
  #staged: { added: OutboxRow[]; dropped: OutboxRow[] } | null = null

  constructor(options: { store: Store; clock: Clock; steady: SteadyTime; desktopOn: () => boolean }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#steady = options.steady
    this.#desktopOn = options.desktopOn
    this.reload()
    for (const row of this.#store.outbox.open()) this.#put(inOurTime(row, this.#steady.now()))
  }

  /** Channels were added, edited or removed. */
  reload(): void {
    this.#channels = this.#store.channels.list()
    const ids = new Set(this.#channels.map(channel => channel.id))
    for (const id of this.#open.keys()) if (!ids.has(id)) this.#open.delete(id)
  }

  channels(): readonly Channel[] {
    return this.#channels
  }

  /** The desktop is told nothing while notifications are switched off. */
  isSilent(channelId: string): boolean {
    return channelId === desktopChannelId && !this.#desktopOn()
  }

  /** What waits or is being sent, in order. */
  open(channelId: string): OutboxRow[] {
    return [...(this.#open.get(channelId)?.values() ?? [])]
  }

  /** All or nothing, the news with what made it; channels hear of it afterwards. */
  transaction<T>(work: () => T): T {
    if (this.#staged) return work()
    const staged = { added: [], dropped: [] } as { added: OutboxRow[]; dropped: OutboxRow[] }
    this.#staged = staged
    let result: T
    try {
      result = this.#store.transaction(work)
    } finally {
      this.#staged = null
    }
    for (const row of staged.added) this.#put(row)
    for (const row of staged.dropped) this.#open.get(row.channelId)?.delete(row.seq)
    for (const id of new Set([...staged.added, ...staged.dropped].map(row => row.channelId))) this.changed.emit(id)
    return result
  }

  /** For every channel whose filter lets it through. */
  post(item: NewsItem, tags: readonly string[]): void {
    for (const channel of this.#channels) if (this.#takes(channel, item, tags)) this.#insert(channel, item)
  }

  /** Only for one channel, past its filter: what is about this computer, or about a channel, and no incident. */
  postNotice(channelId: string, title: string, body: string): void {
    const channel = this.#channels.find(each => each.id === channelId)
    if (!channel?.enabled || this.isSilent(channel.id)) return
    const about = { incidentId: null, hostId: null, hostName: null, unit: null, severity: 'warning' } as const
    this.#insert(channel, { ...about, kind: 'notice', title, body, at: this.#clock.now() })
  }

  /** "Resolved" goes only where "firing" went; where that still waits, neither goes (semantics 12, 14). */
  resolve(item: NewsItem): void {
    if (item.incidentId === null) return
    const rows = this.#store.outbox.ofIncident(item.incidentId)
    const told = new Set<string>()
    const waiting = new Map<number, OutboxRow>()
    for (const row of rows) {
      if (!troubles.has(row.kind)) continue
      if (row.state === 'sent' || row.state === 'sending') told.add(row.channelId)
      else if (row.state === 'waiting') waiting.set(row.seq, row)
    }
    this.drop([...waiting.values()])
    for (const channel of this.#channels)
      if (told.has(channel.id) && channel.enabled && !this.isSilent(channel.id)) this.#insert(channel, item)
  }

  /** Takes out what must not be sent any more. */
  drop(rows: readonly OutboxRow[]): void {
    if (rows.length === 0) return
    this.#store.outbox.drop(rows.map(row => row.seq))
    if (this.#staged) this.#staged.dropped.push(...rows)
    else for (const row of rows) this.#open.get(row.channelId)?.delete(row.seq)
  }

  /** Fixes these rows as one message before it is first sent (semantics 19). */
  begin(rows: readonly OutboxRow[], batchId: string): OutboxRow[] {
    const firstAttemptAt = this.#steady.now()
    this.#store.outbox.begin(
      rows.map(row => row.seq),
      batchId,
      firstAttemptAt,
    )
    return rows.map(row => this.#put({ ...row, batchId, firstAttemptAt, state: 'sending' }))
  }

  retry(batch: readonly OutboxRow[], change: { attempts: number; nextAttemptAt: number; error: string }): void {
    // in memory first: a disk that takes nothing must not make it be sent without pause
    for (const row of batch) this.#put({ ...row, ...change })
    this.#store.outbox.retry(batch[0]?.batchId ?? '', change)
  }

  finish(batch: readonly OutboxRow[], state: 'sent' | 'failed', error: string | null): void {
    for (const row of batch) this.#open.get(row.channelId)?.delete(row.seq)
    const [first] = batch
    if (!first) return
    this.#store.transaction(() => {
      const attempts = first.attempts + 1
      this.#store.outbox.finish(first.batchId ?? '', { state, attempts, at: this.#clock.now(), error })
      if (state === 'failed') this.drop(this.#unannounced(batch))
    })
  }

  /** Into or out of quiet hours. */
  hold(rows: readonly OutboxRow[], held: boolean): void {
    const now = this.#steady.now()
    this.#store.outbox.postpone(
      rows.map(row => row.seq),
      now,
      held,
    )
    for (const row of rows) this.#put({ ...row, notBefore: now, held })
  }

  /** Is it quiet for this row now, and until when (wall ms)? */
  quietFor(channel: Channel, severity: NewsItem['severity']): number | null {
    if (!channel.quietHours || (severity === 'critical' && channel.quietHours.criticalPasses)) return null
    return quietUntil(channel.quietHours, this.#clock.now())
  }

  /** "Resolved" that waits for a "firing" which never arrived. */
  #unannounced(failed: readonly OutboxRow[]): OutboxRow[] {
    const incidents = new Set(failed.map(row => row.incidentId))
    return this.open(failed[0]?.channelId ?? '').filter(row => {
      if (row.kind !== 'resolved' || row.state !== 'waiting' || row.incidentId === null) return false
      if (!incidents.has(row.incidentId)) return false
      const rows = this.#store.outbox.ofIncident(row.incidentId)
      return !rows.some(
        other => other.channelId === row.channelId && troubles.has(other.kind) && /^sen[dt]/.test(other.state),
      )
    })
  }

  #takes(channel: Channel, item: NewsItem, tags: readonly string[]): boolean {
    const { filter, enabled, id } = channel
    if (!enabled || this.isSilent(id)) return false
    if (severityRank[item.severity] < severityRank[filter.minSeverity]) return false
    if (filter.tags.length > 0 && !filter.tags.some(tag => tags.includes(tag))) return false
    return filter.hosts.length === 0 || item.hostId === null || filter.hosts.includes(item.hostId)
  }

  #insert(channel: Channel, item: NewsItem): void {
    const held = this.quietFor(channel, item.severity) !== null
    const row = this.#store.outbox.insert({
      channelId: channel.id,
      hostId: item.hostId,
      incidentId: item.incidentId,
      kind: item.kind,
      severity: item.severity,
      news: item,
      createdAt: this.#clock.now(),
      notBefore: held ? this.#steady.now() : this.#dueAt(channel.id, item.hostId),
      held,
    })
    if (this.#staged) this.#staged.added.push(row)
    else {
      this.#put(row)
      this.changed.emit(row.channelId)
    }
  }

  /** Semantics 14 as decision 0008 has it. What is about no host waits for nothing. */
  #dueAt(channelId: string, hostId: string | null): number {
    const now = this.#steady.now()
    if (hostId === null) return now
    const key = `${channelId}\n${hostId}`
    let window = this.#windows.get(key)
    // what went at the end of a window begins the next one: no more than one message in 10 s
    if (window?.used && now >= window.end && now < window.end + windowMs)
      window = { first: window.end, end: window.end + windowMs, used: false }
    if (!window || now >= window.end) window = { first: now + holdMs, end: now + windowMs, used: false }
    if (this.#windows.size > 2_000) this.#windows.clear()
    this.#windows.set(key, window)
    if (now < window.first) return window.first
    window.used = true
    return window.end
  }

  #put(row: OutboxRow): OutboxRow {
    const rows = this.#open.get(row.channelId) ?? new Map<number, OutboxRow>()
    this.#open.set(row.channelId, rows)
    rows.set(row.seq, row)
    return row
  }
}

/** What was persisted by a clock that was ahead of ours counts as now (semantics 3). */
function inOurTime(row: OutboxRow, now: number): OutboxRow {
  const { held, notBefore, firstAttemptAt } = row
  if (firstAttemptAt !== null && firstAttemptAt > now) return { ...row, firstAttemptAt: now, nextAttemptAt: null }
  return !held && notBefore > now + windowMs ? { ...row, notBefore: now } : row
}

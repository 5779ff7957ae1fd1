// Sends the messages of one channel one after the other, each until it arrives or never will (semantics 14, 19); knows no other channel.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Channel } from '../../shared/model/channel.ts'
import type { ChannelType, SendResult } from '../channels/index.ts'
import { notificationOf } from '../domain/message-batch.ts'
import type { Clock } from '../lib/clock.ts'
import type { AsyncDisposable, Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { passing, permanent } from '../lib/send-failure.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Native } from '../ports.ts'
import type { OutboxRow } from '../store/outbox.ts'
import type { Outbox } from './outbox.ts'

export interface ChannelQueueOptions {
  channel: Channel
  type: ChannelType | undefined
  outbox: Outbox
  native: Native
  clock: Clock
  steady: SteadyTime
  log: Logger
  secret: (field: string) => Promise<string | null>
  /** Something that a person may look at is otherwise now. */
  onChange: () => void
}

/** A message that is not taken within this time is tried again. */
const sendMs = 60_000
const backOff = { first: 5_000, most: 300_000 }
const longestPauseMs = 6 * 3_600_000
/** So long is a message tried. */
const triedMs = 24 * 3_600_000
/** Rows of one message; no channel shows more. */
const mostItems = 100
/** Quiet hours are looked at so often, whatever the wall clock does meanwhile. */
const lookMs = 60_000
/** What is under way when the app ends may end within this time. */
const patienceMs = 3_000

export class ChannelQueue implements AsyncDisposable {
  problem: string | null = null
  lastSentAt: number | null = null
  readonly #options: ChannelQueueOptions
  readonly #log: Logger
  readonly #ended = new AbortController()
  #channel: Channel
  #timer: Disposable | null = null
  /** The service wants to be left alone until then (steady ms). */
  #pausedUntil = 0
  #sending: Promise<void> | null = null
  #disposed = false

  constructor(options: ChannelQueueOptions) {
    this.#options = options
    this.#channel = options.channel
    this.#log = options.log
    const [first] = this.#batch() ?? []
    this.problem = first?.error ?? null
    // a wait that was longer than any is nobody's wish (semantics 3)
    if (first?.nextAttemptAt) this.#pausedUntil = Math.min(first.nextAttemptAt, options.steady.now() + longestPauseMs)
  }

  /** When the message that failed is tried again, steady ms. */
  get nextAttemptAt(): number | null {
    return this.#batch()?.[0]?.nextAttemptAt ?? null
  }

  /** Its settings are others now, which may be what was wrong. */
  change(channel: Channel): void {
    this.#channel = channel
    if (!channel.enabled) this.#giveUp('The channel was switched off')
    this.hurry()
  }

  /** Whatever was in the way may be gone. */
  hurry(): void {
    this.#pausedUntil = 0
    this.wake()
  }

  /** Looks for something to send. */
  wake(): void {
    if (this.#disposed || this.#sending) return
    this.#timer?.dispose()
    this.#timer = null
    try {
      const at = this.#look()
      if (at !== null) this.#timer = this.#options.clock.after(Math.max(1, at), () => this.wake())
    } catch (error) {
      this.#log.error('the outbox cannot be written', { channel: this.#channel.id, error: String(error) })
      this.#timer = this.#options.clock.after(backOff.first, () => this.wake())
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    this.#timer?.dispose()
    if (this.#sending) {
      const timer = this.#options.clock.after(patienceMs, () => this.#ended.abort())
      await this.#sending
      timer.dispose()
    }
    this.#ended.abort()
  }

  /** Starts to send what is due; else says in how many ms to look again, or null where nothing waits. */
  #look(): number | null {
    const { steady, outbox, clock } = this.#options
    const now = steady.now()
    if (outbox.isSilent(this.#channel.id)) this.#giveUp('Notifications are switched off')
    const begun = this.#batch()
    if (begun) {
      if (this.#pausedUntil > now) return this.#pausedUntil - now
      this.#sending = this.#send(begun)
      return null
    }
    const waiting = outbox.open(this.#channel.id)
    if (waiting.length === 0) return null
    if (this.#pausedUntil > now) return this.#pausedUntil - now
    const quiet = this.#sortByQuiet(waiting)
    const due = waiting.filter(row => !quiet.has(row) && row.notBefore <= now)
    const [first] = due
    if (!first) {
      const wall = clock.now()
      const waits = waiting.map(row => (quiet.get(row) ?? Number.POSITIVE_INFINITY) - wall)
      return Math.min(lookMs, ...waits, ...waiting.filter(row => !quiet.has(row)).map(row => row.notBefore - now))
    }
    const together = due.filter(row => (first.held ? row.held : !row.held && row.hostId === first.hostId))
    // notices have nothing in common but that they are about no host
    const rows = first.hostId === null && !first.held ? [first] : together.slice(0, mostItems)
    this.#sending = this.#send(outbox.begin(rows, randomUUID()))
    return null
  }

  /** Which of them quiet hours hold now, and until when (wall ms); what they no longer hold is due, and known as held for the summary. */
  #sortByQuiet(waiting: readonly OutboxRow[]): ReadonlyMap<OutboxRow, number> {
    const { outbox } = this.#options
    const quiet = new Map<OutboxRow, number>()
    for (const row of waiting) {
      const until = outbox.quietFor(this.#channel, row.severity)
      if (until !== null) quiet.set(row, until)
    }
    const caught = [...quiet.keys()].filter(row => !row.held)
    if (caught.length > 0) outbox.hold(caught, true)
    return quiet
  }

  #batch(): OutboxRow[] | null {
    const rows = this.#options.outbox.open(this.#channel.id).filter(row => row.state === 'sending')
    const [first] = rows
    return first ? rows.filter(row => row.batchId === first.batchId) : null
  }

  async #send(batch: readonly OutboxRow[]): Promise<void> {
    const [first] = batch
    let result: SendResult
    try {
      result = await this.#attempt(batch)
    } catch (error) {
      const { code, message } = AppError.from(error)
      if (code === 'INTERNAL') this.#log.error('a channel broke', { channel: this.#channel.id, error: message })
      result = passing(message)
    }
    // what the end of the app cut off is begun anew at the next start, under the same id
    if (!this.#ended.signal.aborted && first) this.#settle(batch, first, result)
    this.#sending = null
    this.#options.onChange()
    this.wake()
  }

  async #attempt(batch: readonly OutboxRow[]): Promise<SendResult> {
    const { type, clock, native, secret } = this.#options
    if (!type) return permanent('This version knows no such kind of channel')
    const spec = type.spec.safeParse(this.#channel.spec)
    if (!spec.success) return permanent(`Its settings cannot be used: ${spec.error.issues[0]?.message ?? ''}`)
    const late = new AbortController()
    const stop = AbortSignal.any([late.signal, this.#ended.signal])
    const timer = clock.after(sendMs, () => late.abort())
    const aborted = new Promise<SendResult>(resolve => {
      stop.addEventListener('abort', () => resolve(passing(`No answer within ${sendMs / 1_000} s`)), { once: true })
    })
    try {
      // one that does not heed its signal costs no more time for it
      const sent = type.send({ clock, native, signal: stop, secret }, spec.data, notificationOf(batch))
      return await Promise.race([sent, aborted])
    } finally {
      timer.dispose()
    }
  }

  #settle(batch: readonly OutboxRow[], first: OutboxRow, result: SendResult): void {
    const { outbox, steady, clock } = this.#options
    const now = steady.now()
    const attempts = first.attempts + 1
    try {
      if (result.ok) {
        this.problem = null
        this.lastSentAt = clock.now()
        this.#pausedUntil = now + Math.min(result.pauseMs ?? 0, longestPauseMs)
        outbox.finish(batch, 'sent', null)
        return
      }
      this.problem = result.message
      const expired = now - (first.firstAttemptAt ?? now) >= triedMs
      if (!result.retry || expired) {
        const error = result.retry ? `Given up after 24 h: ${result.message}` : result.message
        this.#log.warn('a message did not arrive', { channel: this.#channel.id, attempts, error })
        outbox.finish(batch, 'failed', error)
        if (expired) this.#giveUpOld(error)
        return
      }
      const wait = Math.max(Math.min(backOff.first * 2 ** (attempts - 1), backOff.most), result.retryAfterMs ?? 0)
      this.#pausedUntil = now + Math.min(wait, longestPauseMs)
      outbox.retry(batch, { attempts, nextAttemptAt: this.#pausedUntil, error: result.message })
    } catch (error) {
      this.#log.error('what became of a message could not be written', { error: String(error) })
      this.#pausedUntil = Math.max(this.#pausedUntil, now + backOff.first)
    }
  }

  /** What waited behind it for as long was tried with it, in its order. */
  #giveUpOld(error: string): void {
    const { outbox, clock } = this.#options
    const before = clock.now() - triedMs + backOff.most
    const old = outbox.open(this.#channel.id).filter(row => row.state === 'waiting' && row.createdAt <= before)
    if (old.length > 0) outbox.finish(outbox.begin(old, randomUUID()), 'failed', error)
  }

  #giveUp(why: string): void {
    const { outbox } = this.#options
    const rows = outbox.open(this.#channel.id)
    outbox.drop(rows.filter(row => row.state === 'waiting'))
    const begun = this.#batch()
    if (begun && !this.#sending) outbox.finish(begun, 'failed', why)
  }
}

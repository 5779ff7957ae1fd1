// Follows the journals of several hosts as one flow that survives lost links; knows nothing of journalctl or of who reads.
import { AppError } from '../../shared/errors.ts'
import type { JournalEntry, JournalFilter } from '../../shared/model/journal.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { JournalReader } from '../ports.ts'

/** Batches that wait for the reader, per flow; a host is not read further while they do. */
const queueLimit = 8
const retryMs = 1_000

export interface JournalSource {
  readonly reader: JournalReader
  /** Resolves when the host's link is ready (again). Rejects with LINK_LOST when this link never will be. */
  ready(signal: AbortSignal): Promise<void>
}

/**
 * History and then live entries of all filters' hosts, each host in order. After a lost link a host goes on behind its last entry, so
 * that nothing is missing and nothing comes twice. Ends when `signal` aborts; throws what trying again cannot mend (no rights, no such host).
 */
export async function* followJournals(
  filters: readonly JournalFilter[],
  backlog: number,
  sourceOf: (hostId: string) => JournalSource,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<JournalEntry[]> {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  signal.addEventListener('abort', stop, { once: true })
  const queue = new BatchQueue(queueLimit)
  const flows = filters.map(filter =>
    followOne(filter, backlog, () => sourceOf(filter.hostId), clock, controller.signal, queue).catch(error => {
      if (!controller.signal.aborted) queue.fail(AppError.from(error))
    }),
  )
  controller.signal.addEventListener('abort', () => queue.end(), { once: true })
  if (signal.aborted) stop()
  try {
    for (;;) {
      const batch = await queue.take()
      if (batch === null) return
      yield batch
    }
  } finally {
    signal.removeEventListener('abort', stop)
    controller.abort()
    await Promise.all(flows)
  }
}

async function followOne(
  filter: JournalFilter,
  backlog: number,
  sourceOf: () => JournalSource,
  clock: Clock,
  signal: AbortSignal,
  queue: BatchQueue,
): Promise<void> {
  let cursor: string | null = null as string | null
  while (!signal.aborted) {
    try {
      // asked anew each time: a host that was edited has another link, one that was removed has none
      const source = sourceOf()
      await source.ready(signal)
      const from: { cursor: string } | { backlog: number } = cursor === null ? { backlog } : { cursor }
      for await (const batch of source.reader.read(filter, { follow: true, signal, ...from })) {
        await queue.put([...batch])
        cursor = batch.at(-1)?.cursor ?? cursor
        if (signal.aborted) return
      }
    } catch (error) {
      const { code } = AppError.from(error)
      if (signal.aborted) return
      if (code !== 'LINK_LOST' && code !== 'NOT_CONNECTED') throw error
    }
    await sleep(clock, retryMs, signal).catch(() => undefined)
  }
}

/** A bounded hand-over of batches: writers wait while it is full. */
class BatchQueue {
  readonly #limit: number
  readonly #items: JournalEntry[][] = []
  #error: AppError | null = null
  #ended = false
  #wakeReader: (() => void) | null = null
  #wakeWriters: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  async put(batch: JournalEntry[]): Promise<void> {
    while (this.#items.length >= this.#limit && !this.#ended)
      await new Promise<void>(resolve => this.#wakeWriters.push(resolve))
    if (this.#ended || batch.length === 0) return
    this.#items.push(batch)
    this.#wakeReader?.()
  }

  /** The next batch, or null at the end. */
  async take(): Promise<JournalEntry[] | null> {
    for (;;) {
      const batch = this.#items.shift()
      if (batch) {
        for (const wake of this.#wakeWriters.splice(0)) wake()
        return batch
      }
      if (this.#error) throw this.#error
      if (this.#ended) return null
      await new Promise<void>(resolve => {
        this.#wakeReader = resolve
      })
      this.#wakeReader = null
    }
  }

  fail(error: AppError): void {
    this.#error ??= error
    this.#wakeReader?.()
  }

  end(): void {
    this.#ended = true
    this.#wakeReader?.()
    for (const wake of this.#wakeWriters.splice(0)) wake()
  }
}

// Proves that several journals become one flow without loss or repetition, over lost links and slow readers.
import { expect, it } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import type { JournalReader } from '../../../../src/engine/ports.ts'
import { followJournals } from '../../../../src/engine/runtime/journal-follow.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { type JournalEntry, JournalFilter } from '../../../../src/shared/model/journal.ts'

const entry = (hostId: string, n: number): JournalEntry => ({
  hostId,
  cursor: `${hostId}-${n}`,
  at: n,
  priority: 6,
  unit: null,
  identifier: null,
  pid: null,
  message: `line ${n}`,
  truncated: false,
})
const filter = (hostId: string): JournalFilter => JournalFilter.parse({ hostId })

/** A journal of `total` lines whose link is lost after each of `cuts`. */
function fakeJournal(hostId: string, total: number, cuts: number[]): { reader: JournalReader; pulled: () => number } {
  let pulled = 0
  const reader = {
    async *read(_: JournalFilter, options: { cursor?: string; signal?: AbortSignal }) {
      let next = options.cursor ? Number(options.cursor.split('-')[1]) + 1 : 0
      for (; next < total; next++) {
        if (cuts[0] === next) {
          cuts.shift()
          throw new AppError('LINK_LOST', 'gone')
        }
        pulled++
        yield [entry(hostId, next)]
      }
      await new Promise<void>(resolve => options.signal?.addEventListener('abort', () => resolve()))
    },
  } as unknown as JournalReader
  return { reader, pulled: () => pulled }
}

async function collect(
  clock: ManualClock,
  flow: AsyncGenerator<JournalEntry[]>,
  count: number,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  const reading = (async () => {
    for await (const batch of flow) {
      entries.push(...batch)
      if (entries.length >= count) return
    }
  })()
  let done = false
  reading.finally(() => {
    done = true
  })
  while (!done) {
    await clock.advanceAsync(1_000)
    await new Promise(resolve => setImmediate(resolve))
  }
  await reading
  return entries
}

it('goes on behind the last entry after a lost link, each line once and in order', async () => {
  const clock = new ManualClock()
  const a = fakeJournal('a', 50, [10, 11, 30])
  const b = fakeJournal('b', 50, [])
  const readers: Record<string, JournalReader> = { a: a.reader, b: b.reader }
  const flow = followJournals(
    [filter('a'), filter('b')],
    100,
    hostId => ({ reader: readers[hostId] as JournalReader, ready: async () => {} }),
    clock,
    new AbortController().signal,
  )
  const entries = await collect(clock, flow, 100)
  for (const hostId of ['a', 'b'])
    expect(entries.filter(item => item.hostId === hostId).map(item => item.at)).toEqual([...Array(50).keys()])
})

it('pulls no further ahead than a slow reader allows', async () => {
  const clock = new ManualClock()
  const source = fakeJournal('a', 1_000, [])
  const flow = followJournals(
    [filter('a')],
    1_000,
    () => ({ reader: source.reader, ready: async () => {} }),
    clock,
    new AbortController().signal,
  )
  await flow.next()
  for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
  expect(source.pulled()).toBeLessThan(20)
  await flow.return(undefined)
})

it('says what trying again cannot mend', async () => {
  const reader = {
    read: () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new AppError('JOURNAL_RIGHTS', 'not allowed')) }),
    }),
  } as unknown as JournalReader
  const flow = followJournals(
    [filter('a')],
    10,
    () => ({ reader, ready: async () => {} }),
    new ManualClock(),
    new AbortController().signal,
  )
  await expect(flow.next()).rejects.toMatchObject({ code: 'JOURNAL_RIGHTS' })
})

it('ends at once when it is no longer wanted, also while it waits for a host', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const flow = followJournals(
    [filter('a')],
    10,
    () => ({
      reader: fakeJournal('a', 1, []).reader,
      ready: signal =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new AppError('CANCELLED', 'x')))),
    }),
    clock,
    controller.signal,
  )
  const next = flow.next()
  controller.abort()
  expect((await next).done).toBe(true)
  expect(clock.pending).toBe(0)
})

it('goes on over the new link of a host that was edited, and ends with one that was removed', async () => {
  const clock = new ManualClock()
  const old = fakeJournal('a', 20, [5])
  const fresh = fakeJournal('a', 20, [15])
  const sources = [
    { reader: old.reader, ready: async () => {} },
    { reader: old.reader, ready: () => Promise.reject(new AppError('LINK_LOST', 'this link is over')) },
    { reader: fresh.reader, ready: async () => {} },
  ]
  const flow = followJournals(
    [filter('a')],
    20,
    () => {
      const source = sources.shift()
      if (!source) throw new AppError('NOT_FOUND', 'no such host')
      return source
    },
    clock,
    new AbortController().signal,
  )
  const entries: JournalEntry[] = []
  const end = (async () => {
    for await (const batch of flow) entries.push(...batch)
  })().catch((error: unknown) => AppError.from(error).code)
  let ended: unknown
  void end.then(code => {
    ended = code
  })
  while (ended === undefined) {
    await clock.advanceAsync(1_000)
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(ended).toBe('NOT_FOUND')
  expect(entries.map(item => item.at)).toEqual([...Array(15).keys()])
})

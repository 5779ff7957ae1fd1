// Proves how the journal's lines are counted over probes, pauses, wrong clocks and failures (R20), against a journal made up of entries.
import { expect, test } from 'vitest'
import { journalPattern, journalPatternSpec } from '../../../../src/engine/checks/journal-pattern.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import type { JournalReader } from '../../../../src/engine/ports.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { JournalEntry, JournalFilter } from '../../../../src/shared/model/journal.ts'
import { probeOnce } from './local-context.ts'

const minute = 60_000

/** A journal in memory, on a host whose clock is `skew` ms ahead of ours. */
class MadeUpJournal implements JournalReader {
  readonly entries: JournalEntry[] = []
  readonly asked: JournalFilter[] = []
  fails = false
  readonly #clock: ManualClock
  readonly #skew: number

  constructor(clock: ManualClock, skew = 0) {
    this.#clock = clock
    this.#skew = skew
  }

  say(message: string, times = 1): void {
    for (let n = 0; n < times; n++) {
      const at = this.#clock.now() + this.#skew
      const index = (this.entries.length + 1).toString(16)
      const cursor = `s=aa;i=${index};b=bb;m=1;t=${Math.round(at * 1000).toString(16)};x=1`
      this.entries.push({
        hostId: 'here',
        cursor,
        at,
        priority: 6,
        unit: null,
        identifier: null,
        pid: null,
        message,
        truncated: false,
      })
    }
  }

  async page() {
    return { entries: this.entries.slice(-1), more: false }
  }

  async *read(filter: JournalFilter, options: { cursor?: string }) {
    this.asked.push(filter)
    const start =
      options.cursor === undefined ? 0 : this.entries.findIndex(({ cursor }) => cursor === options.cursor) + 1
    const pattern = filter.text === null ? null : new RegExp(filter.text, filter.caseSensitive ? '' : 'i')
    const found = this.entries
      .slice(start)
      .filter(({ at, message }) => (filter.since === null || at >= filter.since) && (pattern?.test(message) ?? true))
    for (let at = 0; at < found.length; at += 2) {
      if (this.fails && at > 0) throw new AppError('LINK_LOST', 'lost')
      yield found.slice(at, at + 2)
    }
  }

  boots = async () => []
  command = () => ''
  transitions = async () => []
}

function watching(skew = 0) {
  const clock = new ManualClock()
  const journal = new MadeUpJournal(clock, skew)
  const memory = new Map()
  const look = async (spec: { pattern?: string; maxPercent?: number | null; maxLines?: number | null } = {}) => {
    const result = await probeOnce(journalPattern, { pattern: 'error', ...spec }, { clock, journal, memory })
    return { ...result, matching: result.numbers?.find(({ name }) => name === 'matching')?.value }
  }
  return { clock, journal, look }
}

test('an empty journal is well', async () => {
  const { look, journal } = watching()
  expect(await look()).toMatchObject({ status: 'healthy', message: '0 of 0 lines match (0 %) within 10 min' })
  journal.say('Error')
  expect(await look()).toMatchObject({ status: 'unhealthy', matching: 1, cause: 'other' })
})

test('the window slides: what is older than 10 min counts no more', async () => {
  const { look, journal, clock } = watching()
  journal.say('error', 3)
  journal.say('fine', 7)
  expect(await look()).toMatchObject({
    status: 'unhealthy',
    message: '3 of 10 lines match (30 %) within 10 min, more than 5 %; the last: error',
  })
  for (let n = 0; n < 9; n++) {
    clock.advance(minute)
    expect((await look()).matching).toBe(3)
  }
  clock.advance(minute + 10_000)
  expect(await look()).toMatchObject({ status: 'healthy', matching: 0 })
})

test.each([-3_600_000, 3_600_000])('a host whose clock is %i ms off is counted all the same', async skew => {
  const { look, journal, clock } = watching(skew)
  journal.say('begin')
  await look()
  clock.advance(minute)
  // the first look may miss or hold what its clock puts elsewhere; from then on each line counts when it came
  await look()
  const before = (await look()).matching ?? 0
  journal.say('error', 4)
  clock.advance(minute)
  expect((await look()).matching).toBe(before + 4)
  expect((await look()).matching).toBe(before + 4)
})

test('after a long pause the window is read anew', async () => {
  const { look, journal, clock } = watching()
  journal.say('error')
  await look()
  clock.advance(60 * minute)
  journal.say('error', 2)
  clock.advance(minute)
  expect((await look()).matching).toBe(2)
  expect(journal.asked.at(-1)?.since).toBe(clock.now() - 10 * minute)
})

test('S9 a reading that fails half-way is unknown, and nothing is counted twice after it', async () => {
  const { look, journal } = watching()
  journal.say('error', 6)
  await look()
  journal.say('error', 6)
  journal.fails = true
  expect(await look()).toMatchObject({ status: 'unknown', cause: 'network' })
  journal.fails = false
  expect((await look()).matching).toBe(12)
})

test('a number of lines is searched on the host, a share is counted here', async () => {
  const { look, journal } = watching()
  journal.say('an ERROR')
  journal.say('fine')
  expect(await look({ maxPercent: null, maxLines: 0 })).toMatchObject({
    status: 'unhealthy',
    message: '1 lines match within 10 min, more than 0; the last: an ERROR',
  })
  expect(journal.asked.at(-1)).toMatchObject({ text: 'error', regex: true, caseSensitive: false })
  expect(await watching().look({ pattern: 'err(or)?s?', maxPercent: 5 })).toMatchObject({ status: 'healthy' })
})

test('words and real patterns mean the same', async () => {
  for (const pattern of ['error|fatal', '(error|fatal)']) {
    const { look, journal } = watching()
    for (const text of ['an Error', 'FATAL', 'fine', 'terrors']) journal.say(text)
    expect((await look({ pattern })).matching).toBe(3)
  }
})

test('R15 a pattern that is none, and one without a limit, are refused', () => {
  for (const spec of [{ pattern: '(' }, { pattern: '(?=x)' }, { pattern: '' }, { pattern: 'x', maxPercent: null }])
    expect(journalPatternSpec.safeParse(spec).success).toBe(false)
})

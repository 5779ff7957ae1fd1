// Counts the journal's lines that match a pattern within a window, absolutely or as a share of all (R15, R20), and shows beforehand what it would count. Knows no schedule.
import { RE2JS } from 're2js'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import { everyEntry, type JournalEntry, type JournalFilter } from '../../shared/model/journal.ts'
import { shownValue } from '../parse/condition-value.ts'
import { rounded } from '../parse/duration.ts'
import { notAfter } from '../parse/journal-entry.ts'
import { type Counts, SlidingCount } from '../parse/sliding-count.ts'
import type { JournalReader } from '../ports.ts'
import { checkType, type ProbeContext, type ProbeResult, patternField, unknownBecause } from './check.ts'

/** Lines that one probe, or one preview, looks at; what a flood brings beyond is not counted. */
const mostLines = 200_000

export const journalPatternSpec = z
  .object({
    pattern: patternField.meta({
      title: 'Pattern',
      description: 'A regular expression (RE2) over each line.',
      placeholder: 'ERROR|Traceback',
    }),
    ignoreCase: z.boolean().default(true).meta({ title: 'Ignore case' }),
    minutes: z.number().min(0.1).max(1_440).default(10).meta({ title: 'Within', unit: 'min' }),
    maxPercent: z
      .number()
      .min(0)
      .max(100)
      .nullable()
      .default(5)
      .meta({ title: 'Share at most', unit: '%', description: 'Of all lines; unhealthy where more match.' }),
    maxLines: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .nullable()
      .default(null)
      .meta({ title: 'Lines at most', description: 'Unhealthy where more match. 0: any line is too many.' }),
  })
  .superRefine((spec, context) => {
    if (spec.maxPercent === null && spec.maxLines === null)
      context.addIssue({ code: 'custom', path: ['maxPercent'], message: 'A share or a number of lines is wanted' })
  })
type Spec = z.output<typeof journalPatternSpec>

export const journalPattern = checkType({
  type: 'journal-pattern',
  title: 'Journal pattern',
  description: 'Not too many lines of a journal match: error rates, tracebacks, refused logins.',
  spec: journalPatternSpec,
  vantages: ['host'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 60,
    timeoutSeconds: 30,
    failureThreshold: 2,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'warning',
  },
  async probe(context, spec): Promise<ProbeResult> {
    try {
      return judge(spec, await count(context, spec))
    } catch (caught) {
      if (context.signal.aborted)
        return { status: 'unknown', message: 'The journal did not answer in time', cause: 'network' }
      return unknownBecause(caught)
    }
  },
})

/** What is kept between probes. */
interface Reading {
  /** Read up to here; null where the journal held nothing yet. */
  readonly cursor: string | null
  /** Wall ms of that. */
  readonly at: number
  readonly counts: SlidingCount
  readonly lastMatch: string
}
type Found = Counts & { readonly lastMatch: string; readonly flooded: boolean }

async function count(context: ProbeContext, spec: Spec): Promise<Found> {
  const { clock, memory, journal, host, unit, signal } = context
  const windowMs = spec.minutes * 60_000
  const now = clock.now()
  const before = memory.get('journal') as Reading | undefined
  // a reading that fails half-way begins anew, so that nothing is counted twice
  memory.delete('journal')
  // after a longer pause the window is read anew, not all that came meanwhile
  const goesOn = before !== undefined && before.cursor !== null && before.at <= now && now - before.at < windowMs
  const from = goesOn ? before.at : now - windowMs
  const counts = goesOn ? before.counts : new SlidingCount(Math.max(1_000, windowMs / 120))
  let lastMatch = goesOn ? before.lastMatch : ''

  const newest = await journal.page(
    { ...filterFor(host.id, unit, null), cursor: null, direction: 'before', limit: 1 },
    signal,
  )
  const matches = matcher(spec.pattern, spec.ignoreCase)
  // without a share only what matches needs to come, and the host can do the searching
  const searched = spec.maxPercent === null
  const filter = {
    ...filterFor(host.id, unit, goesOn ? null : from),
    ...(searched ? { text: spec.pattern, regex: true, caseSensitive: !spec.ignoreCase } : {}),
  }
  let lines = 0
  let last: string | null = null
  for await (const batch of journal.read(filter, {
    follow: false,
    signal,
    ...(goesOn && before.cursor !== null ? { cursor: before.cursor } : {}),
  })) {
    for (const entry of batch) {
      const hit = searched || matches(entry.message)
      if (hit) lastMatch = entry.message.slice(0, 500)
      // the host's clock may be off: what came since the last look did so between then and now
      counts.add(Math.min(Math.max(entry.at, from), now), hit)
    }
    lines += batch.length
    last = batch.at(-1)?.cursor ?? last
    if (lines >= mostLines) break
  }
  const flooded = lines >= mostLines
  const found = counts.since(now - windowMs)
  // entries may have come since the newest one was asked for; of a flood the rest is left out
  const end = newest.entries.at(-1)?.cursor ?? null
  const cursor = last !== null && !flooded && (end === null || !notAfter(last, end)) ? last : end
  memory.set('journal', { cursor, at: now, counts, lastMatch } satisfies Reading)
  return { ...found, lastMatch, flooded }
}

function judge(spec: Spec, { matched, all, lastMatch, flooded }: Found): ProbeResult {
  const percent = all === 0 ? 0 : (matched / all) * 100
  const ofAll = spec.maxPercent !== null
  const numbers = [{ name: 'matching', value: matched }, ...(ofAll ? [{ name: 'percent', value: percent }] : [])]
  const window = `within ${rounded(spec.minutes)} min${flooded ? ', of a flood that is too long to be read whole' : ''}`
  const found = ofAll
    ? `${matched} of ${all} lines match (${rounded(percent)} %) ${window}`
    : `${matched} lines match ${window}`
  const limits: string[] = []
  if (spec.maxPercent !== null && percent > spec.maxPercent) limits.push(`${spec.maxPercent} %`)
  if (spec.maxLines !== null && matched > spec.maxLines) limits.push(`${spec.maxLines}`)
  if (limits.length === 0) return { status: 'healthy', message: found, cause: null, numbers }
  const example = lastMatch === '' ? '' : `; the last: ${shownValue(lastMatch)}`
  // what the lines say may be anything, an expired login too: nothing that a restart is known to mend
  return {
    status: 'unhealthy',
    message: `${found}, more than ${limits.join(' and ')}${example}`,
    cause: 'other',
    numbers,
  }
}

export interface PreviewQuery {
  readonly hostId: string
  readonly unit: CheckUnit | null
  readonly pattern: string
  readonly ignoreCase: boolean
}

const previewMs = 3_600_000
const previewShown = 50
const previewPage = 10_000

/**
 * What a pattern would have matched within the hour before `now` (wall ms): how many of how many lines, and the newest of them, newest
 * first. Rejects with INVALID_INPUT for a pattern that is none, and as the journal does.
 */
export async function previewJournal(
  journal: JournalReader,
  { hostId, unit, pattern, ignoreCase }: PreviewQuery,
  now: number,
  signal?: AbortSignal,
): Promise<{ matched: number; all: number; lines: JournalEntry[] }> {
  const matches = matcher(pattern, ignoreCase)
  const filter = filterFor(hostId, unit, now - previewMs)
  const lines: JournalEntry[] = []
  let matched = 0
  let all = 0
  for (let cursor: string | null = null; all < mostLines; ) {
    const page = await journal.page({ ...filter, cursor, direction: 'before', limit: previewPage }, signal)
    for (const entry of page.entries.toReversed()) {
      all++
      if (!matches(entry.message)) continue
      matched++
      if (lines.length < previewShown) lines.push(entry)
    }
    cursor = page.entries[0]?.cursor ?? null
    if (!page.more || cursor === null) break
  }
  return { matched, all, lines }
}

function matcher(pattern: string, ignoreCase: boolean): (message: string) => boolean {
  // words and alternatives of words: nothing that could stall the built-in engine, which is a hundred times as fast
  if (/^[\w ,:;|=<>@#%&~/-]+$/.test(pattern)) {
    const words = new RegExp(pattern, ignoreCase ? 'i' : '')
    return message => words.test(message)
  }
  try {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    return message => compiled.matcher(message).find()
  } catch (caught) {
    throw new AppError('INVALID_INPUT', `Not a regular expression: ${caught instanceof Error ? caught.message : ''}`, {
      hint: 'Patterns are RE2: no look-around and no back-references.',
    })
  }
}

function filterFor(hostId: string, unit: CheckUnit | null, since: number | null): JournalFilter {
  return { ...everyEntry, hostId, scope: unit?.scope ?? 'system', units: unit ? [unit.name] : [], since }
}

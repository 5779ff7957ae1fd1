// Proves that what is half done gets its half minute also where the engine, which got the signal as well, no longer says so.
import { expect, it } from 'vitest'
import { endLimit } from '../../../src/main/end-limit.ts'
import type { Unfinished } from '../../../src/shared/model/settings.ts'

const restore: Unfinished = { what: 'a restore of Stats', hostName: 'web-1', units: [] }
const short = { limit: 5000, graceMs: 3500 }
const long = { limit: 30_000, graceMs: 28_500 }

it.each([
  ['nothing is half done', [], true, short],
  ['something is', [restore], false, long],
  ['it is not known, and nothing speaks for it', null, false, short],
  ['it is not known, and may be', null, true, long],
] as const)('%s', (_, unfinished, mayBe, expected) => {
  expect(endLimit(unfinished, mayBe)).toEqual(expected)
})

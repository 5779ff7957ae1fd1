// How long an engine that is to end may take before it is killed; knows neither the engine nor who ends it.
import type { Unfinished } from '../shared/model/settings.ts'
import { longGraceMs } from '../shared/rpc/engine-link.ts'

/** The engine's own closing, once nothing is half done any more. */
const closingTakes = 1500
const shortLimit = 5000

export interface EndLimit {
  /** It is killed after this … */
  readonly limit: number
  /** … and so much of it may go to what is half done. */
  readonly graceMs: number
}

/** `unfinished`: null where the engine did not say; `mayBe`: whether something is to be taken for half done then. */
export function endLimit(unfinished: readonly Unfinished[] | null, mayBe: boolean): EndLimit {
  const isLong = unfinished === null ? mayBe : unfinished.length > 0
  const limit = isLong ? longGraceMs + closingTakes : shortLimit
  return { limit, graceMs: limit - closingTakes }
}

// The parts of a condition once it is read; knows neither how it is written nor what it is held against.
import type { JsonPath } from './json-path.ts'

export type PlaceName = 'STATUS' | 'RESPONSE_TIME' | 'CERTIFICATE_EXPIRATION' | 'HEADERS' | 'BODY'

/** Where a value comes from; `text` is how it was written. */
export interface Place {
  readonly kind: 'place'
  readonly name: PlaceName
  readonly path: JsonPath
  readonly text: string
}
export interface Literal {
  readonly kind: 'literal'
  /** As it was written, with its quotes. */
  readonly text: string
  readonly value: string
  readonly quoted: boolean
  readonly number: number | null
  readonly duration: number | null
  /** A share of 1. */
  readonly percent: number | null
  /** Per ms. */
  readonly rate: number | null
}
export interface Call {
  readonly kind: 'len' | 'has' | 'growth' | 'rate' | 'share'
  readonly of: Place
  /** For `share`: what it is a share of, summed up. */
  readonly total: readonly Place[]
  readonly windowMs: number
  readonly text: string
}
export interface Pattern {
  readonly kind: 'pat'
  readonly glob: string
  readonly text: string
}
export interface Any {
  readonly kind: 'any'
  readonly of: readonly (Literal | Pattern | Place)[]
  readonly text: string
}
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='
export interface Condition {
  readonly text: string
  readonly left: Place | Call
  /** The left is a time, and how long ago that was is compared. */
  readonly age: boolean
  /** Null only for `has(…)` alone. */
  readonly comparison: { readonly operator: Comparison; readonly right: Literal | Pattern | Any | Place } | null
}

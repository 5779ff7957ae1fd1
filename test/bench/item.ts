// What a benchmark file exports: items that measure us and a peer in the same run. Knows nothing of hosts or of how results are shown.

/** One line of bench-results.json. */
export interface Result {
  /** The item's name, with a suffix where one item gives several figures (`unit-list 367`). */
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What we compare with, in words. */
  readonly peer: string
  readonly peerValue: number
  /** value / peerValue unless the goal is stated the other way round. */
  readonly ratio: number
  /** The goal in words, as the issue states it. */
  readonly goal: string
  readonly met: boolean
}

export interface BenchContext {
  /** Progress, to standard error. */
  log(line: string): void
  /** Aborted on Ctrl-C: stop measuring and take down what was started. */
  readonly signal: AbortSignal
  /** The repository, built: out/ is there. */
  readonly root: string
  /** The Node that runs the engine. */
  readonly node: string
  /** The Electron binary to open windows with, on the display in the environment. */
  readonly electron: string
}

export interface Item {
  readonly name: string
  run(context: BenchContext): Promise<readonly Result[]>
}

/** The value below which a share `p` (0…1) of the values lies; NaN for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))
  return sorted[index] ?? Number.NaN
}

/** A result whose ratio is ours / peer's and whose goal is at most `limit`. */
export function compare(fields: Omit<Result, 'ratio' | 'met'>, limit: number): Result {
  const ratio = fields.value / fields.peerValue
  return { ...fields, ratio, met: ratio <= limit }
}

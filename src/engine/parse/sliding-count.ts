// Counts what happened within a sliding window, in steps, so that its size does not grow with what is counted; knows not what that is.

export interface Counts {
  readonly matched: number
  readonly all: number
}

export class SlidingCount {
  readonly #stepMs: number
  readonly #steps = new Map<number, { matched: number; all: number }>()

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  add(at: number, matched: boolean): void {
    const key = Math.floor(at / this.#stepMs)
    let step = this.#steps.get(key)
    if (!step) {
      step = { matched: 0, all: 0 }
      this.#steps.set(key, step)
    }
    step.all += 1
    if (matched) step.matched += 1
  }

  /** What happened since `from`, to the step; what is older is forgotten. */
  since(from: number): Counts {
    let matched = 0
    let all = 0
    for (const [key, step] of this.#steps) {
      if ((key + 1) * this.#stepMs <= from) this.#steps.delete(key)
      else {
        matched += step.matched
        all += step.all
      }
    }
    return { matched, all }
  }
}

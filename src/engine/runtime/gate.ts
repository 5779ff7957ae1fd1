// Lets so many in at once and the rest one after the other in the order of asking; knows nothing of what they do inside.
export class Gate {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Resolves with the way out, which may be called more than once; rejects with the signal's reason where it aborts first. */
  enter(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#inside < this.#limit) return Promise.resolve(this.#admit())
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(admit)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(signal?.reason)
      }
      const admit = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(this.#admit())
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(admit)
    })
  }

  #admit(): () => void {
    this.#inside += 1
    let left = false
    return () => {
      if (left) return
      left = true
      this.#inside -= 1
      this.#waiting.shift()?.()
    }
  }
}

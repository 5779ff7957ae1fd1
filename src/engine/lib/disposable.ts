// Small pieces for things that are started and must be stopped; knows nothing of what they are.

/** Something that was started; `dispose` is idempotent and never throws. */
export interface Disposable {
  dispose(): void
}

/** Something whose end takes time; `dispose` is idempotent and resolves when all is released. */
export interface AsyncDisposable {
  dispose(): Promise<void>
}

/** Wraps `release` so that it runs at most once. */
export function disposable(release: () => void): Disposable {
  let done = false
  return {
    dispose() {
      if (done) return
      done = true
      release()
    },
  }
}

/** Collects disposables and ends them in reverse order; what is added after the end is ended at once. */
export class DisposableBag implements Disposable {
  readonly #items: Disposable[] = []
  #done = false

  add<T extends Disposable>(item: T): T {
    if (this.#done) item.dispose()
    else this.#items.push(item)
    return item
  }

  get disposed(): boolean {
    return this.#done
  }

  dispose(): void {
    if (this.#done) return
    this.#done = true
    while (this.#items.length > 0) this.#items.pop()?.dispose()
  }
}

/** A list of listeners; one that throws does not keep the event from the others. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(event: T) => void>()
  readonly #onError: (error: unknown) => void

  constructor(onError: (error: unknown) => void = rethrowLater) {
    this.#onError = onError
  }

  on(listener: (event: T) => void): Disposable {
    this.#listeners.add(listener)
    return disposable(() => this.#listeners.delete(listener))
  }

  emit(event: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  get size(): number {
    return this.#listeners.size
  }

  dispose(): void {
    this.#listeners.clear()
  }
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

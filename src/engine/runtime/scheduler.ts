// Says when each key is due, all by one timer; knows nothing of what is done then. One timer for thousands of checks keeps an idle engine idle.
import type { Clock } from '../lib/clock.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'

interface Item {
  readonly key: string
  readonly interval: number
  /** Where in its interval it lies: the same for the same key, so that a restart does not bring all checks together. */
  readonly phase: number
  /** Monotonic ms. */
  due: number
  /** Its place in the heap. */
  index: number
}

/** What comes due within this time is run together: a wake-up costs more than a probe's start. */
const granuleMs = 10
/** When all are asked for at once, so much time lies between two. */
const spreadMs = 3

export class Scheduler implements Disposable {
  readonly #clock: Clock
  readonly #run: (key: string, lagMs: number) => void
  readonly #items = new Map<string, Item>()
  readonly #heap: Item[] = []
  #timer: Disposable | null = null
  #wakesAt = Number.POSITIVE_INFINITY
  #disposed = false

  /** `run` is told how late it was called. */
  constructor(clock: Clock, run: (key: string, lagMs: number) => void) {
    this.#clock = clock
    this.#run = run
  }

  get size(): number {
    return this.#items.size
  }

  /** Runs `key` every `intervalMs` on its own grid, the first time soon. The same interval again changes nothing. */
  set(key: string, intervalMs: number): void {
    const known = this.#items.get(key)
    if (known?.interval === intervalMs) return
    this.remove(key)
    const interval = Math.max(1, intervalMs)
    const item: Item = { key, interval, phase: fractionOf(key) * interval, due: 0, index: this.#heap.length }
    this.#items.set(key, item)
    item.due = this.#clock.monotonic() + this.#soon(item)
    this.#heap.push(item)
    this.#up(item.index)
    this.#arm()
  }

  remove(key: string): void {
    const item = this.#items.get(key)
    if (!item) return
    this.#items.delete(key)
    const last = this.#heap.pop()
    if (!last || last === item) return
    this.#heap[item.index] = last
    last.index = item.index
    this.#up(last.index)
    this.#down(last.index)
  }

  /** Now, out of turn; the next regular time stays where it is on the grid. */
  hurry(key: string): void {
    const item = this.#items.get(key)
    if (item) this.#move(item, this.#clock.monotonic())
    this.#arm()
  }

  /** All of them soon and once, however many times were missed (semantics 2), spread so that they do not come together. */
  hurryAll(): void {
    const now = this.#clock.monotonic()
    for (const item of this.#items.values()) item.due = now + this.#soon(item)
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#down(index)
    this.#arm()
  }

  /** When `key` is due next, wall ms; null where it is not scheduled. */
  nextAt(key: string): number | null {
    const item = this.#items.get(key)
    return item ? this.#clock.now() + Math.max(0, item.due - this.#clock.monotonic()) : null
  }

  dispose(): void {
    this.#disposed = true
    this.#timer?.dispose()
    this.#items.clear()
    this.#heap.length = 0
  }

  #onTime(): void {
    this.#timer = null
    this.#wakesAt = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    for (let item = this.#heap[0]; item && item.due <= now; item = this.#heap[0]) {
      const lag = now - item.due
      this.#move(item, nextOnGrid(item, now))
      this.#run(item.key, lag)
    }
    this.#arm(granuleMs)
  }

  #arm(atLeast = 0): void {
    const first = this.#heap[0]
    if (!first || this.#disposed) return
    const now = this.#clock.monotonic()
    const at = Math.max(first.due, now + atLeast)
    if (this.#timer && this.#wakesAt <= at) return
    this.#timer?.dispose()
    this.#wakesAt = at
    const timer = this.#clock.after(Math.max(0, at - now), () => this.#onTime())
    this.#timer = disposable(() => timer.dispose())
  }

  #soon(item: Item): number {
    return (item.phase / item.interval) * Math.min(item.interval, this.#items.size * spreadMs)
  }

  #move(item: Item, due: number): void {
    item.due = due
    this.#up(item.index)
    this.#down(item.index)
  }

  #up(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #down(from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const { due: leftDue } = this.#heap[left] ?? { due: Number.POSITIVE_INFINITY }
      const { due: rightDue } = this.#heap[right] ?? { due: Number.POSITIVE_INFINITY }
      const child = rightDue < leftDue ? right : left
      if (!this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const lower = this.#heap[child]
    const upper = this.#heap[parent]
    if (!lower || !upper || lower.due >= upper.due) return false
    this.#heap[child] = upper
    this.#heap[parent] = lower
    upper.index = child
    lower.index = parent
    return true
  }
}

/** The first time of the item's grid that is far enough from `now` not to be the same look again. */
function nextOnGrid({ interval, phase }: Item, now: number): number {
  const earliest = now + interval / 2
  return phase + Math.ceil((earliest - phase) / interval) * interval
}

/** A number in [0, 1) that is the same for the same key and looks random over many (FNV-1a, finished by a mix). */
function fractionOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

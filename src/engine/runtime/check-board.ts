// Keeps the newest probes of each check in memory and tells windows of them at a pace they can take; judges nothing.
import type { CheckView, Probe } from '../../shared/model/check.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Publish } from './publish.ts'

/** How many probes the heartbeat bar shows. */
const beats = 60
/** Windows are told this often, and of no more checks each time: what changed its state first, then what waits longest. */
const tellMs = 250
const mostAtOnce = 25

export class CheckBoard implements Disposable {
  readonly #clock: Clock
  readonly #publish: Publish
  readonly #view: (checkId: string) => CheckView | null
  readonly #isHeard: () => boolean
  readonly #recent = new Map<string, CheckView['recent']>()
  readonly #last = new Map<string, Probe>()
  readonly #changed = new Set<string>()
  readonly #beating = new Set<string>()
  #timer: Disposable | null = null
  #disposed = false

  constructor(options: {
    clock: Clock
    publish: Publish
    view: (checkId: string) => CheckView | null
    /** Is there a window to tell? Without one nothing is put together. */
    isHeard: () => boolean
  }) {
    this.#clock = options.clock
    this.#publish = options.publish
    this.#view = options.view
    this.#isHeard = options.isHeard
  }

  last(checkId: string): Probe | null {
    return this.#last.get(checkId) ?? null
  }

  recent(checkId: string): CheckView['recent'] {
    return this.#recent.get(checkId) ?? []
  }

  note(probe: Probe): void {
    const { checkId, at, status, latencyMs, message } = probe
    const before = this.#last.get(checkId)
    this.#last.set(checkId, probe)
    const recent = this.#recent.get(checkId) ?? []
    this.#recent.set(checkId, recent)
    recent.push({ at, status, latencyMs, message: message.slice(0, 300) })
    if (recent.length > beats) recent.shift()
    this.touch(checkId, before?.status !== status)
  }

  /** Something else of the check is new, e.g. its alert; `soon` where a person waits for it. */
  touch(checkId: string, soon = true): void {
    if (this.#disposed) return
    if (soon) this.#changed.add(checkId)
    else this.#beating.add(checkId)
    this.#timer ??= this.#clock.after(tellMs, () => this.#tell())
  }

  forget(checkId: string): void {
    this.#recent.delete(checkId)
    this.#last.delete(checkId)
    this.#changed.delete(checkId)
    this.#beating.delete(checkId)
  }

  dispose(): void {
    this.#disposed = true
    this.#timer?.dispose()
  }

  #tell(): void {
    this.#timer = null
    if (!this.#isHeard()) {
      // a window that opens asks for everything itself
      this.#changed.clear()
      this.#beating.clear()
      return
    }
    let left = mostAtOnce
    for (const waiting of [this.#changed, this.#beating])
      for (const checkId of waiting) {
        if (left-- <= 0) break
        this.#changed.delete(checkId)
        this.#beating.delete(checkId)
        const view = this.#view(checkId)
        if (view) this.#publish('check.changed', view)
      }
    if (this.#changed.size + this.#beating.size > 0) this.#timer = this.#clock.after(tellMs, () => this.#tell())
  }
}

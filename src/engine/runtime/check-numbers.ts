// Gathers the numbers that probes find into wide rows, so that thousands of checks cost few writes; knows nothing of what they mean.
import type { Check, Probe } from '../../shared/model/check.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Store } from '../store/store.ts'

/** No number waits longer for its row. */
const rowMs = 15_000

interface Row {
  readonly at: number
  readonly values: Map<string, number>
}

export class CheckNumbers implements Disposable {
  readonly #store: Pick<Store, 'samples'>
  readonly #clock: Clock
  readonly #rows = new Map<string, Row>()
  #timer: Disposable | null = null

  constructor(store: Pick<Store, 'samples'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Takes what a probe found. A number that is in the host's open row already begins a new one, so none is lost. */
  add(check: Pick<Check, 'id' | 'hostId'>, probe: Probe): void {
    const put = (name: string, value: number): void => {
      if (!Number.isFinite(value)) return
      const series = `check.${check.id}:${name}`
      let row = this.#rows.get(check.hostId)
      if (row?.values.has(series)) {
        this.#write(check.hostId, row)
        row = undefined
      }
      if (!row) {
        row = { at: probe.at, values: new Map() }
        this.#rows.set(check.hostId, row)
      }
      row.values.set(series, value)
    }
    if (probe.latencyMs !== null) put('latency', probe.latencyMs)
    for (const { name, value } of probe.numbers) put(name, value)
    if (this.#rows.size > 0) this.#timer ??= this.#clock.after(rowMs, () => this.flush())
  }

  flush(): void {
    this.#timer?.dispose()
    this.#timer = null
    for (const [hostId, row] of this.#rows) this.#write(hostId, row)
    this.#rows.clear()
  }

  forget(hostId: string): void {
    this.#rows.delete(hostId)
  }

  dispose(): void {
    this.flush()
  }

  #write(hostId: string, row: Row): void {
    this.#store.samples.write(hostId, row.at, row.values)
    this.#rows.delete(hostId)
  }
}

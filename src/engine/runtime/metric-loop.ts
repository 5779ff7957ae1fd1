// Paces the looks at one host, fast while someone watches it, and keeps what they show; knows nothing of how a look is taken.
import type { HostSample } from '../../shared/model/metric.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { MetricSampler } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'
import type { UnitRegistry } from './unit-registry.ts'

/** No host has more units sampled than this; the person's own come first. */
const maxUnits = 200

export class MetricLoop implements Disposable {
  readonly #sampler: MetricSampler
  readonly #units: UnitRegistry
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #publish: Publish
  readonly #onSample: (sample: HostSample) => void
  readonly #pace: () => number
  readonly #abort = new AbortController()
  #timer: Disposable | null = null
  #busy = false
  #watched = ''

  constructor(options: {
    sampler: MetricSampler
    units: UnitRegistry
    store: Store
    clock: Clock
    log: Logger
    publish: Publish
    /** Milliseconds from one look to the next, asked anew each time. */
    pace: () => number
    onSample: (sample: HostSample) => void
  }) {
    this.#sampler = options.sampler
    this.#units = options.units
    this.#store = options.store
    this.#clock = options.clock
    this.#log = options.log
    this.#publish = options.publish
    this.#pace = options.pace
    this.#onSample = options.onSample
    void this.#look()
  }

  /** Looks now, e.g. because someone opened the host; the pace goes on from here. */
  hurry(): void {
    if (!this.#busy) void this.#look()
  }

  dispose(): void {
    this.#abort.abort()
    this.#timer?.dispose()
    void this.#sampler.dispose()
  }

  async #look(): Promise<void> {
    this.#timer?.dispose()
    this.#busy = true
    try {
      this.#watch()
      const sample = await this.#sampler.sample(this.#abort.signal)
      if (this.#abort.signal.aborted) return
      this.#units.applyUse(sample.units)
      this.#store.samples.write(sample.hostId, sample.at, toSeries(sample, this.#units))
      this.#onSample(sample)
      this.#publish('metric.sample', sample)
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#log.debug('no sample', { error: String(error) })
    } finally {
      this.#busy = false
    }
    if (!this.#abort.signal.aborted) this.#timer = this.#clock.after(this.#pace(), () => void this.#look())
  }

  #watch(): void {
    const units = this.#units.running(maxUnits).map(({ scope, name }) => ({ scope, name }))
    const key = units.map(unit => `${unit.scope}/${unit.name}`).join(' ')
    if (key === this.#watched) return
    this.#watched = key
    this.#sampler.watchUnits(units)
  }
}

/** The numbers of a sample that are kept, by the name of their series. */
export function toSeries(sample: HostSample, units: Pick<UnitRegistry, 'isOwn'>): Map<string, number> {
  const series = new Map<string, number>()
  const put = (name: string, value: number | null): void => {
    if (value !== null && Number.isFinite(value)) series.set(name, value)
  }
  put('cpu', sample.cpuPercent)
  put('load.1', sample.load[0])
  put('load.5', sample.load[1])
  put('load.15', sample.load[2])
  put('memory.used', sample.memory.totalBytes - sample.memory.availableBytes)
  put('memory.total', sample.memory.totalBytes)
  put('swap.used', sample.swap.totalBytes - sample.swap.freeBytes)
  put('disk.read', sample.diskReadBytesPerSecond)
  put('disk.write', sample.diskWriteBytesPerSecond)
  for (const disk of sample.disks.slice(0, 16)) put(`disk.used:${disk.mount}`.slice(0, 400), disk.usedBytes)
  for (const net of sample.net.slice(0, 16)) {
    put(`net.rx:${net.name}`, net.rxBytesPerSecond)
    put(`net.tx:${net.name}`, net.txBytesPerSecond)
  }
  for (const unit of sample.units) {
    if (!units.isOwn(unit.scope, unit.name)) continue
    put(`unit.cpu:${unit.scope}/${unit.name}`, unit.cpuPercent)
    put(`unit.memory:${unit.scope}/${unit.name}`, unit.memoryBytes)
  }
  return series
}

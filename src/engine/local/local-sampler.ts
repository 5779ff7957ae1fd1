// Looks at this computer through systeminformation, where there is no /proc to read (macOS, Windows); knows nothing of units.
import { loadavg, uptime } from 'node:os'
import { AppError, type ErrorShape } from '../../shared/errors.ts'
import type { DiskUse, HostSample, NetRate } from '../../shared/model/metric.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetricSampler } from '../ports.ts'

const diskPeriodMs = 60_000
/** Some of its answers come from other programs, which may be slow; longer than this is no look any more. */
const lookTimeoutMs = 20_000
const maxNames = 64

/**
 * A sampler for this computer. On Linux it takes 0.5 s and some 20 processes a look where reading /proc takes 0.4 ms and none, so there
 * the collector's own sampler is used (local-collector.ts).
 */
export function createLocalSampler(options: { hostId: string; clock: Clock }): MetricSampler {
  return new LocalSampler(options.hostId, options.clock)
}

class LocalSampler implements MetricSampler {
  readonly generation = 1
  readonly closed: Promise<ErrorShape | null>
  readonly #hostId: string
  readonly #clock: Clock
  #disks: DiskUse[] = []
  #disksAt: number | null = null
  #first = true
  #close: (error: ErrorShape | null) => void = () => {}
  #over = false

  constructor(hostId: string, clock: Clock) {
    this.#hostId = hostId
    this.#clock = clock
    this.closed = new Promise(resolve => {
      this.#close = resolve
    })
  }

  /** Units are systemd's: there are none where this sampler is used. */
  watchUnits(): void {}

  async sample(signal?: AbortSignal): Promise<HostSample> {
    if (this.#over) throw new AppError('NOT_CONNECTED', 'The metrics of this computer are closed')
    const [load, memory, net, io] = await this.#within(this.#look(), signal)
    // its rates are since the call before, whoever made it: the first are none of ours
    const first = this.#first
    this.#first = false
    const [one = 0, five = 0, fifteen = 0] = loadavg()
    return {
      hostId: this.#hostId,
      at: this.#clock.now(),
      cpuPercent: first ? null : percent(load.currentLoad),
      cores: first ? [] : load.cpus.map(core => percent(core.load)),
      load: [one, five, fifteen],
      memory: { totalBytes: amount(memory.total), availableBytes: amount(memory.available) },
      swap: { totalBytes: amount(memory.swaptotal), freeBytes: amount(memory.swapfree) },
      disks: this.#disks,
      diskReadBytesPerSecond: first ? null : rate(io?.rx_sec),
      diskWriteBytesPerSecond: first ? null : rate(io?.wx_sec),
      net: first ? [] : netRates(net),
      uptimeSeconds: amount(uptime()),
      units: [],
    }
  }

  async dispose(): Promise<void> {
    this.#over = true
    this.#close(null)
  }

  async #look() {
    // Large, and of no use where /proc can be read.
    const { default: si } = await import('systeminformation')
    const [load, memory, net, io, disks] = await Promise.all([
      si.currentLoad(),
      si.mem(),
      si.networkStats('*'),
      si.fsStats(),
      this.#disksAreOld() ? si.fsSize() : null,
    ])
    if (disks) this.#disks = diskUses(disks)
    return [load, memory, net, io] as const
  }

  #disksAreOld(): boolean {
    const now = this.#clock.monotonic()
    if (this.#disksAt !== null && now - this.#disksAt < diskPeriodMs) return false
    this.#disksAt = now
    return true
  }

  #within<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(lookTimeoutMs, () =>
        end(new AppError('TIMEOUT', 'This computer does not answer')),
      )
      const onAbort = (): void => end(new AppError('CANCELLED', 'Cancelled'))
      const end = (error: AppError | null): void => {
        timer.dispose()
        signal?.removeEventListener('abort', onAbort)
        if (error) reject(error)
      }
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      work.then(
        value => {
          end(null)
          resolve(value)
        },
        error => end(AppError.from(error)),
      )
    })
  }
}

/** Volumes a person knows: macOS shows its system's inner ones beside them, Linux each bind mount. */
export function diskUses(
  volumes: readonly { fs: string; mount: string; size: number; used: number; available: number }[],
): DiskUse[] {
  const seen = new Set<string>()
  const disks: DiskUse[] = []
  for (const { fs, mount, size, used, available } of volumes) {
    if (!(size > 0) || /^\/(System\/Volumes|private\/var\/vm|dev|proc|sys|run)(\/|$)/.test(mount) || seen.has(fs))
      continue
    seen.add(fs)
    disks.push({
      mount,
      device: fs,
      totalBytes: amount(size),
      usedBytes: amount(used),
      freeBytes: amount(available),
    })
  }
  return disks.slice(0, maxNames)
}

function netRates(net: readonly { iface: string; rx_sec: number | null; tx_sec: number | null }[]): NetRate[] {
  return net
    .filter(({ iface }) => !/^lo\d*$/.test(iface) && !/loopback/i.test(iface))
    .slice(0, maxNames)
    .map(({ iface, rx_sec, tx_sec }) => ({
      name: iface,
      rxBytesPerSecond: rate(rx_sec) ?? 0,
      txBytesPerSecond: rate(tx_sec) ?? 0,
    }))
}

function amount(value: number | null | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

function rate(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : null
}

function percent(value: number): number {
  return Math.min(100, amount(value))
}

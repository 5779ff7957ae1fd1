// Turns successive looks at a host into samples with rates; pure, knows counters that wrap and hosts that change, not where looks come from.
import type { DiskUse, HostSample } from '../../shared/model/metric.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import type { ProcLook, UnitLook } from './proc-look.ts'

/** Over less than this a rate would be the noise of counters that move 100 times a second. */
const shortestWindow = 0.2
const sectorBytes = 512

/** How far a counter of the kernel moved: 32 bits wide ones wrap; any other fall is a reset, of which nothing is known. */
export function advance(before: number, after: number): number {
  if (after >= before) return after - before
  const wrapped = after + 2 ** 32 - before
  return before < 2 ** 32 && wrapped < 2 ** 31 && before > 2 ** 31 ? wrapped : 0
}

interface Rates {
  cpuPercent: number | null
  cores: number[]
  diskRead: number | null
  diskWrite: number | null
  net: HostSample['net']
  units: ReadonlyMap<string, number>
}

const unknownRates: Rates = { cpuPercent: null, cores: [], diskRead: null, diskWrite: null, net: [], units: new Map() }

/** Keeps what the next look must be compared with. One per connection generation. */
export class SampleMaker {
  readonly #hostId: string
  #base: ProcLook | null = null
  #rates: Rates = unknownRates

  constructor(hostId: string) {
    this.#hostId = hostId
  }

  /** The sample of a look taken at wall time `at`; `unitOf` names a watched unit by its key. */
  next(
    look: ProcLook,
    at: number,
    disks: readonly DiskUse[],
    unitOf: (key: string) => { scope: UnitScope; name: string } | undefined,
  ): HostSample {
    const base = this.#base
    if (base === null || look.uptime < base.uptime) {
      // the first look, or a host that restarted behind an unbroken link
      this.#rates = unknownRates
      this.#base = look
    } else if (look.uptime - base.uptime >= shortestWindow) {
      this.#rates = ratesBetween(base, look)
      this.#base = look
    }
    const rates = this.#rates
    const units: HostSample['units'] = []
    for (const [key, unit] of look.units) {
      const ref = unitOf(key)
      if (ref && unit.kind !== 'unreadable') units.push({ ...ref, ...useOf(unit, rates.units.get(key) ?? null) })
    }
    return {
      hostId: this.#hostId,
      at,
      cpuPercent: rates.cpuPercent,
      cores: rates.cores,
      load: [look.load[0], look.load[1], look.load[2]],
      memory: { totalBytes: look.memory.totalKb * 1024, availableBytes: look.memory.availableKb * 1024 },
      swap: { totalBytes: look.swap.totalKb * 1024, freeBytes: look.swap.freeKb * 1024 },
      disks: [...disks],
      diskReadBytesPerSecond: rates.diskRead,
      diskWriteBytesPerSecond: rates.diskWrite,
      net: rates.net,
      uptimeSeconds: look.uptime,
      units,
    }
  }
}

function useOf(
  unit: UnitLook,
  cpuPercent: number | null,
): Pick<HostSample['units'][number], 'cpuPercent' | 'memoryBytes' | 'processes'> {
  if (unit.kind !== 'running') return { cpuPercent: null, memoryBytes: 0, processes: 0 }
  return { cpuPercent, memoryBytes: unit.memoryBytes, processes: unit.processes }
}

function ratesBetween(before: ProcLook, after: ProcLook): Rates {
  const seconds = after.uptime - before.uptime
  const ticks = advance(before.cpu.total, after.cpu.total)
  const perCore = after.cores.size > 0 ? ticks / after.cores.size : 0
  const cores: number[] = []
  for (const [name, busy] of after.cores) {
    const was = before.cores.get(name)
    cores.push(was === undefined ? 0 : percent(advance(was, busy), perCore))
  }
  let read = 0
  let written = 0
  for (const [name, disk] of after.disks) {
    const was = before.disks.get(name)
    if (!was) continue
    read += advance(was.read, disk.read)
    written += advance(was.written, disk.written)
  }
  const net: HostSample['net'] = []
  for (const [name, now] of after.net) {
    const was = before.net.get(name)
    if (!was) continue
    net.push({
      name,
      rxBytesPerSecond: advance(was.rx, now.rx) / seconds,
      txBytesPerSecond: advance(was.tx, now.tx) / seconds,
    })
  }
  const units = new Map<string, number>()
  for (const [key, now] of after.units) {
    const was = before.units.get(key)
    if (now.kind !== 'running' || was === undefined || was.kind === 'unreadable') continue
    const from = was.kind === 'running' ? was.cpuMs : 0
    // a unit's counter restarts with its control group; what it shows then was all used since
    const used = now.cpuMs >= from ? now.cpuMs - from : now.cpuMs
    units.set(key, Math.max(0, used / 10 / seconds))
  }
  return {
    cpuPercent: ticks > 0 ? percent(advance(before.cpu.busy, after.cpu.busy), ticks) : null,
    cores,
    diskRead: (read * sectorBytes) / seconds,
    diskWrite: (written * sectorBytes) / seconds,
    net,
    units,
  }
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.max(0, (part / whole) * 100)) : 0
}

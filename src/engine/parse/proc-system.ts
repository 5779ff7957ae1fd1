// Reads the files of /proc that describe a whole host; pure: text in, numbers out, and nothing in them is trusted.
import { maxNames, type ProcLook, skippedDisk, skippedInterface } from './proc-look.ts'

/** A non-negative decimal number, else 0: a missing field of an old kernel is no reason to lose the sample. */
function number(text: string | undefined): number {
  const value = Number(text)
  return text !== undefined && text !== '' && Number.isFinite(value) && value >= 0 ? value : 0
}

function fields(line: string): string[] {
  return line.trim().split(/\s+/)
}

/** The cpu lines of /proc/stat. Guest time is part of user time already. */
export function parseProcStat(text: string): Pick<ProcLook, 'cpu' | 'cores'> {
  let cpu = { busy: 0, total: 0 }
  const cores = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (!line.startsWith('cpu')) continue
    const [name = '', user, nice, system, idle, iowait, irq, softirq, steal] = fields(line)
    const busy = number(user) + number(nice) + number(system) + number(irq) + number(softirq) + number(steal)
    if (name === 'cpu') cpu = { busy, total: busy + number(idle) + number(iowait) }
    else if (/^cpu[0-9]+$/.test(name) && cores.size < maxNames) cores.set(name.slice(3), busy)
  }
  return { cpu, cores }
}

/** /proc/meminfo, kB. Kernels before 3.14 have no MemAvailable; what is free or cached stands in for it. */
export function parseMeminfo(text: string): Pick<ProcLook, 'memory' | 'swap'> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [name = '', value] = fields(line)
    if (name.endsWith(':') && values.size < maxNames) values.set(name.slice(0, -1), number(value))
  }
  const of = (name: string): number => values.get(name) ?? 0
  return {
    memory: {
      totalKb: of('MemTotal'),
      availableKb: values.get('MemAvailable') ?? of('MemFree') + of('Buffers') + of('Cached'),
    },
    swap: { totalKb: of('SwapTotal'), freeKb: of('SwapFree') },
  }
}

export function parseLoadavg(text: string): ProcLook['load'] {
  const [one, five, fifteen] = fields(text)
  return [number(one), number(five), number(fifteen)]
}

export function parseUptime(text: string): number {
  return number(fields(text)[0])
}

/**
 * Whole disks of /proc/diskstats. `isWhole` answers from /sys/block where that can be read; without it, a name that continues an earlier
 * one by a partition number is taken for a partition.
 */
export function parseDiskstats(text: string, isWhole?: (name: string) => boolean): ProcLook['disks'] {
  const disks = new Map<string, { read: number; written: number }>()
  for (const line of text.split('\n')) {
    const parts = fields(line)
    const name = parts[2]
    if (name === undefined || skippedDisk.test(name) || disks.size >= maxNames) continue
    if (isWhole ? !isWhole(name) : isPartition(name, disks)) continue
    disks.set(name, { read: number(parts[5]), written: number(parts[9]) })
  }
  return disks
}

function isPartition(name: string, disks: ProcLook['disks']): boolean {
  // sda1 of sda, nvme0n1p1 of nvme0n1, sdp1 of sdp
  const parent = name.replace(/[0-9]+$/, '')
  return parent !== name && (disks.has(parent) || (parent.endsWith('p') && disks.has(parent.slice(0, -1))))
}

/** /proc/net/dev; an interface's name may touch its first number (`eth0:123`). */
export function parseNetDev(text: string): ProcLook['net'] {
  const net = new Map<string, { rx: number; tx: number }>()
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon).trim()
    if (name === '' || skippedInterface.test(name) || net.size >= maxNames) continue
    const parts = fields(line.slice(colon + 1))
    net.set(name, { rx: number(parts[0]), tx: number(parts[8]) })
  }
  return net
}

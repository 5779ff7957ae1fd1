// Reads what the looker on a host prints, in its compact or its plain form; pure, refuses whatever does not fit what was asked.
import { AppError } from '../../shared/errors.ts'
import { maxNames, type ProcLook, type UnitLook } from './proc-look.ts'
import { type PidStat, ProcessSum, parsePidStat } from './proc-pid.ts'
import { parseDiskstats, parseLoadavg, parseMeminfo, parseNetDev, parseProcStat, parseUptime } from './proc-system.ts'

/** One look costs no more than this here, whatever the host sends. */
export const maxLookBytes = 1024 * 1024
const fixedNumbers = 10
const pageBytes = 4096
const ticksPerSecond = 100

export interface Frame {
  readonly sequence: number
  readonly look: ProcLook
}

function refuse(why: string): never {
  throw new AppError('PROTOCOL', `The host's metrics cannot be understood: ${why}`)
}

interface Names {
  readonly cores: readonly string[]
  readonly net: readonly string[]
  readonly disks: readonly string[]
  readonly units: readonly string[]
}

/** Takes the looker's output line by line and gives a look where one is complete. Throws PROTOCOL on anything else. */
export class FrameReader {
  #names: Names | null = null
  #values: number[] = []
  #plain: { sequence: number; lines: string[]; bytes: number } | null = null
  readonly #sums = new Map<string, ProcessSum>()
  #uptime = 0

  line(line: string): Frame | null {
    if (this.#plain) return this.#plainLine(this.#plain, line)
    if (line.startsWith('F')) return this.#deltas(line)
    if (line.startsWith('N')) {
      this.#names = parseNames(line)
      this.#values = new Array<number>(countOf(this.#names)).fill(0)
      return null
    }
    if (line.startsWith('B')) {
      this.#plain = { sequence: sequenceOf(line.slice(1)), lines: [], bytes: 0 }
      return null
    }
    return refuse('an unknown line')
  }

  #deltas(line: string): Frame {
    const match = /^F(\d{1,15}):(\d{1,7}):([-+~0-9]*)$/.exec(line)
    if (!match || this.#names === null) return refuse('a broken frame')
    const [, sequence, count, deltas = ''] = match
    if (Number(count) !== this.#values.length) return refuse('a frame of another length')
    const values = this.#values
    const token = /([-+~])(\d*)/g
    let at = 0
    for (let part = token.exec(deltas); part !== null; part = token.exec(deltas)) {
      const digits = part[2] ?? ''
      if (part[1] === '~') at += digits === '' ? 1 : Number(digits)
      else {
        const before = values[at]
        if (before === undefined || digits === '') return refuse('a frame of too many numbers')
        const value = before + (part[1] === '-' ? -Number(digits) : Number(digits))
        if (!Number.isSafeInteger(value)) return refuse('a number out of range')
        values[at++] = value
      }
      if (at > values.length) return refuse('a frame of too many numbers')
    }
    return { sequence: Number(sequence), look: toLook(this.#names, values) }
  }

  #plainLine(plain: { sequence: number; lines: string[]; bytes: number }, line: string): Frame | null {
    if (/^E\d+$/.test(line)) {
      if (sequenceOf(line.slice(1)) !== plain.sequence) return refuse('a frame with two numbers')
      this.#plain = null
      return { sequence: plain.sequence, look: this.#plainLook(plain.lines) }
    }
    plain.bytes += line.length + 1
    if (plain.bytes > maxLookBytes) return refuse('a frame without an end')
    plain.lines.push(line)
    return null
  }

  #plainLook(lines: readonly string[]): ProcLook {
    const files = new Map<string, string[]>()
    const units = new Map<string, UnitLook>()
    let into: string[] = []
    for (const line of [...lines, '@']) {
      if (!line.startsWith('@')) {
        into.push(line)
        continue
      }
      into = []
      files.set(line.slice(1), into)
    }
    const file = (name: string): string => (files.get(name) ?? []).join('\n')
    const uptime = parseUptime(file('uptime'))
    const { cpu, cores } = parseProcStat(file('stat'))
    const limit = ((uptime - this.#uptime) * cores.size + 0.1) * ticksPerSecond
    this.#uptime = uptime
    for (const [name, of] of files) {
      if (name.startsWith('u ')) units.set(name.slice(2), this.#unit(name.slice(2), of, limit))
    }
    for (const key of this.#sums.keys()) if (!units.has(key)) this.#sums.delete(key)
    return {
      uptime,
      load: parseLoadavg(file('loadavg')),
      ...parseMeminfo(file('meminfo')),
      cpu,
      cores,
      net: parseNetDev(file('net/dev')),
      disks: parseDiskstats(file('diskstats')),
      units,
    }
  }

  #unit(key: string, lines: readonly string[], limit: number): UnitLook {
    if (lines.includes('a')) return { kind: 'absent' }
    const stats: PidStat[] = []
    let [cpuMs, memoryBytes, hidden]: [number | null, number | null, number] = [null, null, 0]
    for (const line of lines) {
      const rest = line.slice(2)
      if (line.startsWith('c ')) cpuMs = Number(rest) / 1000 || 0
      else if (line.startsWith('m ')) memoryBytes = Number(rest) || 0
      else if (line.startsWith('h ')) hidden++
      else if (line.startsWith('p ')) {
        const stat = parsePidStat(rest)
        if (stat) stats.push(stat)
      }
    }
    const sum = this.#sums.get(key) ?? new ProcessSum()
    this.#sums.set(key, sum)
    const ticks = sum.next(stats, limit)
    const processes = stats.length + hidden
    if (stats.length === 0 && hidden > 0 && (cpuMs === null || memoryBytes === null)) {
      return { kind: 'unreadable', processes }
    }
    const pages = stats.reduce((all, stat) => all + stat.rssPages, 0)
    return {
      kind: 'running',
      cpuMs: cpuMs ?? (ticks * 1000) / ticksPerSecond,
      memoryBytes: memoryBytes ?? pages * pageBytes,
      processes,
    }
  }
}

function sequenceOf(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : refuse('a frame without a number')
}

function parseNames(line: string): Names {
  const parts = line.split('\t').map(part => part.split(' ').filter(name => name !== ''))
  const [, cores, net, disks, units] = parts
  if (!cores || !net || !disks || !units || parts.length !== 5) return refuse('broken names')
  for (const names of [cores, net, disks, units]) {
    if (names.length > maxNames * 4 || names.some(name => name.length > 64)) return refuse('too many names')
  }
  return { cores, net, disks, units }
}

function countOf(names: Names): number {
  return fixedNumbers + names.cores.length + 2 * names.net.length + 2 * names.disks.length + 4 * names.units.length
}

/** The order of the numbers is the order in which the looker puts them. */
function toLook(names: Names, values: readonly number[]): ProcLook {
  let at = 0
  const next = (): number => Math.max(0, values[at++] ?? 0)
  const uptime = next() / 100
  const load = [next() / 100, next() / 100, next() / 100] as const
  const memory = { totalKb: next(), availableKb: next() }
  const swap = { totalKb: next(), freeKb: next() }
  const cpu = { busy: next(), total: next() }
  const cores = new Map(names.cores.map(name => [name, next()]))
  const net = new Map(names.net.map(name => [name, { rx: next(), tx: next() }]))
  const disks = new Map(names.disks.map(name => [name, { read: next(), written: next() }]))
  const units = new Map<string, UnitLook>()
  for (const name of names.units) {
    const kind = next()
    const [cpuMs, memoryKb, processes] = [next(), next(), next()]
    if (kind === 1) units.set(name, { kind: 'running', cpuMs, memoryBytes: memoryKb * 1024, processes })
    else units.set(name, kind === 2 ? { kind: 'unreadable', processes } : { kind: 'absent' })
  }
  return { uptime, load, memory, swap, cpu, cores, net, disks, units }
}

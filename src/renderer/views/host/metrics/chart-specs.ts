// Which charts a host has, by the series that are kept of it. Pure; draws nothing.
import type { HostSample } from '../../../../shared/model/metric.ts'
import type { ChartSeries, ChartUnit } from '../../../components/time-chart.tsx'

export interface ChartSpec {
  readonly id: string
  readonly title: string
  readonly unit: ChartUnit
  readonly series: readonly ChartSeries[]
  /** The series whose highest value is the top of the scale. */
  readonly topSeries?: string
  readonly top?: number
}

/** More lines than this in one chart cannot be told apart. */
const mostLines = 6

/** Charts in the order in which trouble is looked for; one whose numbers are not kept on this host is left out. */
export function chartSpecs(names: readonly string[], sample: HostSample | null): readonly ChartSpec[] {
  const known = new Set(names)
  const pick = (...series: readonly ChartSeries[]): readonly ChartSeries[] =>
    series.filter(({ name }) => known.has(name))
  const specs: ChartSpec[] = [
    { id: 'cpu', title: 'CPU', unit: 'percent', top: 100, series: pick({ name: 'cpu', label: 'All cores' }) },
    {
      id: 'load',
      title: 'Load',
      unit: 'count',
      series: pick(
        { name: 'load.1', label: '1 min' },
        { name: 'load.5', label: '5 min' },
        { name: 'load.15', label: '15 min' },
      ),
    },
    {
      id: 'memory',
      title: 'Memory and swap',
      unit: 'bytes',
      topSeries: 'memory.total',
      series: pick(
        { name: 'memory.used', label: 'Memory' },
        ...(sample && sample.swap.totalBytes === 0 ? [] : [{ name: 'swap.used', label: 'Swap' }]),
      ),
    },
    { id: 'network', title: 'Network', unit: 'rate', series: networkLines(names, sample) },
    {
      id: 'disk-io',
      title: 'Disk reads and writes',
      unit: 'rate',
      series: pick({ name: 'disk.read', label: 'Read' }, { name: 'disk.write', label: 'Written' }),
    },
    { id: 'disk-use', title: 'Disk space used', unit: 'bytes', series: diskLines(names, sample) },
  ]
  return specs.filter(spec => spec.series.length > 0)
}

/** The names to ask for, each once. */
export function wantedSeries(specs: readonly ChartSpec[]): string[] {
  const wanted = new Set<string>()
  for (const spec of specs) {
    for (const { name } of spec.series) wanted.add(name)
    if (spec.topSeries) wanted.add(spec.topSeries)
  }
  return [...wanted]
}

/** Received and sent of each interface that is there now, the busiest first; the loopback says nothing about the network. */
function networkLines(names: readonly string[], sample: HostSample | null): readonly ChartSeries[] {
  const busy = (name: string): number => {
    const rate = sample?.net.find(net => net.name === name)
    return rate ? rate.rxBytesPerSecond + rate.txBytesPerSecond : -1
  }
  const kept = after('net.rx:', names).filter(name => name !== 'lo')
  const present = sample ? kept.filter(name => busy(name) >= 0) : kept
  // The busiest are chosen, but stand in the order of their names, so that colours do not change places.
  const chosen = [...present].sort((a, b) => order(busy(b), busy(a)) || compare(a, b)).slice(0, mostLines / 2)
  const alone = chosen.length === 1
  return chosen.sort(compare).flatMap(name => [
    { name: `net.rx:${name}`, label: alone ? 'Received' : `${name} received` },
    { name: `net.tx:${name}`, label: alone ? 'Sent' : `${name} sent` },
  ])
}

function diskLines(names: readonly string[], sample: HostSample | null): readonly ChartSeries[] {
  const mounts = after('disk.used:', names)
  const present = sample ? mounts.filter(mount => sample.disks.some(disk => disk.mount === mount)) : mounts
  return [...present]
    .sort(compare)
    .slice(0, mostLines)
    .map(mount => ({ name: `disk.used:${mount}`, label: mount }))
}

function after(prefix: string, names: readonly string[]): string[] {
  return names.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Only clear differences count: interfaces of like traffic must not take turns. */
function order(a: number, b: number): number {
  return Math.sign(Math.round(Math.log2(a + 2)) - Math.round(Math.log2(b + 2)))
}

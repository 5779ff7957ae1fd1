// Numbers and log lines that look like a host's, as pure functions of time; knows nothing of how they are served. Never part of the app.
import type { JournalEntry, JournalFilter } from '../../../src/shared/model/journal.ts'
import type { HostSample, SeriesData, SeriesQuery } from '../../../src/shared/model/metric.ts'
import type { Unit } from '../../../src/shared/model/unit.ts'
import { hash } from './units.ts'

const gib = 1024 ** 3

/** 0 … 1, smooth over minutes with some noise, the same for the same arguments. */
function wave(seed: string, at: number): number {
  const phase = (hash(seed) % 1000) / 159
  const slow = Math.sin(at / 1_400_000 + phase) * 0.5 + Math.sin(at / 310_000 + phase * 2) * 0.3
  const noise = ((hash(`${seed}${Math.floor(at / 2000)}`) % 1000) / 1000 - 0.5) * 0.25
  return Math.min(1, Math.max(0, 0.5 + slow * 0.5 + noise))
}

const level: Record<string, number> = {
  local: 0.35,
  'web-1': 0.55,
  'bots-1': 0.95,
  'alpine-nas': 0.12,
  'shared-box': 0.3,
}

export function sampleOf(hostId: string, at: number, units: readonly Unit[], uptimeSeconds: number): HostSample {
  const cpu = wave(`${hostId}cpu`, at) * 100 * (level[hostId] ?? 0.4)
  const total = 8 * gib
  return {
    hostId,
    at,
    cpuPercent: cpu,
    cores: [0, 1, 2, 3].map(core => Math.min(100, cpu * (0.5 + wave(`${hostId}${core}`, at)))),
    load: [cpu / 30, cpu / 34, cpu / 38],
    memory: {
      totalBytes: total,
      availableBytes: total * (1 - (level[hostId] ?? 0.4) * (0.7 + 0.3 * wave(`${hostId}mem`, at))),
    },
    swap: { totalBytes: 2 * gib, freeBytes: 1.8 * gib },
    disks: [
      {
        mount: '/',
        device: '/dev/vda1',
        totalBytes: 80 * gib,
        usedBytes: 80 * gib * (hostId === 'bots-1' ? 0.94 : 0.47),
        freeBytes: 20 * gib,
      },
      { mount: '/srv', device: '/dev/vdb1', totalBytes: 200 * gib, usedBytes: 81 * gib, freeBytes: 119 * gib },
    ],
    diskReadBytesPerSecond: wave(`${hostId}read`, at) * 4e6,
    diskWriteBytesPerSecond: wave(`${hostId}write`, at) * 9e6,
    net: [
      {
        name: 'eth0',
        rxBytesPerSecond: wave(`${hostId}rx`, at) * 2.4e6,
        txBytesPerSecond: wave(`${hostId}tx`, at) * 8e5,
      },
    ],
    uptimeSeconds,
    units: units
      .filter(unit => unit.memoryBytes !== null)
      .map(unit => ({
        scope: unit.scope,
        name: unit.name,
        cpuPercent: (unit.cpuPercent ?? 0) * (0.6 + wave(unit.name, at)),
        memoryBytes: (unit.memoryBytes ?? 0) * (0.95 + 0.1 * wave(`${unit.name}m`, at)),
        processes: 1 + (hash(unit.name) % 4),
      })),
  }
}

export const seriesNames = [
  'cpu',
  'memory.used',
  'swap.used',
  'load.1',
  'disk.used:/',
  'disk.used:/srv',
  'disk.read',
  'disk.write',
  'net.rx:eth0',
  'net.tx:eth0',
]

export function seriesOf(query: SeriesQuery): SeriesData[] {
  const points = Math.min(query.points, 600)
  const step = (query.to - query.from) / points
  return query.series.map(series => {
    const scale = scaleOf(series) * (series === 'cpu' ? (level[query.hostId] ?? 0.4) : 1)
    const data: SeriesData = { series, at: [], min: [], avg: [], max: [], reconstructed: [] }
    for (let index = 0; index < points; index++) {
      const at = query.from + index * step
      const gap = index / points > 0.4 && index / points < 0.45
      const value = wave(`${query.hostId}${series}`, at) * scale
      data.at.push(at)
      data.min.push(gap ? null : value * 0.85)
      data.avg.push(gap ? null : value)
      data.max.push(gap ? null : value * 1.18)
      data.reconstructed.push(index / points > 0.45 && index / points < 0.52)
    }
    return data
  })
}

function scaleOf(series: string): number {
  if (series === 'cpu') return 100
  if (series.startsWith('unit.cpu')) return 30
  if (series.startsWith('unit.memory')) return 400 * 1024 * 1024
  if (series.startsWith('load')) return 3
  if (series.startsWith('check.')) return 40
  if (series.startsWith('memory') || series.startsWith('disk.used')) return 6 * gib
  return 4e6
}

const messages: readonly [string, number, string][] = [
  ['webhook-bot', 6, 'POST /webhook 200 in 14 ms update_id=88123'],
  ['webhook-bot', 3, 'Traceback (most recent call last): TimeoutError: api.telegram.org did not answer within 10 s'],
  ['trading-bot', 6, 'tick BTCUSDT 64211.30 spread 0.8 bp'],
  ['trading-bot', 4, 'order 9912 partially filled (0.4 of 1.0), retrying in 2 s'],
  ['nginx', 6, '203.0.113.9 - - "GET /health HTTP/1.1" 200 2'],
  ['cookie-bot@alice', 5, 'session valid for another 6 d'],
  ['sshd', 6, 'Accepted publickey for deploy from 203.0.113.9 port 50122 ssh2: ED25519'],
  ['sshd', 4, 'Failed password for invalid user admin from 198.51.100.200 port 41234 ssh2'],
  ['kernel', 5, 'TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.'],
  [
    'hostile',
    6,
    '\u001b[2J\u001b[1;31mcleared?\u001b[0m \u001b]8;;http://evil\u0007link\u001b]8;;\u0007 \u202Etxt.exe',
  ],
  ['stats-bot', 7, 'heartbeat'],
  ['systemd', 6, 'Started webhook-bot.service - Telegram webhook bot on :8001.'],
]

/** Entry number `index` of a host's endless journal; one each 1.5 s. */
export function entryOf(hostId: string, index: number, origin: number): JournalEntry {
  const [identifier, priority, message] = messages[hash(`${hostId}${Math.floor(index / 3)}`) % messages.length] ?? [
    '?',
    6,
    '?',
  ]
  return {
    hostId,
    cursor: `s=demo;i=${index}`,
    at: origin + index * 1500,
    priority,
    unit: identifier === 'kernel' || identifier === 'systemd' ? null : `${identifier}.service`,
    identifier,
    pid: 700 + (hash(identifier) % 3000),
    message,
    truncated: false,
  }
}

export function matchesFilter(entry: JournalEntry, filter: JournalFilter): boolean {
  if (filter.units.length > 0 && !filter.units.includes(entry.unit ?? '')) return false
  if (filter.priority !== null && entry.priority > filter.priority) return false
  if (filter.since !== null && entry.at < filter.since) return false
  if (filter.until !== null && entry.at > filter.until) return false
  if (!filter.text) return true
  const found = filter.regex
    ? new RegExp(filter.text, filter.caseSensitive ? '' : 'i').test(entry.message)
    : filter.caseSensitive
      ? entry.message.includes(filter.text)
      : entry.message.toLowerCase().includes(filter.text.toLowerCase())
  return found !== filter.invert
}

// Whether the disks of a host have room left; raises at one value and clears at a lower one, so that it does not flap.
import { z } from 'zod'
import type { DiskUse } from '../../shared/model/metric.ts'
import { checkType, type ProbeResult } from './check.ts'

export const diskSpace = checkType({
  type: 'disk-space',
  title: 'Disk space',
  description: 'No disk, or none of those you name, is nearly full.',
  spec: z.object({
    mounts: z.array(z.string().trim().startsWith('/', 'A path like /var').max(400)).max(32).default([]).meta({
      title: 'Mounted at',
      description: 'Empty is all disks',
    }),
    maxPercent: z.number().min(1).max(100).default(90).meta({ title: 'Used at most', unit: '%' }),
    clearPercent: z.number().min(1).max(100).default(87).meta({ title: 'Clears below', unit: '%' }),
    minFreeMegabytes: z.number().min(0).nullable().default(null).meta({ title: 'Free at least', unit: 'MB' }),
  }),
  vantages: ['host'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  ownMatter: true,
  defaults: {
    intervalSeconds: 60,
    timeoutSeconds: 10,
    failureThreshold: 2,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const sample = context.sample()
    if (!sample)
      return { status: 'unknown', message: 'The host was not measured within the last minute', cause: 'other' }
    if (sample.disks.length === 0)
      return { status: 'unknown', message: 'Its disks were not measured yet', cause: 'other' }
    const missing = spec.mounts.filter(mount => !sample.disks.some(disk => disk.mount === mount))
    if (missing.length > 0)
      return { status: 'unhealthy', message: `Nothing is mounted at ${missing.join(', ')}`, cause: 'disk' }
    const disks = sample.disks.filter(disk => spec.mounts.length === 0 || spec.mounts.includes(disk.mount))
    const limit = context.firing ? Math.min(spec.maxPercent, spec.clearPercent) : spec.maxPercent
    const free = spec.minFreeMegabytes === null ? null : spec.minFreeMegabytes * 1024 * 1024
    const tight = disks.filter(disk => percentOf(disk) > limit || (free !== null && disk.freeBytes < free))
    const fullest = [...disks].sort((a, b) => percentOf(b) - percentOf(a))
    const shown = (tight.length > 0 ? tight : fullest.slice(0, 1)).map(disk => {
      const room = `${(disk.freeBytes / 1024 ** 3).toFixed(1)} GB free`
      return `[DISK ${disk.mount}] (${percentOf(disk).toFixed(0)} %) <= ${limit} %, ${room}`
    })
    return {
      status: tight.length > 0 ? 'unhealthy' : 'healthy',
      message: shown.join('; ').slice(0, 2_000),
      cause: tight.length > 0 ? 'disk' : null,
      numbers: fullest.slice(0, 16).map(disk => ({ name: `used:${disk.mount}`.slice(0, 200), value: percentOf(disk) })),
      latencyMs: null,
    }
  },
})

/** As df counts: what only root may use is not there for others. */
function percentOf({ usedBytes, freeBytes }: DiskUse): number {
  const all = usedBytes + freeBytes
  return all > 0 ? (usedBytes / all) * 100 : 0
}

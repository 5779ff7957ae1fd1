// Whether a host's CPU, memory and load stay within limits; raises at one value and clears at a lower one, so that it does not flap.
import { z } from 'zod'
import { checkType, type ProbeResult } from './check.ts'

const percent = (title: string, initial: number | null) =>
  z.number().min(1).max(100).nullable().default(initial).meta({ title, unit: '%' })

export const hostResources = checkType({
  type: 'host-resources',
  title: 'CPU and memory of the host',
  description: 'The host is not at its limits for long.',
  spec: z.object({
    cpuPercent: percent('CPU at most', 80),
    cpuClearPercent: percent('CPU clears below', 70),
    memoryPercent: percent('Memory at most', 90),
    memoryClearPercent: percent('Memory clears below', 85),
    loadPerCore: z.number().min(0.1).nullable().default(null).meta({
      title: 'Load per core at most',
      description: 'Of the last 5 minutes',
    }),
    loadClearPerCore: z.number().min(0.1).nullable().default(null).meta({ title: 'Load per core clears below' }),
  }),
  vantages: ['host'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  ownMatter: true,
  defaults: {
    intervalSeconds: 15,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 300,
    severity: 'warning',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const sample = context.sample()
    if (!sample)
      return { status: 'unknown', message: 'The host was not measured within the last minute', cause: 'other' }
    const { memory } = sample
    const used = memory.totalBytes > 0 ? (1 - memory.availableBytes / memory.totalBytes) * 100 : null
    const load = sample.load[1] / Math.max(1, sample.cores.length)
    const { firing } = context
    const judged = [
      judge('CPU', sample.cpuPercent, spec.cpuPercent, spec.cpuClearPercent, ' %', firing),
      judge('MEMORY', used, spec.memoryPercent, spec.memoryClearPercent, ' %', firing),
      judge('LOAD', load, spec.loadPerCore, spec.loadClearPerCore, '', firing),
    ].filter(one => one !== null)
    if (judged.length === 0)
      return { status: 'unknown', message: 'No limit is set, or nothing is known yet', cause: null }
    const over = judged.some(one => one.over)
    return {
      status: over ? 'unhealthy' : 'healthy',
      message: judged.map(one => one.text).join('; '),
      cause: over ? 'resource' : null,
      latencyMs: null,
    }
  },
})

function judge(
  what: string,
  value: number | null,
  raise: number | null,
  clear: number | null,
  unit: string,
  firing: boolean,
): { over: boolean; text: string } | null {
  if (value === null || raise === null) return null
  const limit = firing ? Math.min(raise, clear ?? raise) : raise
  const shown = (number: number): string => (unit === '' ? number.toFixed(2) : number.toFixed(0))
  return { over: value > limit, text: `[${what}] (${shown(value)}${unit}) <= ${shown(limit)}${unit}` }
}

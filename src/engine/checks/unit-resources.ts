// Whether a service stays within limits of memory and CPU; raises at one value and clears at a lower one, so that it does not flap.
import { z } from 'zod'
import { checkType, type ProbeResult } from './check.ts'

const megabyte = 1024 * 1024
/** Where no value to clear at is given: this share of the limit. */
const clearShare = 0.9

export const unitResources = checkType({
  type: 'unit-resources',
  title: 'Memory and CPU of a service',
  description: 'The processes of a service stay within their limits.',
  spec: z.object({
    memoryMegabytes: z.number().min(1).nullable().default(500).meta({ title: 'Memory at most', unit: 'MB' }),
    memoryClearMegabytes: z.number().min(1).nullable().default(null).meta({
      title: 'Memory clears below',
      description: 'Empty is 90 % of the limit',
      unit: 'MB',
    }),
    cpuPercent: z.number().min(1).nullable().default(null).meta({
      title: 'CPU at most',
      description: 'Of one core; 200 is two cores',
      unit: '%',
    }),
    cpuClearPercent: z.number().min(1).nullable().default(null).meta({
      title: 'CPU clears below',
      description: 'Empty is 90 % of the limit',
      unit: '%',
    }),
  }),
  vantages: ['host'],
  needsUnit: true,
  addable: true,
  mode: 'probe',
  ownMatter: true,
  defaults: {
    intervalSeconds: 15,
    timeoutSeconds: 10,
    failureThreshold: 2,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'warning',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const { unit, firing } = context
    const state = context.unitState()
    if (!unit || !state) return { status: 'unknown', message: 'The service is not seen just now', cause: 'other' }
    if (state.activeState !== 'active' && state.activeState !== 'reloading')
      return { status: 'unknown', message: `${unit.name} is not running`, cause: null }
    const use = context.sample()?.units.find(one => one.scope === unit.scope && one.name === unit.name)
    const memory = use?.memoryBytes ?? state.memoryBytes
    const cpu = use?.cpuPercent ?? state.cpuPercent
    const judged = [
      judge(
        'MEMORY',
        memory === null ? null : memory / megabyte,
        spec.memoryMegabytes,
        spec.memoryClearMegabytes,
        'MB',
        firing,
      ),
      judge('CPU', cpu, spec.cpuPercent, spec.cpuClearPercent, '%', firing),
    ].filter(one => one !== null)
    const numbers = [
      ...(memory === null ? [] : [{ name: 'memory', value: memory }]),
      ...(cpu === null ? [] : [{ name: 'cpu', value: cpu }]),
    ]
    if (judged.length === 0)
      return {
        status: 'unknown',
        message: 'No limit is set, or its use is not known yet',
        cause: null,
        numbers,
        latencyMs: null,
      }
    const message = judged.map(one => one.text).join('; ')
    const over = judged.some(one => one.over)
    return {
      status: over ? 'unhealthy' : 'healthy',
      message,
      cause: over ? 'resource' : null,
      numbers,
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
  const limit = firing ? Math.min(raise, clear ?? raise * clearShare) : raise
  return { over: value > limit, text: `[${what}] (${Math.round(value)} ${unit}) <= ${Math.round(limit)} ${unit}` }
}

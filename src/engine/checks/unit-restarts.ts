// Whether a service restarts too often, whoever restarts it; a crash that is mended each time is still a fault.
import { z } from 'zod'
import { checkType } from './check.ts'

export const unitRestarts = checkType({
  type: 'unit-restarts',
  title: 'Restarts of a service',
  description: 'A service does not restart too often.',
  spec: z.object({
    count: z.number().int().min(0).max(1_000).default(3).meta({ title: 'Restarts at most' }),
    minutes: z.number().int().min(1).max(1_440).default(60).meta({ title: 'Within', unit: 'minutes' }),
  }),
  vantages: ['host'],
  needsUnit: true,
  addable: true,
  mode: 'probe',
  ownMatter: true,
  defaults: {
    intervalSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 1,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'warning',
  },
  async probe(context, { count, minutes }) {
    if (!context.unitState()) return { status: 'unknown', message: 'The service is not seen just now', cause: 'other' }
    const { length } = context.restarts(minutes * 60_000)
    const message = `[RESTARTS within ${minutes} min] (${length}) <= ${count}`
    const numbers = [{ name: 'restarts', value: length }]
    if (length <= count) return { status: 'healthy', message, cause: null, numbers, latencyMs: null }
    // one more restart would not mend it
    return { status: 'unhealthy', message, cause: 'other', numbers, latencyMs: null }
  },
})

// Whether a maintenance task runs and ends well (R36). Owned by its task, which looks at itself: nothing is probed.
import { z } from 'zod'
import { checkType } from './check.ts'

export const maintenance = checkType({
  type: 'maintenance',
  title: 'Maintenance',
  description: 'The task ran in time, and its last run ended well.',
  spec: z.object({ taskId: z.string().max(64).meta({ title: 'Task' }) }),
  vantages: ['local'],
  needsUnit: false,
  // made with the task that it belongs to
  addable: false,
  mode: 'event',
  defaults: {
    intervalSeconds: 300,
    timeoutSeconds: 30,
    failureThreshold: 1,
    recoveryThreshold: 1,
    forSeconds: 0,
    severity: 'warning',
  },
  probe: async () => ({ status: 'unknown', message: 'Not looked at yet', cause: 'other' }),
})

// Whether a maintenance task runs and ends well (R36). Owned by its task, which looks at itself: nothing is probed.
import { z } from 'zod'
import { checkType, ownedCheck, ownedDefaults } from './check.ts'

export const maintenance = checkType({
  type: 'maintenance',
  title: 'Maintenance',
  description: 'The task ran in time, and its last run ended well.',
  spec: z.object({ taskId: z.string().max(64).meta({ title: 'Task' }) }),
  ...ownedCheck,
  defaults: { ...ownedDefaults, severity: 'warning' },
})

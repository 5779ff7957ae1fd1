// Restarts the unit: the mending that most things need; knows nothing of when.
import { z } from 'zod'
import { systemctlText } from '../parse/command-text.ts'
import { unitActionType } from './action.ts'

export const restartUnit = unitActionType({
  type: 'restart-unit',
  scope: 'unit',
  title: 'Restart the service',
  description: 'Restarts it by systemd and waits until it runs anew.',
  risk: 'safe',
  mends: ['unit', 'health', 'resource'],
  expects: 'new-run',
  spec: z.object({}),
  plan: (_spec, unit) => ({
    title: `Restart ${unit.name}`,
    commands: [systemctlText(unit, 'restart')],
    risk: 'safe',
    consequence: null,
  }),
  run: context => context.act('restart'),
})

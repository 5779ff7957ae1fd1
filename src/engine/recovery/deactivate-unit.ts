// Stops and disables a unit whose login is no longer valid, so that it does not make things worse with it; knows nothing of logins.
import { z } from 'zod'
import { systemctlText } from '../parse/command-text.ts'
import { unitActionType } from './action.ts'

export const deactivateUnit = unitActionType({
  type: 'deactivate-unit',
  scope: 'unit',
  title: 'Deactivate the service',
  description:
    'Stops and disables it while its login is over, until the login is renewed and somebody starts it again.',
  risk: 'confirm',
  mends: ['login'],
  expects: 'stopped',
  spec: z.object({}),
  plan: (_spec, unit) => ({
    title: `Deactivate ${unit.name}`,
    commands: [systemctlText(unit, 'disable'), systemctlText(unit, 'stop')],
    risk: 'confirm',
    consequence: `${unit.name} does not run, also not after a boot, until somebody enables and starts it again.`,
  }),
  async run(context) {
    // disabled first: a boot in between must not bring it back
    const disabled = await context.act('disable')
    if (disabled.outcome !== 'done') return disabled
    context.progress(disabled.evidence)
    const stopped = await context.act('stop')
    return { outcome: stopped.outcome, evidence: [...disabled.evidence, ...stopped.evidence] }
  },
})

// Whether one service is in the state that it should be in. Fed by systemd's signals at once, and looked at on its interval.
import { z } from 'zod'
import { judgeUnit } from '../domain/unit-health.ts'
import { checkType } from './check.ts'

export const systemdUnit = checkType({
  type: 'systemd-unit',
  title: 'Service',
  description: 'One service runs (or is stopped), told by systemd as it happens.',
  spec: z.object({
    expected: z
      .enum(['running', 'not-failed', 'stopped'])
      .default('running')
      .meta({
        title: 'Expected state',
        description: 'A service that somebody stops is not a failure.',
        labels: { running: 'Running', 'not-failed': 'Not failed, for jobs that run and end', stopped: 'Stopped' },
      }),
  }),
  vantages: ['host'],
  needsUnit: true,
  addable: true,
  mode: 'event',
  ownMatter: true,
  defaults: {
    intervalSeconds: 15,
    timeoutSeconds: 10,
    failureThreshold: 1,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, { expected }) {
    const unit = context.unitState()
    if (!unit) return { status: 'unknown', message: 'The service is not seen just now', cause: 'other' }
    return judgeUnit(unit, expected, null)
  },
})

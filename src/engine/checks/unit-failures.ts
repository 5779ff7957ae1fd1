// Any service of the host that fails, told by systemd's own signals: its alerts speak of the unit. Fed by the runtime, never probed.
import { z } from 'zod'
import { checkType } from './check.ts'

export const unitFailures = checkType({
  type: 'unit-failures',
  title: 'Service failures',
  description:
    'Any service of the host that fails, as systemd tells it. A service with a check of its own is left to that one.',
  spec: z.object({
    ignore: z.array(z.string().trim().min(1).max(255)).max(100).default([]).meta({
      title: 'Services to leave out',
      description: 'Names like backup.service, or session-*',
    }),
  }),
  vantages: ['host'],
  needsUnit: false,
  addable: false,
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
  probe: async () => ({ status: 'unknown', message: 'It is told by systemd as it happens', cause: null }),
})

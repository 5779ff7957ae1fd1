// Whether the host can be reached and logged in to, as the state of its connection tells. Fed by the runtime, never probed.
import { z } from 'zod'
import { checkType } from './check.ts'

export const hostReachable = checkType({
  type: 'host-reachable',
  title: 'Host reachable',
  description: 'The host answers and lets Quarterdeck in. While it does not, nothing else on it is judged.',
  spec: z.object({}),
  vantages: ['local'],
  needsUnit: false,
  addable: false,
  mode: 'event',
  defaults: {
    intervalSeconds: 10,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  probe: async () => ({ status: 'unknown', message: 'It is told by the connection as it happens', cause: null }),
})

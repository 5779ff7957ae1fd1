// Whether a bot is still logged in: its file, what is in it, and the site's own word (R26, R27). Knows no renewal and no cookie's value.
import { z } from 'zod'
import { CookieFormat, LoginDraft, LoginKind, LoginProbe } from '../../shared/model/login.ts'
import { lookAtLogin } from '../cookies/index.ts'
import { judgeLogin, soonestEnd } from '../domain/login-verdict.ts'
import { checkType, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'

const dayMs = 86_400_000

const loginSpec = z.object({
  path: LoginDraft.shape.path.meta({ title: 'File' }),
  kind: LoginKind.default('cookies').meta({ title: 'Kind' }),
  format: CookieFormat.nullable().default(null).meta({ title: 'Format', description: 'Found by content unless told.' }),
  required: LoginDraft.shape.required.meta({ title: 'Required cookies' }),
  probe: LoginProbe.nullable().default(null).meta({ title: 'Request that proves it' }),
  warnDays: LoginDraft.shape.warnDays.meta({ title: 'Warn ahead', unit: 'days' }),
  criticalDays: LoginDraft.shape.criticalDays.meta({ title: 'Critical from', unit: 'days' }),
})

export const loginCheck = checkType({
  type: 'login',
  title: 'Login',
  description: 'A file of cookies is there and whole, does not expire soon, and the site still takes it.',
  spec: loginSpec,
  // from where the site is asked is the request's own affair; the file is always on the host
  vantages: ['host'],
  needsUnit: false,
  // made with the login that it belongs to
  addable: false,
  mode: 'probe',
  defaults: {
    intervalSeconds: 300,
    timeoutSeconds: 30,
    failureThreshold: 1,
    recoveryThreshold: 1,
    forSeconds: 0,
    severity: 'critical',
  },
  probe,
})

/** Its `detail` is the LoginLook. */
async function probe(context: ProbeContext, spec: z.output<typeof loginSpec>): Promise<ProbeResult> {
  try {
    const look = await lookAtLogin(context, spec)
    const now = context.clock.now()
    const end = look.file ? soonestEnd(look.file.cookies, spec.required) : null
    return {
      ...judgeLogin({ ...spec, ...look, now }),
      numbers: end === null ? [] : [{ name: 'days_left', value: (end - now) / dayMs }],
      detail: look,
    }
  } catch (caught) {
    return unknownBecause(caught)
  }
}

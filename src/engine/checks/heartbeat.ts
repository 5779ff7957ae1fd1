// Looks how long ago a job touched a file or an address; knows no job.
import { z } from 'zod'
import { httpRequest } from '../lib/http-client.ts'
import { shownValue, timeOf } from '../parse/condition-value.ts'
import { durationText } from '../parse/duration.ts'
import { jsonAt, parseJsonPath, readJson } from '../parse/json-path.ts'
import {
  checkType,
  commandTrouble,
  lastLine,
  type ProbeContext,
  type ProbeResult,
  unanswered,
  unknownBecause,
} from './check.ts'

export const heartbeatSpec = z
  .object({
    path: z
      .string()
      .max(4096)
      .regex(/^\/[^\0]*$/, 'A path begins with /')
      .nullable()
      .default(null)
      .meta({
        title: 'File',
        description: 'On the host; when it was changed last counts.',
        placeholder: '/var/lib/bot/heartbeat',
      }),
    url: z
      .string()
      .max(2000)
      .refine(
        text => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
        'An address begins with http:// or https://',
      )
      .nullable()
      .default(null)
      .meta({ title: 'Or an address', description: 'Its Last-Modified header counts, or a time in its JSON.' }),
    jsonPath: z
      .string()
      .max(200)
      .refine(text => parseJsonPath(text).ok, 'Not a path in JSON, such as jobs.backup.finished')
      .nullable()
      .default(null)
      .meta({ title: 'Path of the time in the JSON', placeholder: 'last_update' }),
    maxAgeMinutes: z
      .number()
      .min(0.05)
      .max(525_600)
      .default(60)
      .meta({ title: 'At most', unit: 'min', description: 'Unhealthy where it is longer ago.' }),
    asRoot: z
      .boolean()
      .default(false)
      .meta({ title: 'Look at the file as root', description: 'By sudo, where the user may not.' }),
  })
  .superRefine((spec, context) => {
    if ((spec.path === null) === (spec.url === null))
      context.addIssue({ code: 'custom', path: ['path'], message: 'A file or an address, one of both' })
    if (spec.jsonPath !== null && spec.url === null)
      context.addIssue({ code: 'custom', path: ['jsonPath'], message: 'Only an address has JSON' })
  })
type Spec = z.output<typeof heartbeatSpec>

export const heartbeat = checkType({
  type: 'heartbeat',
  title: 'Heartbeat',
  description: 'A file or an address that a job touches is fresh.',
  spec: heartbeatSpec,
  vantages: ['host', 'local'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 60,
    timeoutSeconds: 15,
    failureThreshold: 2,
    recoveryThreshold: 1,
    forSeconds: 0,
    severity: 'critical',
  },
  probe: (context, spec) =>
    spec.path === null ? atAddress(context, spec, spec.url ?? '') : inFile(context, spec, spec.path),
})

/** The host's own clock tells the age of its file. */
async function inFile(context: ProbeContext, spec: Spec, path: string): Promise<ProbeResult> {
  const argv = ['sh', '-c', 'date +%s && exec stat -L -c %Y -- "$1"', 'sh', path]
  try {
    const result = await context.exec(argv, { sudo: spec.asRoot, maxBytes: 4096 })
    const trouble = commandTrouble(result)
    if (trouble !== null) return trouble
    const [now, touched] = Buffer.from(result.stdout).toString('utf8').trim().split('\n').map(Number)
    if (result.exit === 0 && now !== undefined && touched !== undefined && Number.isFinite(now - touched))
      return judge(spec, shownValue(path), (now - touched) * 1_000)
    const said = lastLine(result.stderr)
    if (/no such file|not a directory/i.test(said))
      return { status: 'unhealthy', message: `${shownValue(path)} does not exist`, cause: 'health' }
    if (/permission denied/i.test(said))
      return { status: 'unknown', message: `${context.host.user} may not look at ${shownValue(path)}`, cause: 'host' }
    return { status: 'unknown', message: `${shownValue(path)} could not be looked at: ${said}`, cause: 'other' }
  } catch (caught) {
    return unknownBecause(caught)
  }
}

async function atAddress(context: ProbeContext, spec: Spec, url: string): Promise<ProbeResult> {
  const { clock, signal } = context
  const { host: place, hostname } = new URL(url)
  const bad = (message: string): ProbeResult => ({
    status: 'unhealthy',
    message: `${place}: ${message}`,
    cause: 'health',
  })
  const answer = await httpRequest(context, { url, signal })
  if (!answer.ok) return { ...unanswered(context, hostname, answer), latencyMs: null }
  const { status, headers, latencyMs } = answer
  if (status === 429)
    return { status: 'unknown', message: `${place} limits the rate (429)`, cause: 'rate-limit', latencyMs }
  if (status === 401 || status === 403) return { ...bad(`[STATUS] (${status}) == 200`), cause: 'auth', latencyMs }
  if (status < 200 || status > 299) return { ...bad(`[STATUS] (${status}) == 2xx`), latencyMs }
  let value: unknown = headers['last-modified']
  let what = '[HEADERS].last-modified'
  if (spec.jsonPath !== null) {
    const path = parseJsonPath(spec.jsonPath)
    const read = answer.truncated
      ? ({ ok: false, message: 'too long' } as const)
      : readJson(answer.body.toString('utf8'))
    if (!read.ok) return { ...bad(read.message), latencyMs }
    value = path.ok ? jsonAt(read.value, path.path) : undefined
    what = `[BODY].${spec.jsonPath.replace(/^\./, '')}`
  }
  if (value === undefined) return { ...bad(`${what} (missing)`), latencyMs }
  const time = timeOf(value)
  if (time === null) return { ...bad(`${what} (${shownValue(value)} is not a time)`), latencyMs }
  return { ...judge(spec, `${place} ${what}`, clock.now() - time), latencyMs }
}

function judge(spec: Spec, what: string, ageMs: number): ProbeResult {
  // S3: what lies in the future is now
  const age = Math.max(0, ageMs)
  const numbers = [{ name: 'age', value: Math.round(age / 1_000) }]
  const limit = spec.maxAgeMinutes * 60_000
  if (age > limit)
    return {
      status: 'unhealthy',
      message: `${what} age (${durationText(age)}) <= ${durationText(limit)}`,
      cause: 'health',
      numbers,
    }
  return { status: 'healthy', message: `${what} was touched ${durationText(age)} ago`, cause: null, numbers }
}

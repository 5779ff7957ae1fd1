// Asks an HTTP endpoint and judges its answer: status, time, headers, JSON, certificate, and how numbers in it grow (R15, R47). Knows no schedule.
import { z } from 'zod'
import { type HttpAnswer, httpRequest } from '../lib/http-client.ts'
import { Redactor } from '../lib/log.ts'
import { isAuthority } from '../lib/tls-stream.ts'
import { answerFacts, needsBody, numbersAt, readCondition } from '../parse/answer-facts.ts'
import type { Condition } from '../parse/condition-kinds.ts'
import { evaluateCondition } from '../parse/condition-result.ts'
import { durationText } from '../parse/duration.ts'
import { matchesStatus, statusProblem } from '../parse/status-list.ts'
import {
  checkType,
  conditionLine,
  failedConditions,
  numberField,
  type ProbeContext,
  type ProbeResult,
  unanswered,
  unknownBecause,
} from './check.ts'

/** An address that has others behind it gets no more than this, so that there is time left for them. */
const patienceMs = 3_000
const unreadBody = 64 * 1024
const dayMs = 86_400_000

const address = z
  .string()
  .max(2000)
  .refine(
    text => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'An address begins with http:// or https://',
  )
  .refine(
    text => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
    'A password belongs into the secret fields, not into the address',
  )
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'Not the name of a header')

export const httpSpec = z.object({
  url: address.meta({
    title: 'Address',
    placeholder: 'http://127.0.0.1:8001/health',
    description: 'As seen from where it is asked: 127.0.0.1 is the host itself.',
  }),
  fallbacks: z
    .array(address)
    .max(8)
    .default([])
    .meta({ title: 'Other addresses', description: 'Tried in this order where the first is not well. One per line.' }),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET').meta({ title: 'Method' }),
  expectedStatus: z
    .string()
    .max(100)
    .superRefine((text, context) => {
      const problem = statusProblem(text)
      if (problem !== null) context.addIssue({ code: 'custom', message: problem })
    })
    .default('2xx')
    .meta({
      title: 'Expected status',
      description: 'Such as 200, 2xx or 200-204, 301. A condition on [STATUS] takes its place.',
    }),
  conditions: z
    .array(conditionLine)
    .max(32)
    .default([])
    .meta({
      title: 'Conditions',
      description: 'One per line; unhealthy where one is not met.',
      examples: [
        '[STATUS] == any(200, 204)',
        '[RESPONSE_TIME] < 2s',
        '[HEADERS].x-version == 3',
        '[BODY].name == pat(bot*)',
        '[BODY].last_update age < 5m',
        'len([BODY].items) > 0',
        'has([BODY].id)',
        'growth([BODY].updates, 5m) > 0',
        'share([BODY].errors, [BODY].updates, 10m) < 5%',
      ],
    }),
  warnings: z
    .array(conditionLine)
    .max(32)
    .default([])
    .meta({ title: 'Warning conditions', description: 'The same; only degraded where one is not met.' }),
  slowMs: z
    .number()
    .int()
    .min(1)
    .max(300_000)
    .nullable()
    .default(null)
    .meta({ title: 'Slow from', unit: 'ms', description: 'Degraded where the answer takes longer.' }),
  numbers: z
    .array(numberField)
    .max(32)
    .default([])
    .meta({ title: 'Numbers to keep', description: 'Numbers in the answer that are recorded and drawn as charts.' }),
  headers: z
    .array(
      z.object({
        name: headerName.meta({ title: 'Name' }),
        value: z
          .string()
          .max(2000)
          .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'Not a value of a header')
          .meta({ title: 'Value' }),
      }),
    )
    .max(32)
    .default([])
    .meta({ title: 'Headers', description: 'Nothing secret here: see below.', advanced: true }),
  token: z.string().optional().meta({
    title: 'Bearer token',
    description: 'Sent as Authorization, never to another origin.',
    secret: true,
    advanced: true,
  }),
  secretHeader: headerName.optional().meta({
    title: 'Secret header',
    description: 'The name of a header whose value is a secret.',
    placeholder: 'X-Api-Key',
    advanced: true,
  }),
  secretHeaderValue: z.string().optional().meta({ title: 'Value of the secret header', secret: true, advanced: true }),
  body: z.string().max(65_536).default('').meta({ title: 'Body', multiline: true, advanced: true }),
  redirects: z.number().int().min(0).max(10).default(5).meta({ title: 'Redirects to follow', advanced: true }),
  minCertificateDays: z.number().int().min(0).max(365).nullable().default(14).meta({
    title: 'Certificate must last',
    unit: 'days',
    description: 'Degraded where it expires sooner.',
    advanced: true,
  }),
  verifyCertificate: z
    .boolean()
    .default(true)
    .meta({ title: 'Refuse certificates that are not to be trusted', advanced: true }),
  ca: z.string().max(65_536).refine(isAuthority, 'Not a certificate in PEM form').optional().meta({
    title: 'Own CA',
    advanced: true,
    description: 'A certificate in PEM form that is trusted besides the usual ones.',
    multiline: true,
  }),
})
type Spec = z.output<typeof httpSpec>

export const httpCheck = checkType({
  type: 'http',
  title: 'HTTP endpoint',
  description: 'An address answers as it should: status, time, headers, JSON, certificate.',
  spec: httpSpec,
  vantages: ['host', 'local', 'both'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  probe,
})

interface Attempt {
  readonly place: string
  readonly result: ProbeResult
  readonly answered: boolean
}

async function probe(context: ProbeContext, spec: Spec): Promise<ProbeResult> {
  const redactor = new Redactor()
  let headers: Record<string, string>
  try {
    headers = await headersOf(context, spec, redactor)
  } catch (caught) {
    return unknownBecause(caught)
  }
  const attempts: Attempt[] = []
  const urls = [spec.url, ...spec.fallbacks]
  for (const [index, url] of urls.entries()) {
    const attempt = await ask(context, spec, url, headers, index === urls.length - 1)
    const { status } = attempt.result
    attempts.push(attempt)
    if (status !== 'unhealthy' || context.signal.aborted) break
  }
  const result = together(attempts)
  return { ...result, message: redactor.redact(result.message).slice(0, 2000) }
}

/** What is well, or unknown, speaks for all; else the first that answered at all, with what became of each. */
function together(attempts: readonly Attempt[]): ProbeResult {
  const last = attempts.at(-1)
  if (!last) throw new Error('a check has an address')
  if (attempts.length === 1) return last.result
  const before = attempts.slice(0, -1).map(({ place, result }) => `${place}: ${result.message}`)
  if (last.result.status !== 'unhealthy')
    return {
      ...last.result,
      message: `${last.place} answered: ${last.result.message} (before it ${before.join('; ')})`,
    }
  const worst = attempts.find(({ answered }) => answered) ?? attempts[0] ?? last
  return { ...worst.result, message: [...before, `${last.place}: ${last.result.message}`].join('; ') }
}

async function headersOf(context: ProbeContext, spec: Spec, redactor: Redactor): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const { name, value } of spec.headers) headers[name.toLowerCase()] = value
  const token = await context.secret('token')
  if (token !== null) {
    redactor.add(token)
    headers.authorization = `Bearer ${token}`
  }
  const value = spec.secretHeader === undefined ? null : await context.secret('secretHeaderValue')
  if (spec.secretHeader !== undefined && value !== null) {
    redactor.add(value)
    headers[spec.secretHeader.toLowerCase()] = value
  }
  return headers
}

async function ask(
  context: ProbeContext,
  spec: Spec,
  url: string,
  headers: Record<string, string>,
  last: boolean,
): Promise<Attempt> {
  const { clock, signal } = context
  const { host: place, hostname } = new URL(url)
  const conditions = [...spec.conditions, ...spec.warnings].map(readCondition)
  const readsBody = spec.numbers.length > 0 || conditions.some(needsBody)
  const patience = new AbortController()
  const timer = last ? null : clock.after(patienceMs, () => patience.abort())
  try {
    const answer = await httpRequest(context, {
      url,
      method: spec.method,
      headers,
      ...(spec.body === '' ? {} : { body: spec.body }),
      ...(readsBody ? {} : { maxBodyBytes: unreadBody }),
      maxRedirects: spec.redirects,
      verify: spec.verifyCertificate,
      ca: spec.ca,
      signal: last ? signal : AbortSignal.any([signal, patience.signal]),
    })
    const { latencyMs } = answer
    if (!answer.ok)
      return { place, result: { ...unanswered(context, hostname, answer), latencyMs: null }, answered: false }
    return { place, result: { ...judge(context, spec, answer, conditions), latencyMs }, answered: true }
  } finally {
    timer?.dispose()
  }
}

function judge(context: ProbeContext, spec: Spec, answer: HttpAnswer, conditions: readonly Condition[]): ProbeResult {
  const { status, latencyMs, certificate, headers } = answer
  if (status === 429) {
    const wait = headers['retry-after']?.slice(0, 40)
    return {
      status: 'unknown',
      message: `Rate limited: [STATUS] (429)${wait ? `, to be asked again after ${wait}` : ''}`,
      cause: 'rate-limit',
    }
  }
  const facts = answerFacts(
    {
      status,
      responseMs: latencyMs,
      headers,
      text: () => answer.body.toString('utf8'),
      truncated: answer.truncated,
      ...(certificate ? { certificateMs: certificate.validTo - context.clock.now() } : {}),
    },
    {
      now: context.clock.now(),
      monotonic: context.clock.monotonic(),
      memory: context.memory,
      vantage: context.vantage,
    },
    conditions,
  )
  const hard = conditions.slice(0, spec.conditions.length).map(condition => evaluateCondition(condition, facts))
  const soft = conditions.slice(spec.conditions.length).map(condition => evaluateCondition(condition, facts))
  const failed = hard.filter(({ outcome }) => outcome === 'failed')
  const refused = status === 401 || status === 403 || status === 407
  if (!spec.conditions.some(text => /\[STATUS\]/i.test(text)) && !matchesStatus(spec.expectedStatus, status))
    failed.unshift({ outcome: 'failed', text: `[STATUS] (${status}) == ${spec.expectedStatus}`, about: 'status' })
  const numbers = numbersAt(spec.numbers, facts)
  if (failed.length > 0) {
    const onlyCertificate = failed.every(({ about }) => about === 'certificate')
    const cause = refused ? 'auth' : onlyCertificate ? 'certificate' : 'health'
    return { status: 'unhealthy', message: failedConditions(failed), cause, numbers }
  }
  const warned = soft.filter(({ outcome }) => outcome === 'failed')
  if (spec.slowMs !== null && latencyMs > spec.slowMs)
    warned.push({
      outcome: 'failed',
      text: `[RESPONSE_TIME] (${durationText(latencyMs)}) <= ${spec.slowMs}`,
      about: 'time',
    })
  const left = certificate === null ? null : certificate.validTo - context.clock.now()
  if (left !== null && spec.minCertificateDays !== null && left < spec.minCertificateDays * dayMs)
    warned.push({
      outcome: 'failed',
      text: `[CERTIFICATE_EXPIRATION] (${durationText(left)}) >= ${spec.minCertificateDays}d`,
      about: 'certificate',
    })
  if (warned.length > 0) {
    const cause = warned.every(({ about }) => about === 'certificate') ? 'certificate' : 'health'
    return { status: 'degraded', message: failedConditions(warned), cause, numbers }
  }
  return { status: 'healthy', message: `[STATUS] (${status}) in ${durationText(latencyMs)}`, cause: null, numbers }
}

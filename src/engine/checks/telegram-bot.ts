// Asks the Telegram bot API how a bot and its webhook are (getMe, getWebhookInfo); mends nothing. The token is in no message.
import { z } from 'zod'
import type { ProbeCause } from '../../shared/model/check.ts'
import { type HttpAnswer, httpRequest } from '../lib/http-client.ts'
import { Redactor } from '../lib/log.ts'
import { shownValue } from '../parse/condition-value.ts'
import { durationText } from '../parse/duration.ts'
import { jsonAt, readJson } from '../parse/json-path.ts'
import { checkType, type ProbeContext, type ProbeResult, unanswered, unknownBecause } from './check.ts'

const mostAnswer = 256 * 1024
const httpAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

const telegramBotSpec = z.object({
  token: z.string().optional().meta({ title: 'Bot token', description: 'From @BotFather.', secret: true }),
  webhookUrl: z
    .string()
    .max(2000)
    .refine(httpAddress, 'An address begins with https://')
    .nullable()
    .default(null)
    .meta({ title: 'Expected webhook', description: 'Empty where the bot polls: then none may be set.' }),
  maxPending: z
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(5)
    .meta({ title: 'Pending updates', description: 'Unhealthy where more wait.' }),
  maxErrorMinutes: z
    .number()
    .int()
    .min(0)
    .max(1440)
    .default(10)
    .meta({ title: 'Errors count for', unit: 'min', description: 'How long ago the last failed delivery must be.' }),
  apiBase: z
    .string()
    .max(2000)
    .refine(httpAddress, 'An address begins with https://')
    .default('https://api.telegram.org')
    .meta({ title: 'Bot API', description: 'Another one where you run your own.' }),
})
type Spec = z.output<typeof telegramBotSpec>

export const telegramBot = checkType({
  type: 'telegram-bot',
  title: 'Telegram bot',
  description: 'The bot’s token works, and its webhook is as expected and takes its updates.',
  spec: telegramBotSpec,
  vantages: ['host', 'local', 'both'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 30,
    timeoutSeconds: 15,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const redactor = new Redactor()
    let token: string | null
    try {
      token = await context.secret('token')
    } catch (caught) {
      return unknownBecause(caught)
    }
    if (token === null) return { status: 'unknown', message: 'No bot token is stored for this check', cause: 'auth' }
    if (!/^\d{1,20}:[\w-]{1,100}$/.test(token))
      return {
        status: 'unhealthy',
        message: 'What is stored is no bot token (digits, a colon and letters)',
        cause: 'auth',
      }
    redactor.add(token)
    const secret = token.slice(token.indexOf(':') + 1)
    // a short one is no real one, and its letters may be anywhere
    if (secret.length >= 16) redactor.add(secret)
    const result = await look(context, spec, token)
    return { ...result, message: redactor.redact(result.message).slice(0, 2000) }
  },
})

async function look(context: ProbeContext, spec: Spec, token: string): Promise<ProbeResult> {
  const me = await call(context, spec, token, 'getMe')
  if ('status' in me) return me
  const hook = await call(context, spec, token, 'getWebhookInfo')
  if ('status' in hook) return { ...hook, latencyMs: me.latencyMs }
  const name = jsonAt(me.answer, ['username'])
  return {
    ...judge(spec, typeof name === 'string' ? name : 'the bot', hook.answer, context.clock.now()),
    latencyMs: me.latencyMs,
  }
}

function judge(spec: Spec, name: string, hook: unknown, now: number): ProbeResult {
  const number = (path: string): number => {
    const value = jsonAt(hook, [path])
    return typeof value === 'number' && Number.isFinite(value) ? value : 0
  }
  const url = jsonAt(hook, ['url'])
  const pending = number('pending_update_count')
  const numbers = [{ name: 'pending updates', value: pending }]
  const faults: string[] = []
  const actual = typeof url === 'string' ? url : ''
  const wrong = wrongUrl(actual, spec.webhookUrl)
  if (wrong !== null) faults.push(wrong)
  if (pending > spec.maxPending) faults.push(`pending updates (${pending}) <= ${spec.maxPending}`)
  const errorAt = number('last_error_date') * 1_000
  const error = jsonAt(hook, ['last_error_message'])
  const ageMs = Math.max(0, now - errorAt)
  if (errorAt > 0 && typeof error === 'string' && ageMs < spec.maxErrorMinutes * 60_000)
    faults.push(`the last delivery failed ${durationText(ageMs)} ago: ${shownValue(error)}`)
  const who = `@${shownValue(name)}`
  // a bot that polls and does not take its updates hangs; no webhook is to be mended
  const cause = spec.webhookUrl === null && actual === '' ? 'health' : 'webhook'
  if (faults.length > 0) return { status: 'unhealthy', message: `${who}: ${faults.join('; ')}`, cause, numbers }
  const how = spec.webhookUrl === null ? 'no webhook is set' : 'the webhook is as expected'
  return { status: 'healthy', message: `${who} answers, ${how}, ${pending} pending`, cause: null, numbers }
}

/** Paths of webhooks are secrets by custom, so only where they lead is said. */
function wrongUrl(actual: string, expected: string | null): string | null {
  const origin = (url: string): string => (URL.canParse(url) ? new URL(url).origin : 'no address')
  if (expected === null) return actual === '' ? null : `a webhook is set (${origin(actual)}), though the bot is to poll`
  if (actual === '') return `no webhook is set, ${origin(expected)} is expected`
  if (actual === expected || (URL.canParse(actual) && new URL(actual).href === new URL(expected).href)) return null
  if (origin(actual) === origin(expected)) return `the webhook leads to another path at ${origin(actual)} than expected`
  return `the webhook leads to ${origin(actual)}, not to ${origin(expected)}`
}

async function call(
  context: ProbeContext,
  spec: Spec,
  token: string,
  method: string,
): Promise<ProbeResult | { answer: unknown; latencyMs: number }> {
  const base = spec.apiBase.replace(/\/+$/, '')
  const result = await httpRequest(context, {
    url: `${base}/bot${token}/${method}`,
    maxBodyBytes: mostAnswer,
    // the token is in the address
    maxRedirects: 0,
    signal: context.signal,
  })
  if (!result.ok) return { ...unanswered(context, new URL(base).hostname, result), latencyMs: null }
  const read = readJson(result.body.toString('utf8'))
  if (result.status === 200 && read.ok && jsonAt(read.value, ['ok']) === true)
    return { answer: jsonAt(read.value, ['result']), latencyMs: result.latencyMs }
  return { ...refused(method, result, read.ok ? read.value : null), latencyMs: result.latencyMs }
}

function refused(method: string, { status }: HttpAnswer, answer: unknown): ProbeResult {
  const description = jsonAt(answer, ['description'])
  const why = typeof description === 'string' ? `: ${shownValue(description)}` : ''
  const said = `${method} [STATUS] (${status}) == 200${why}`
  if (status === 429) {
    const wait = jsonAt(answer, ['parameters', 'retry_after'])
    const again = typeof wait === 'number' ? `, to be asked again after ${durationText(wait * 1000)}` : ''
    return { status: 'unknown', message: `Telegram limits the rate (429)${again}`, cause: 'rate-limit' }
  }
  // what is no token of a bot is no path of the API either
  const auth = status === 401 || status === 403 || status === 404
  const cause: ProbeCause = auth ? 'auth' : 'network'
  return { status: 'unhealthy', message: auth ? `Telegram does not take the token: ${said}` : said, cause }
}

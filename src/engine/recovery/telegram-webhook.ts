// Mends a Telegram bot's webhook: deletes it with what waits for it, sets it anew and looks whether it stays (R24); knows no check.
import { z } from 'zod'
import type { Evidence } from '../../shared/model/unit.ts'
import { httpRequest } from '../lib/http-client.ts'
import { type HostActionContext, hostActionType, type StepResult } from './action.ts'

const timeoutMs = 20_000
/** As the checks see it: so many may wait without anything being wrong. */
const fewPending = 5

const Spec = z.object({
  token: z.string().max(200).optional().meta({ title: 'Bot token', secret: true }),
  url: z
    .string()
    .max(2_000)
    .regex(/^https:\/\/[^\s@]+$/i, 'An address that begins with https://')
    .meta({ title: 'Webhook address', description: 'Where Telegram is to send updates.' }),
  dropPending: z.boolean().default(true).meta({ title: 'Drop what waits', description: 'Updates that wait are lost.' }),
  secretToken: z
    .string()
    .max(256)
    .optional()
    .meta({ title: 'Secret token', description: 'Sent back by Telegram with each update.', secret: true }),
  allowedUpdates: z
    .array(z.string().regex(/^[a-z_]{1,64}$/, 'Like message'))
    .max(40)
    .default([])
    .meta({ title: 'Kinds of updates', description: 'Empty for the usual ones.' }),
  maxConnections: z.number().int().min(1).max(100).default(40).meta({ title: 'Connections at once' }),
  apiBase: z
    .string()
    .max(500)
    .regex(/^https?:\/\/[^\s@]+$/i, 'An address')
    .default('https://api.telegram.org')
    .meta({ title: 'Bot API', description: 'Where the Bot API is, as seen from the host.' }),
})
type Spec = z.output<typeof Spec>

export const telegramWebhook = hostActionType({
  type: 'telegram-webhook',
  scope: 'host',
  title: 'Repair the Telegram webhook',
  description: 'Deletes the webhook and what waits for it, sets it to the right address and verifies it.',
  risk: 'confirm',
  mends: ['webhook'],
  expects: 'checks',
  spec: Spec,
  plan: spec => ({
    title: 'Repair the Telegram webhook',
    commands: [
      `deleteWebhook drop_pending_updates=${spec.dropPending}`,
      `setWebhook url=${shown(spec.url)} drop_pending_updates=${spec.dropPending}`,
      'getWebhookInfo',
    ],
    risk: spec.dropPending ? 'confirm' : 'safe',
    consequence: spec.dropPending ? 'Updates that wait at Telegram are lost.' : null,
  }),
  async run(context, spec): Promise<StepResult> {
    const token = await context.secret('token')
    if (!token || !/^\d{1,20}:[\w-]{1,100}$/.test(token))
      return failed([], token ? 'What is stored is not a bot token' : 'There is no bot token stored')
    const secretToken = await context.secret('secretToken')
    const evidence: Evidence[] = []
    const call = async (method: string, parameters: Record<string, unknown>, good: string): Promise<Answer> => {
      const answer = await ask(context, spec, token, method, parameters)
      evidence.push({ ok: answer.ok, text: answer.ok ? good : `${method}: ${answer.message}` })
      context.progress(evidence)
      return answer
    }
    const drop = { drop_pending_updates: spec.dropPending }
    const gone = spec.dropPending ? 'Webhook deleted, with what waited for it' : 'Webhook deleted'
    const deleted = await call('deleteWebhook', drop, gone)
    if (!deleted.ok) return { outcome: deleted.lost ? 'lost' : 'failed', evidence }
    const set = await call(
      'setWebhook',
      {
        url: spec.url,
        ...drop,
        max_connections: spec.maxConnections,
        ...(spec.allowedUpdates.length > 0 ? { allowed_updates: spec.allowedUpdates } : {}),
        ...(secretToken === null ? {} : { secret_token: secretToken }),
      },
      `Webhook set to ${shown(spec.url)}`,
    )
    if (!set.ok) return { outcome: set.lost ? 'lost' : 'failed', evidence }
    const info = await call('getWebhookInfo', {}, 'Telegram confirms it')
    if (!info.ok) return { outcome: info.lost ? 'lost' : 'failed', evidence }
    const { url, pending_update_count: pending } = info.result
    if (url !== spec.url) return failed(evidence, `Telegram says that it is set to ${shown(String(url))}`)
    if (typeof pending === 'number' && pending > fewPending) return failed(evidence, `${pending} updates still wait`)
    return { outcome: 'done', evidence }
  },
})

/** Paths of webhooks are secrets by custom, so only where they lead is said. */
function shown(url: string): string {
  if (!URL.canParse(url)) return 'no address'
  const { origin, pathname } = new URL(url)
  return pathname === '/' ? origin : `${origin}/…`
}

type Answer =
  | { ok: true; result: Record<string, unknown> }
  | { ok: false; lost: boolean; message: string; result?: undefined }

/** One call from the host. The token is in the address, and addresses are in no message. */
async function ask(
  context: HostActionContext,
  spec: Spec,
  token: string,
  method: string,
  parameters: Record<string, unknown>,
): Promise<Answer> {
  const timeout = new AbortController()
  const timer = context.clock.after(timeoutMs, () => timeout.abort())
  try {
    const answer = await httpRequest(
      { connect: (address, port) => context.connect(address, port), clock: context.clock },
      {
        url: `${spec.apiBase.replace(/\/+$/, '')}/bot${token}/${method}`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(parameters),
        maxBodyBytes: 65_536,
        maxRedirects: 0,
        signal: AbortSignal.any([context.signal, timeout.signal]),
      },
    )
    if (!answer.ok) return { ok: false, lost: answer.trouble === 'link', message: answer.message }
    const body = parsed(answer.body)
    if (answer.status === 200 && body.ok === true) {
      const { result } = body
      return { ok: true, result: typeof result === 'object' && result !== null ? { ...result } : {} }
    }
    const why = typeof body.description === 'string' ? body.description.slice(0, 300) : 'no Bot API answer'
    return { ok: false, lost: false, message: `answered ${answer.status}: ${why.replaceAll(token, '…')}` }
  } finally {
    timer.dispose()
  }
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function failed(evidence: readonly Evidence[], text: string): StepResult {
  return { outcome: 'failed', evidence: [...evidence, { ok: false, text }] }
}

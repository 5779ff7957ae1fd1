// Calls an HTTP endpoint of the bot's own, e.g. POST /restart, from the host it runs on; knows nothing of what the bot does then.
import { z } from 'zod'
import { httpRequest } from '../lib/http-client.ts'
import { hostActionType, type StepResult } from './action.ts'

const timeoutMs = 15_000

export const httpCall = hostActionType({
  type: 'http-call',
  scope: 'host',
  title: 'Call an HTTP endpoint',
  description: 'Asks the bot itself to restart or reload, e.g. POST http://127.0.0.1:8001/restart, from the host.',
  risk: 'safe',
  mends: ['health', 'resource'],
  expects: 'running',
  spec: z.object({
    url: z
      .string()
      .max(2_000)
      .regex(/^https?:\/\/[^\s@]+$/i, 'An address like http://127.0.0.1:8001/restart')
      .meta({ title: 'Address', description: 'As seen from the host.' }),
    method: z.enum(['POST', 'PUT', 'GET', 'DELETE']).default('POST').meta({ title: 'Method' }),
    body: z.string().max(16_384).default('').meta({ title: 'Body' }),
    contentType: z
      .string()
      .max(100)
      .regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w=.-]+)?$/, 'Like application/json')
      .default('application/json')
      .meta({ title: 'Content type' }),
    authorization: z
      .string()
      .max(4_096)
      .optional()
      .meta({ title: 'Authorization header', description: 'E.g. Bearer …', secret: true }),
  }),
  plan: spec => ({
    title: 'Call an HTTP endpoint',
    commands: [`${spec.method} ${withoutQuery(spec.url)}`],
    risk: 'safe',
    consequence: null,
  }),
  async run(context, spec): Promise<StepResult> {
    const authorization = await context.secret('authorization')
    const signal = AbortSignal.any([context.signal, after(context, timeoutMs)])
    const answer = await httpRequest(
      { connect: (address, port) => context.connect(address, port), clock: context.clock },
      {
        url: spec.url,
        method: spec.method,
        headers: {
          ...(spec.body === '' ? {} : { 'content-type': spec.contentType }),
          ...(authorization === null ? {} : { authorization }),
        },
        ...(spec.body === '' ? {} : { body: spec.body }),
        maxBodyBytes: 4_096,
        maxRedirects: 0,
        signal,
      },
    )
    const what = `${spec.method} ${withoutQuery(spec.url)}`
    if (answer.ok) {
      const good = answer.status >= 200 && answer.status < 300
      return { outcome: good ? 'done' : 'failed', evidence: [{ ok: good, text: `${what} answered ${answer.status}` }] }
    }
    const evidence = [{ ok: false, text: `${what}: ${answer.message}` }]
    // a bot that restarts at once may not live to answer, and on a broken link nobody knows: the unit tells
    const unclear = answer.trouble === 'link' || answer.trouble === 'protocol' || answer.trouble === 'aborted'
    return { outcome: unclear && !context.signal.aborted ? 'lost' : 'failed', evidence }
  },
})

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '')
}

function after({ clock }: { clock: { after(ms: number, task: () => void): unknown } }, ms: number): AbortSignal {
  const controller = new AbortController()
  clock.after(ms, () => controller.abort())
  return controller.signal
}

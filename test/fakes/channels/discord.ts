// Discord's "Execute Webhook" as documented: its limits, its rate-limit headers, its errors.
import { z } from 'zod'
import { HttpPeer } from './http-peer.ts'

const Embed = z.strictObject({
  title: z.string().max(256).optional(),
  description: z.string().max(4096).optional(),
  color: z.number().int().min(0).max(0xffffff).optional(),
})
const Payload = z
  .strictObject({
    content: z.string().max(2000).optional(),
    username: z.string().min(1).max(80).optional(),
    allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }).optional(),
    embeds: z.array(Embed).max(10).optional(),
  })
  .refine(({ content, embeds }) => content || embeds?.length, 'Cannot send an empty message')
  .refine(
    ({ embeds = [] }) =>
      embeds.reduce((sum, { title = '', description = '' }) => sum + [...title].length + [...description].length, 0) <=
      6000,
    'Embed size exceeds maximum size of 6000',
  )
export type DiscordMessage = z.output<typeof Payload>

export async function startDiscord() {
  const messages: DiscordMessage[] = []
  const bucket = { remaining: 5, resetAfter: 2 }
  const peer = await HttpPeer.start(request => {
    if (request.path !== '/api/webhooks/100/token-of-the-webhook')
      return { status: 404, body: { message: 'Unknown Webhook', code: 10015 } }
    if (request.headers['content-type'] !== 'application/json')
      return { status: 400, body: { message: 'Cannot send an empty message', code: 50006 } }
    const payload = Payload.safeParse(request.json)
    if (!payload.success) {
      peer.violations.push(payload.error.message)
      return { status: 400, body: { message: 'Invalid Form Body', code: 50035, errors: {} } }
    }
    messages.push(payload.data)
    const headers = {
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': String(bucket.remaining),
      'x-ratelimit-reset-after': String(bucket.resetAfter),
      'x-ratelimit-bucket': 'b',
    }
    return request.query.get('wait') === 'true'
      ? { status: 200, headers, body: { id: '1', type: 0, content: payload.data.content } }
      : { status: 204, headers }
  })
  return {
    peer,
    messages,
    bucket,
    webhookUrl: `${peer.url}/api/webhooks/100/token-of-the-webhook`,
    tooMany: { status: 429, body: { message: 'You are being rate limited.', retry_after: 1.337, global: false } },
    [Symbol.asyncDispose]: () => peer.stop(),
  }
}

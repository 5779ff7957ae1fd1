// "Send email" of the Resend API as documented, with its memory of idempotency keys.
import { z } from 'zod'
import { HttpPeer } from './http-peer.ts'

const mailbox = z.string().regex(/^([^<>\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/)
const Payload = z.strictObject({
  from: mailbox,
  to: z.array(mailbox).min(1).max(50),
  subject: z.string().regex(/^[^\r\n]+$/),
  text: z.string().optional(),
  html: z.string().optional(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().regex(/^[^\r\n]*$/)).optional(),
})
export type ResendLetter = z.output<typeof Payload>

export async function startResend(key = 're_123456') {
  const letters: ResendLetter[] = []
  const kept = new Map<string, { body: string; answer: { status: number; body: unknown } }>()
  const error = (statusCode: number, name: string, message: string) => ({
    status: statusCode,
    body: { statusCode, name, message },
  })
  const peer = await HttpPeer.start(request => {
    if (request.method !== 'POST' || request.path !== '/emails')
      return error(404, 'not_found', 'The requested endpoint does not exist')
    if (request.headers.authorization !== `Bearer ${key}`) return error(401, 'restricted_api_key', 'API key is invalid')
    const idempotency = request.headers['idempotency-key']
    if (idempotency !== undefined && (idempotency.length < 1 || idempotency.length > 256))
      return error(400, 'invalid_idempotency_key', 'The idempotency key must be between 1-256 characters')
    const before = idempotency === undefined ? undefined : kept.get(idempotency)
    if (before)
      return before.body === request.text
        ? before.answer
        : error(409, 'invalid_idempotent_request', 'Same idempotency key used with a different request payload')
    const payload = Payload.safeParse(request.json)
    if (!payload.success) {
      peer.violations.push(payload.error.message)
      return error(422, 'validation_error', 'Invalid field')
    }
    letters.push(payload.data)
    const answer = { status: 200, body: { id: `49a3999c-0ce1-4ea6-ab68-${String(letters.length).padStart(12, '0')}` } }
    if (idempotency !== undefined) kept.set(idempotency, { body: request.text, answer })
    return answer
  })
  return {
    peer,
    letters,
    tooMany: {
      ...error(429, 'rate_limit_exceeded', 'Too many requests. You can only make 2 requests per second.'),
      headers: { 'retry-after': '1', 'ratelimit-limit': '2', 'ratelimit-remaining': '0' },
    },
    busy: error(409, 'concurrent_idempotent_requests', 'Another request with the same idempotency key is in progress'),
    [Symbol.asyncDispose]: () => peer.stop(),
  }
}

// Two push servers as documented: ntfy ("publish as JSON") and Gotify ("create message").
import { z } from 'zod'
import { HttpPeer } from './http-peer.ts'

const NtfyPayload = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  message: z.string().optional(),
  title: z.string().optional(),
  tags: z.array(z.string()).optional(),
  priority: z.number().int().min(1).max(5).optional(),
  click: z.url().optional(),
})
export type NtfyMessage = z.output<typeof NtfyPayload>

export async function startNtfy(token: string | null = null) {
  const messages: NtfyMessage[] = []
  const error = (http: number, code: number, text: string) => ({
    status: http,
    body: { code, http, error: text, link: 'https://ntfy.sh/docs/' },
  })
  const peer = await HttpPeer.start(request => {
    if (request.method !== 'POST' || request.path !== '/') return error(404, 40401, 'page not found')
    if (token !== null && request.headers.authorization !== `Bearer ${token}`) return error(403, 40301, 'forbidden')
    const payload = NtfyPayload.safeParse(request.json)
    if (!payload.success) {
      peer.violations.push(payload.error.message)
      return error(400, 40024, 'invalid request: request body must be valid JSON')
    }
    // longer ones become an attachment, which a person would have to open
    if (Buffer.byteLength(payload.data.message ?? '') > 4096) peer.violations.push('message became an attachment')
    messages.push(payload.data)
    return { status: 200, body: { id: 'hwQ2YpKdmg', time: 1, event: 'message', ...payload.data } }
  })
  return {
    peer,
    messages,
    tooMany: error(429, 42901, 'limit reached: too many requests'),
    [Symbol.asyncDispose]: () => peer.stop(),
  }
}

const GotifyPayload = z.strictObject({
  title: z.string().optional(),
  message: z.string().min(1),
  priority: z.number().int().optional(),
  extras: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
})
export type GotifyMessage = z.output<typeof GotifyPayload>

export async function startGotify(token = 'AbCdEf') {
  const messages: GotifyMessage[] = []
  const error = (status: number, name: string, text: string) => ({
    status,
    body: { error: name, errorCode: status, errorDescription: text },
  })
  const peer = await HttpPeer.start(request => {
    if (request.path !== '/push/message') return error(404, 'Not Found', 'page not found')
    if (request.headers['x-gotify-key'] !== token)
      return error(
        401,
        'Unauthorized',
        'you need to provide a valid access token or user credentials to access this api',
      )
    const payload = GotifyPayload.safeParse(request.json)
    if (!payload.success) {
      peer.violations.push(payload.error.message)
      return error(400, 'Bad Request', "Field 'message' is required")
    }
    messages.push(payload.data)
    return { status: 200, body: { id: messages.length, appid: 1, date: '2026-01-01T00:00:00Z', ...payload.data } }
  })
  return { peer, messages, server: `${peer.url}/push`, [Symbol.asyncDispose]: () => peer.stop() }
}

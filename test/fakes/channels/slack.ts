// An incoming webhook of Slack as documented: answers `ok`, or an error in a word. Shows what a reader would see.
import { z } from 'zod'
import { HttpPeer } from './http-peer.ts'

// The three control characters may only stand as entities, or make a mention, link or date; the last is what a hostile text would want.
const text = z
  .string()
  .max(40_000)
  .refine(value => !/&(?!amp;|lt;|gt;)/.test(value), 'an & that is not escaped')
const Payload = z
  .strictObject({
    text: text.optional(),
    mrkdwn: z.boolean().optional(),
    link_names: z.boolean().optional(),
    unfurl_links: z.boolean().optional(),
    unfurl_media: z.boolean().optional(),
    attachments: z
      .array(
        z.strictObject({
          color: z
            .string()
            .regex(/^(#[0-9a-f]{6}|good|warning|danger)$/)
            .optional(),
          fallback: text.optional(),
          text: text.optional(),
          mrkdwn_in: z.array(z.enum(['text', 'pretext', 'fields'])).optional(),
          ts: z.number().int().optional(),
        }),
      )
      .max(100)
      .optional(),
  })
  .refine(payload => payload.text || payload.attachments?.length, 'no_text')
export type SlackMessage = z.output<typeof Payload>

export async function startSlack() {
  const messages: SlackMessage[] = []
  const peer = await HttpPeer.start(request => {
    if (request.path === '/services/T0/B0/gone') return { status: 404, body: 'no_service' }
    if (request.path !== '/services/T0/B0/secret') return { status: 403, body: 'invalid_token' }
    const payload = Payload.safeParse(request.json)
    if (!payload.success) {
      peer.violations.push(payload.error.message)
      return { status: 400, body: 'invalid_payload' }
    }
    messages.push(payload.data)
    return { status: 200, body: 'ok' }
  })
  return {
    peer,
    messages,
    webhookUrl: `${peer.url}/services/T0/B0/secret`,
    /** What Slack would act on: mentions, links, dates. */
    controls: (value: string): string[] => value.match(/<[^>]*>/g) ?? [],
    /** What a reader sees. */
    shown: (value: string): string => value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    [Symbol.asyncDispose]: () => peer.stop(),
  }
}

// Sends through an incoming webhook of Slack (or of what speaks like it: Mattermost, Rocket.Chat); knows no other channel.
import { z } from 'zod'
import { escapeWithin, type Markup, messageText, renderMessage } from '../domain/notification-text.ts'
import { permanent } from '../lib/send-failure.ts'
import { isAnswer, refusal, webRequest } from '../lib/web-request.ts'
import { channelType, neededSecret } from './channel.ts'

const spec = z.object({
  webhookUrl: z.string().optional().meta({
    title: 'Webhook address',
    description: 'From your Slack app: Incoming Webhooks → Add New Webhook',
    placeholder: 'https://hooks.slack.com/services/…',
    secret: true,
  }),
})

const colours = { info: '#3b82f6', warning: '#f59e0b', critical: '#ef4444' }

/** Slack's three control characters; with them escaped `<!channel>` and links are just text. */
const markup: Markup = {
  limit: 3000,
  escape: text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  strong: escaped => escaped,
}

// what Slack says in the body when nothing but a person can mend it
const hopeless =
  /^(invalid_token|no_service|no_service_id|no_team|team_disabled|channel_not_found|channel_is_archived|action_prohibited|posting_to_general_channel_denied)/

export const slack = channelType({
  type: 'slack',
  title: 'Slack',
  description: 'Messages in a Slack channel, by an incoming webhook; Mattermost takes the same',
  spec,
  addable: true,
  async send(context, _, notification) {
    const address = await neededSecret(context, 'webhookUrl', 'The webhook address')
    if ('ok' in address) return address
    if (!/^https?:$/.test(URL.parse(address.value)?.protocol ?? ''))
      return permanent('The webhook address is not a web address')
    const text = messageText(notification, context.clock.now())
    const resolved = notification.items.every(item => item.kind === 'resolved')
    const answer = await webRequest({
      url: address.value,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        text: escapeWithin(text.heading, markup, 500),
        // neither the text nor the attachment is read for *marks*, names or links
        mrkdwn: false,
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
        attachments: [
          {
            color: resolved ? '#22c55e' : colours[notification.severity],
            fallback: escapeWithin(text.heading, markup, 500),
            text: renderMessage(text, markup, 'below'),
            mrkdwn_in: [],
            ts: Math.floor(notification.at / 1_000),
          },
        ],
      }),
      signal: context.signal,
    })
    if (!isAnswer(answer)) return answer
    if (answer.status === 200) return { ok: true }
    const reason = answer.text.trim().slice(0, 200)
    if (hopeless.test(reason)) return permanent(`Slack refused it: ${reason}`)
    return refusal('Slack', answer, reason, context.clock.now())
  },
})

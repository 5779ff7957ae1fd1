// A notification as a letter: subject, plain text and simple HTML. Pure: knows no way to send it.
import type { Notification } from '../../shared/model/channel.ts'
import { clip, type ItemText, messageText, plainMarkup, renderMessage } from './notification-text.ts'

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly html: string
}

const maxText = 100_000
const maxItems = 200
const maxBody = 20_000
const colours = { info: '#2563eb', warning: '#b45309', critical: '#b91c1c' }
const green = '#15803d'

/** The same at every attempt: times are told as of the notification, for receivers that compare what comes twice. */
export function mailText(notification: Notification, prefix: string): MailText {
  const message = messageText(notification, notification.at)
  const resolved = notification.items.every(item => item.kind === 'resolved')
  const plain = renderMessage(message, plainMarkup(maxText))
  return {
    subject: clip([prefix, message.heading].filter(part => part !== '').join(' '), 180),
    text: `${plain}\n\n-- \nSent by Quarterdeck\n`,
    html: `<!doctype html>
<html><body style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.5;color:#111827">
<div style="border-left:4px solid ${resolved ? green : colours[notification.severity]};padding:2px 0 2px 14px">
${message.items.slice(0, maxItems).map(paragraph).join('\n')}
</div>
<p style="color:#6b7280;font-size:13px">Sent by Quarterdeck</p>
</body></html>
`,
  }
}

function paragraph({ mark, word, title, body, when }: ItemText): string {
  const lines = [
    `<strong>${mark} ${word}: ${escapeHtml(title)}</strong>`,
    ...(body === '' ? [] : [escapeHtml(clip(body, maxBody)).replaceAll('\n', '<br>')]),
    `<small style="color:#6b7280">${escapeHtml(when)}</small>`,
  ]
  return `<p>${lines.join('<br>')}</p>`
}

const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

/** An identifier as it may stand in a header. */
export const headerSafe = (text: string): string => text.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 100)

// Sends letters by SMTP; knows no other channel. A password never travels unencrypted, but to this computer itself.
import { connect, isIP, type Socket } from 'node:net'
import { z } from 'zod'
import { headerSafe, mailText } from '../domain/mail-text.ts'
import { passing, permanent, type SendFailure } from '../lib/send-failure.ts'
import { channelType } from './channel.ts'

const noBreak = /^[^\r\n\0]*$/
const address = z.email('An e-mail address').max(254)
const spec = z.object({
  host: z.string().trim().min(1, 'The name of the server').max(253).regex(/^\S+$/).meta({
    title: 'Server',
    placeholder: 'smtp.example.org',
  }),
  port: z.number().int().min(1).max(65_535).default(587).meta({ title: 'Port', description: '587, or 465 with TLS' }),
  security: z
    .enum(['starttls', 'tls', 'opportunistic', 'none'])
    .default('starttls')
    .meta({
      title: 'Encryption',
      labels: {
        starttls: 'STARTTLS, or nothing is sent (port 587)',
        tls: 'TLS from the start (port 465)',
        opportunistic: 'Where the server offers it',
        none: 'None',
      },
    }),
  verifyCertificate: z.boolean().default(true).meta({
    title: 'Check the certificate',
    description: 'Switch off only for a server of your own whose certificate nobody has signed',
  }),
  user: z
    .string()
    .max(254)
    .regex(noBreak)
    .default('')
    .meta({ title: 'User', description: 'Empty where none is needed' }),
  password: z.string().optional().meta({ title: 'Password', secret: true }),
  from: address.meta({ title: 'From', placeholder: 'quarterdeck@example.org' }),
  to: z.array(address).min(1, 'At least one address').max(20).meta({ title: 'To' }),
  subjectPrefix: z
    .string()
    .max(60)
    .regex(noBreak, 'One line')
    .default('[Quarterdeck]')
    .meta({ title: 'Subject begins with' }),
})
type Spec = z.output<typeof spec>

const limitMs = 15_000
const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i

export const email = channelType({
  type: 'email',
  title: 'E-mail (SMTP)',
  description: 'E-mails through your mail provider’s server or your own',
  spec,
  addable: true,
  secretsGoTo: ({ host, port, user, security, verifyCertificate }) =>
    [host, port, user, security, verifyCertificate].join(' '),
  async send(context, fields, notification) {
    const login = fields.user !== ''
    const password = login ? await context.secret('password') : null
    if (login && password === null) return permanent('The password is missing: enter it in the channel’s settings')
    const near = loopback.test(fields.host)
    if (login && !near && fields.security === 'none')
      return permanent('The password would travel unencrypted: choose an encryption, or leave the user empty')
    // loaded with the first letter: many write none
    const { createTransport } = await import('nodemailer')
    if (context.signal.aborted) return passing('It was not sent in time')
    const { subject, text, html } = mailText(notification, fields.subjectPrefix)
    const domain = headerSafe(fields.from.slice(fields.from.lastIndexOf('@') + 1))
    const thread = notification.items[0]?.incidentId
    const sockets: Socket[] = []
    const end = (): void => {
      for (const socket of sockets) socket.destroy(new Error('Aborted'))
    }
    context.signal.addEventListener('abort', end, { once: true })
    const transport = createTransport({
      ...transportOf(fields, login && !near),
      ...(password === null ? {} : { auth: { user: fields.user, pass: password } }),
      // a socket of our own can be ended at once, wherever in the conversation it is
      getSocket: (_options: unknown, callback: (error: Error | null, socket?: { connection: Socket }) => void) => {
        const socket = connect({ host: fields.host, port: fields.port, timeout: limitMs })
        sockets.push(socket)
        socket.once('error', callback)
        socket.once('timeout', () => socket.destroy(new Error('The connection took too long')))
        socket.once('connect', () => {
          socket.removeListener('error', callback)
          socket.setTimeout(0)
          callback(null, { connection: socket })
        })
      },
    })
    try {
      await transport.sendMail({
        from: { name: 'Quarterdeck', address: fields.from },
        to: fields.to,
        subject,
        text,
        html,
        date: new Date(notification.at),
        messageId: `<${headerSafe(notification.id)}@${domain}>`,
        // all letters of one incident stand together
        ...(thread ? { references: `<incident-${headerSafe(thread)}@${domain}>` } : {}),
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...(notification.severity === 'critical' ? { priority: 'high' } : {}),
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      return { ok: true }
    } catch (error) {
      return failureOf(error, context.signal)
    } finally {
      context.signal.removeEventListener('abort', end)
      transport.close()
      end()
    }
  },
})

function transportOf({ host, port, security, verifyCertificate }: Spec, secretOnTheWay: boolean) {
  return {
    host,
    port,
    secure: security === 'tls',
    // what is only opportunistic can be stripped by whoever stands in between: not where a password follows
    requireTLS: security === 'starttls' || (security === 'opportunistic' && secretOnTheWay),
    ignoreTLS: security === 'none',
    connectionTimeout: limitMs,
    greetingTimeout: limitMs,
    socketTimeout: limitMs * 2,
    tls: {
      rejectUnauthorized: verifyCertificate,
      minVersion: 'TLSv1.2' as const,
      ...(isIP(host) ? {} : { servername: host }),
    },
  }
}

/** SMTP's own rule: 4xx may pass, 5xx will not. What broke on the way may pass. */
function failureOf(error: unknown, signal: AbortSignal): SendFailure {
  if (signal.aborted) return passing('The mail server did not answer in time')
  const { code, responseCode, response, message } = error as {
    code?: string
    responseCode?: number
    response?: string
    message?: string
  }
  const said = (response ?? message ?? String(error)).replace(/[\r\n]+/g, ' ').slice(0, 300)
  if (code === 'EAUTH')
    return responseCode !== undefined && responseCode < 500
      ? passing(`The mail server did not take the login now: ${said}`)
      : permanent(`The mail server refused the login: ${said}`)
  if (responseCode !== undefined)
    return responseCode >= 500
      ? permanent(`The mail server refused it: ${said}`)
      : passing(`The mail server put it off: ${said}`)
  return passing(`The mail server could not be reached: ${said}`)
}

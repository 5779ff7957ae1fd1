// Looks at the certificate that a TLS port shows: for whom, by whom, for how long; knows nothing of what is spoken behind it.
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { type Certificate, isAuthority, type Secured, secureStream } from '../lib/tls-stream.ts'
import { checkType, type ProbeContext, type ProbeResult, placeOf, silent, unknownBecause } from './check.ts'

const dayMs = 86_400_000

const tlsCertificateSpec = z.object({
  address: z.string().trim().min(1).max(255).meta({ title: 'Address', placeholder: 'bot.example.org' }),
  port: z.number().int().min(1).max(65_535).default(443).meta({ title: 'Port' }),
  serverName: z
    .string()
    .trim()
    .min(1)
    .max(255)
    .nullable()
    .default(null)
    .meta({ title: 'Name to ask for', description: 'The name in the certificate (SNI), where it is not the address.' }),
  minDays: z
    .number()
    .int()
    .min(0)
    .max(365)
    .default(14)
    .meta({ title: 'Must last', unit: 'days', description: 'Degraded where it, or one above it, expires sooner.' }),
  ca: z.string().max(65_536).refine(isAuthority, 'Not a certificate in PEM form').optional().meta({
    title: 'Own CA',
    description: 'A certificate in PEM form that is trusted besides the usual ones.',
    multiline: true,
  }),
})

export const tlsCertificate = checkType({
  type: 'tls-certificate',
  title: 'TLS certificate',
  description: 'A certificate is to be trusted, is for the right name, and does not expire soon.',
  spec: tlsCertificateSpec,
  vantages: ['host', 'local', 'both'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 3_600,
    timeoutSeconds: 15,
    failureThreshold: 2,
    recoveryThreshold: 1,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const { clock, signal } = context
    const started = clock.monotonic()
    let stream: Duplex
    let secured: Secured
    try {
      stream = await context.connect(spec.address, spec.port)
      secured = await secureStream(stream, { serverName: spec.serverName ?? spec.address, ca: spec.ca, signal })
    } catch (caught) {
      return { ...notShown(context, spec, caught), latencyMs: null }
    }
    secured.socket.destroy()
    stream.destroy()
    return { ...judge(secured, spec, clock.now()), latencyMs: clock.monotonic() - started }
  },
})

function judge({ certificate, problem }: Secured, spec: z.output<typeof tlsCertificateSpec>, now: number): ProbeResult {
  const where = placeOf(spec.address, spec.port)
  if (certificate === null)
    return { status: 'unhealthy', message: `${where} shows no certificate`, cause: 'certificate' }
  const first = soonest(certificate)
  const left = (first.validTo - now) / dayMs
  const numbers = [{ name: 'days left', value: Math.round(left * 10) / 10 }]
  const about = `issued by ${certificate.issuer}, until ${new Date(certificate.validTo).toISOString().slice(0, 10)}`
  if (problem !== null)
    return { status: 'unhealthy', message: `${where}: ${problem} (${about})`, cause: 'certificate', numbers }
  const whose =
    first.subject === certificate.subject ? 'The certificate' : `The certificate of ${first.subject} above it`
  const days = left < 10 ? Math.floor(left * 10) / 10 : Math.floor(left)
  if (left < spec.minDays)
    return {
      status: 'degraded',
      message: `${whose} expires in ${days} days, and ${spec.minDays} are wanted (${about})`,
      cause: 'certificate',
      numbers,
    }
  return {
    status: 'healthy',
    message: `Valid for ${days} days for ${certificate.subject}, ${about}`,
    cause: null,
    numbers,
  }
}

/** Of the certificate and those above it, the first to expire. Roots are trusted whatever their date. */
function soonest(certificate: Certificate): { subject: string; validTo: number } {
  let first: { subject: string; validTo: number } = certificate
  for (const one of certificate.chain.slice(0, -1)) if (one.validTo < first.validTo) first = one
  return first
}

function notShown(context: ProbeContext, spec: z.output<typeof tlsCertificateSpec>, caught: unknown): ProbeResult {
  const { code, message } = AppError.from(caught)
  const where = placeOf(spec.address, spec.port)
  if (context.signal.aborted) return silent(context, spec.address, `${where} does not answer`)
  if (code === 'PROTOCOL') return { status: 'unhealthy', message: `${where}: ${message}`, cause: 'network' }
  if (code === 'PORT_CLOSED' || code === 'UNREACHABLE' || code === 'TIMEOUT')
    return silent(context, spec.address, message)
  return unknownBecause(caught)
}

// Whether a Postgres server lets in and answers a query as expected, by its own protocol through whatever stream the vantage gives.
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { explain, meets } from '../parse/expectation.ts'
import { checkType, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'

export const postgres = checkType({
  type: 'postgres',
  title: 'Postgres',
  description: 'A Postgres server lets in and answers a query as expected.',
  spec: z.object({
    address: z.string().trim().min(1).max(400).default('127.0.0.1').meta({
      title: 'Address',
      description: 'As seen from where the check looks; a folder like /var/run/postgresql is a socket on the host',
    }),
    port: z.number().int().min(1).max(65_535).default(5_432).meta({ title: 'Port' }),
    database: z.string().trim().min(1).max(63).default('postgres').meta({ title: 'Database' }),
    user: z.string().trim().min(1).max(63).default('postgres').meta({ title: 'User' }),
    password: z.string().optional().meta({ title: 'Password', description: 'Kept in the vault', secret: true }),
    tls: z
      .enum(['off', 'encrypted', 'verified'])
      .default('off')
      .meta({
        title: 'TLS',
        labels: { off: 'Off', encrypted: 'Encrypted', verified: 'Encrypted, certificate checked' },
      }),
    query: z.string().trim().min(1).max(4_000).default('SELECT 1').meta({ title: 'Query' }),
    expected: z.string().max(400).default('').meta({
      title: 'Expected result',
      description: 'Of the first column: 42, > 0, != error',
    }),
  }),
  vantages: ['host', 'local', 'both'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 60,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const where = spec.address.startsWith('/') ? spec.address : `${spec.address}:${spec.port}`
    // loaded with the first look, and before there is a stream that somebody has to listen to
    const { default: pg } = await import('pg')
    let stream: Duplex
    let password: string | null
    try {
      password = await context.secret('password')
      stream = spec.address.startsWith('/')
        ? await context.connectUnix(`${spec.address}/.s.PGSQL.${spec.port}`)
        : await context.connect(spec.address, spec.port)
    } catch (error) {
      return unreached(error, context, where)
    }
    const started = context.clock.monotonic()
    const client = new pg.Client({
      stream: () => asSocket(stream),
      host: spec.address,
      port: spec.port,
      database: spec.database,
      user: spec.user,
      ...(password === null ? {} : { password }),
      ssl: spec.tls === 'off' ? false : { rejectUnauthorized: spec.tls === 'verified', servername: spec.address },
      application_name: 'quarterdeck',
      // a query that hangs on the server is ended there, too
      statement_timeout: 60_000,
    })
    client.on('error', () => {})
    const onAbort = (): void => void stream.destroy()
    context.signal.addEventListener('abort', onAbort, { once: true })
    try {
      await client.connect()
      const { rows, rowCount } = await client.query<unknown[]>({ text: spec.query, rowMode: 'array' })
      const latencyMs = context.clock.monotonic() - started
      const first = rows[0]?.[0]
      const value =
        first === null || first === undefined ? '' : first instanceof Date ? first.toISOString() : String(first)
      const numbers = value !== '' && Number.isFinite(Number(value)) ? [{ name: 'result', value: Number(value) }] : []
      const message = explain('RESULT', rows.length === 0 ? `${rowCount ?? 0} rows` : value, spec.expected)
      return meets(value, spec.expected)
        ? { status: 'healthy', message, cause: null, latencyMs, numbers }
        : { status: 'unhealthy', message, cause: 'health', latencyMs, numbers }
    } catch (error) {
      return refused(error, context, where)
    } finally {
      context.signal.removeEventListener('abort', onAbort)
      void client.end().catch(() => {})
      stream.destroy()
    }
  },
})

/** The stream is connected already; the library asks for one that it connects itself. */
function asSocket(stream: Duplex) {
  const socket = stream as Duplex &
    Partial<Record<'setNoDelay' | 'setKeepAlive' | 'ref' | 'unref' | 'connect', unknown>>
  for (const name of ['setNoDelay', 'setKeepAlive', 'ref', 'unref'] as const) socket[name] ??= () => socket
  socket.connect = () => {
    queueMicrotask(() => socket.emit('connect'))
    return socket
  }
  return socket as never
}

function refused(caught: unknown, context: ProbeContext, where: string): ProbeResult {
  const error = caught as { code?: unknown; message?: unknown; severity?: unknown }
  const code = typeof error.code === 'string' ? error.code : ''
  const message = `Postgres at ${where}: ${typeof error.message === 'string' ? error.message : String(caught)}`.slice(
    0,
    1_000,
  )
  if (typeof error.severity !== 'string') return unreached(caught, context, where)
  // 28xxx: the login; 3D000: no such database; 57P03: it is starting up; 53300: too many connections
  if (code.startsWith('28')) return { status: 'unhealthy', message, cause: 'auth' }
  if (code === '57P03') return { status: 'degraded', message, cause: 'health' }
  return { status: 'unhealthy', message, cause: code === '53300' ? 'resource' : 'health' }
}

/** No word from the server itself: was it the way, or is nobody there? */
function unreached(caught: unknown, context: ProbeContext, where: string): ProbeResult {
  if (context.signal.aborted)
    return { status: 'unhealthy', message: `Postgres at ${where} did not answer in time`, cause: 'health' }
  const error = AppError.from(caught)
  if (error.code === 'PORT_CLOSED' || error.code === 'NOT_FOUND')
    return { status: 'unhealthy', message: `Nothing listens at ${where}`, cause: 'health' }
  if (error.code === 'UNREACHABLE')
    return { status: 'unhealthy', message: `${where} cannot be reached: ${error.message}`, cause: 'network' }
  if (error.code !== 'INTERNAL') return unknownBecause(error)
  return { status: 'unhealthy', message: `Postgres at ${where}: ${error.message}`, cause: 'health' }
}

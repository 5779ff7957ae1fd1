// Whether a Redis server lets in, answers and stays within its memory, by its own protocol through whatever stream the vantage gives.
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { withRedisOver } from '../lib/redis-connection.ts'
import { infoNumber, type RedisInfo, readRedisInfo } from '../parse/redis-info.ts'
import { checkType, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'

/** What INFO says that is worth keeping. */
const kept = ['used_memory', 'connected_clients', 'blocked_clients', 'evicted_keys', 'rejected_connections'] as const

export const redis = checkType({
  type: 'redis',
  title: 'Redis',
  description: 'A Redis server answers PING and stays within its memory.',
  spec: z.object({
    address: z.string().trim().min(1).max(400).default('127.0.0.1').meta({
      title: 'Address',
      description: 'As seen from where the check looks; a path like /run/redis/redis.sock is a socket on the host',
    }),
    port: z.number().int().min(1).max(65_535).default(6_379).meta({ title: 'Port' }),
    user: z.string().trim().max(100).default('').meta({ title: 'User', description: 'Empty is the default user' }),
    password: z.string().optional().meta({ title: 'Password', description: 'Kept in the vault', secret: true }),
    database: z.number().int().min(0).max(1_000).default(0).meta({ title: 'Database' }),
    maxMemoryMegabytes: z.number().min(1).nullable().default(null).meta({ title: 'Memory at most', unit: 'MB' }),
    maxPercentOfLimit: z.number().min(1).max(100).default(95).meta({
      title: "Of the server's own limit at most",
      description: 'Where it has one (maxmemory)',
      unit: '%',
    }),
  }),
  vantages: ['host', 'local', 'both'],
  needsUnit: false,
  addable: true,
  mode: 'probe',
  defaults: {
    intervalSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
  },
  async probe(context, spec): Promise<ProbeResult> {
    const where = spec.address.startsWith('/') ? spec.address : `${spec.address}:${spec.port}`
    let stream: Duplex
    let password: string | null
    try {
      password = await context.secret('password')
      stream = spec.address.startsWith('/')
        ? await context.connectUnix(spec.address)
        : await context.connect(spec.address, spec.port)
    } catch (error) {
      return failed(error, context, where)
    }
    const started = context.clock.monotonic()
    try {
      return await withRedisOver(stream, { ...spec, password }, context.signal, async client => {
        const answer = await client.ping()
        const latencyMs = context.clock.monotonic() - started
        if (answer !== 'PONG')
          return { status: 'unhealthy', message: `[PING] (${answer}) == PONG`, cause: 'health', latencyMs }
        return { ...judge(readRedisInfo(await client.info()), spec), latencyMs }
      })
    } catch (error) {
      return failed(error, context, where)
    }
  },
})

function judge(info: RedisInfo, spec: { maxMemoryMegabytes: number | null; maxPercentOfLimit: number }): ProbeResult {
  const number = (name: string): number => infoNumber(info, name)
  const numbers = kept.map(name => ({ name, value: number(name) })).filter(one => Number.isFinite(one.value))
  const used = number('used_memory') / 1024 / 1024
  const limit = number('maxmemory') / 1024 / 1024
  const over = (text: string): ProbeResult => ({ status: 'unhealthy', message: text, cause: 'resource', numbers })
  if (info.get('loading') === '1')
    return { status: 'degraded', message: 'Redis is still loading its data', cause: 'health', numbers }
  if (spec.maxMemoryMegabytes !== null && used > spec.maxMemoryMegabytes)
    return over(`[MEMORY] (${used.toFixed(0)} MB) <= ${spec.maxMemoryMegabytes} MB`)
  if (limit > 0 && (used / limit) * 100 > spec.maxPercentOfLimit)
    return over(
      `[MEMORY] (${((used / limit) * 100).toFixed(0)} % of ${limit.toFixed(0)} MB) <= ${spec.maxPercentOfLimit} %`,
    )
  if (info.get('rdb_last_bgsave_status') === 'err')
    return {
      status: 'degraded',
      message: 'Redis could not save its data (rdb_last_bgsave_status: err)',
      cause: 'disk',
      numbers,
    }
  const message = `[PING] (PONG) == PONG; ${used.toFixed(1)} MB, ${info.get('connected_clients') ?? '?'} clients`
  return { status: 'healthy', message, cause: null, numbers }
}

function failed(caught: unknown, context: ProbeContext, where: string): ProbeResult {
  if (context.signal.aborted)
    return { status: 'unhealthy', message: `Redis at ${where} did not answer in time`, cause: 'health' }
  const said = caught instanceof Error ? caught.message : String(caught)
  if (/^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH|ERR invalid password)/.test(said))
    return { status: 'unhealthy', message: `Redis at ${where}: ${said}`.slice(0, 1_000), cause: 'auth' }
  if (/^LOADING/.test(said)) return { status: 'degraded', message: `Redis at ${where}: ${said}`, cause: 'health' }
  const error = AppError.from(caught)
  if (error.code === 'PORT_CLOSED' || error.code === 'NOT_FOUND')
    return { status: 'unhealthy', message: `Nothing listens at ${where}`, cause: 'health' }
  if (error.code === 'UNREACHABLE')
    return { status: 'unhealthy', message: `${where} cannot be reached: ${error.message}`, cause: 'network' }
  if (error.code !== 'INTERNAL') return unknownBecause(error)
  return { status: 'unhealthy', message: `Redis at ${where}: ${said}`.slice(0, 1_000), cause: 'health' }
}

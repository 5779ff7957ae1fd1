// Connects to a TCP port and, where wanted, waits for what is said there; knows no protocol and no schedule.
import type { Duplex } from 'node:stream'
import { RE2JS } from 're2js'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { shownValue } from '../parse/condition-value.ts'
import { durationText } from '../parse/duration.ts'
import {
  checkType,
  type ProbeContext,
  type ProbeResult,
  patternField,
  placeOf,
  silent,
  unknownBecause,
} from './check.ts'

const mostHeard = 4096

export const tcpSpec = z.object({
  address: z
    .string()
    .trim()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .meta({ title: 'Address', description: 'As seen from where it is asked: 127.0.0.1 is the host itself.' }),
  port: z.number().int().min(1).max(65_535).meta({ title: 'Port' }),
  send: z
    .string()
    .max(4096)
    .default('')
    .meta({ title: 'Send', description: 'Sent once connected; \\n stands for a line break.' }),
  expect: patternField.nullable().default(null).meta({
    title: 'Expect',
    description: 'A regular expression (RE2) that the answer must match.',
    placeholder: '^220 ',
  }),
  slowMs: z
    .number()
    .int()
    .min(1)
    .max(300_000)
    .nullable()
    .default(null)
    .meta({ title: 'Slow from', unit: 'ms', description: 'Degraded where it takes longer.' }),
})

export const tcp = checkType({
  type: 'tcp',
  title: 'TCP port',
  description: 'A port takes connections and, where wanted, answers as expected.',
  spec: tcpSpec,
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
    const { clock } = context
    const where = placeOf(spec.address, spec.port)
    const started = clock.monotonic()
    let stream: Duplex
    try {
      stream = await context.connect(spec.address, spec.port)
    } catch (caught) {
      return notConnected(context, spec.address, where, caught)
    }
    try {
      const heard = spec.expect === null ? null : await hear(stream, spec.send, spec.expect, context.signal)
      const latencyMs = clock.monotonic() - started
      const took = durationText(latencyMs)
      if (heard !== null && !heard.matched) {
        const said = heard.text === '' ? 'nothing' : `"${shownValue(heard.text)}"`
        return { ...silent(context, spec.address, `${where} said ${said}, not what matches ${spec.expect}`), latencyMs }
      }
      if (spec.slowMs !== null && latencyMs > spec.slowMs)
        return {
          status: 'degraded',
          message: `${where} took ${took}, more than ${spec.slowMs} ms`,
          cause: 'health',
          latencyMs,
        }
      return {
        status: 'healthy',
        message: `${where} ${heard ? 'answered' : 'connected'} in ${took}`,
        cause: null,
        latencyMs,
      }
    } finally {
      stream.destroy()
    }
  },
})

function notConnected(context: ProbeContext, address: string, where: string, caught: unknown): ProbeResult {
  const { code, message } = AppError.from(caught)
  if (context.signal.aborted) return { ...silent(context, address, `${where} does not answer`), latencyMs: null }
  if (code === 'PORT_CLOSED' || code === 'UNREACHABLE' || code === 'TIMEOUT')
    return { ...silent(context, address, message), latencyMs: null }
  return { ...unknownBecause(caught), latencyMs: null }
}

/** What is said until it matches, the other side leaves, the time is over or enough was heard. */
function hear(
  stream: Duplex,
  send: string,
  expect: string,
  signal: AbortSignal,
): Promise<{ matched: boolean; text: string }> {
  const pattern = RE2JS.compile(expect)
  return new Promise(resolve => {
    let text = ''
    const decoder = new TextDecoder()
    const end = (): void => {
      signal.removeEventListener('abort', end)
      stream.removeAllListeners('data')
      resolve({ matched: pattern.matcher(text).find(), text })
    }
    stream.on('error', end)
    stream.once('close', end)
    stream.once('end', end)
    signal.addEventListener('abort', end, { once: true })
    stream.on('data', (chunk: Buffer) => {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > mostHeard || pattern.matcher(text).find()) end()
    })
    if (send !== '') stream.write(send.replaceAll('\\r', '\r').replaceAll('\\n', '\n'))
    if (signal.aborted) end()
  })
}

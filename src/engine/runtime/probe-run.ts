// Carries out one probe of one check, from its vantages and within its time, and asks the way of a failure that may be the way's; schedules nothing.
import type { Check, Probe } from '../../shared/model/check.ts'
import type { CheckType, ProbeContext, ProbeResult } from '../checks/index.ts'
import { combineVantages } from '../domain/diagnosis.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { Patience } from './patience.ts'
import { type ContextParts, openContext } from './probe-context.ts'

/** A kind that does not end when it is told to is left to itself after this; its result is no longer asked for. */
const graceMs = 1_000

export interface ProbeRunOptions extends Omit<ContextParts, 'vantage' | 'patience'> {
  readonly check: Check
  readonly type: CheckType
  /** Parsed by the kind. */
  readonly spec: unknown
  /** Does the link answer a question that is asked from now on (decision 0008)? */
  readonly linkAnswers: () => Promise<boolean>
  readonly log: Logger
  /** The kind itself broke, which is no word on what it looks at (semantics 25). */
  readonly onBroke?: (error: unknown) => void
  /** Aborted where the result is no longer wanted. */
  readonly signal: AbortSignal
}

/** What was found, with the time it took where the kind did not measure it. */
export async function runProbe(options: ProbeRunOptions): Promise<ProbeResult & Pick<Probe, 'latencyMs'>> {
  const { check, type, clock } = options
  const vantage = type.vantages.includes(check.vantage) ? check.vantage : (type.vantages[0] ?? 'host')
  const started = clock.monotonic()
  const result =
    vantage === 'both'
      ? combineVantages(...(await Promise.all([lookFrom('host', options), lookFrom('local', options)])))
      : await lookFrom(vantage, options)
  const latencyMs = result.latencyMs === undefined ? clock.monotonic() - started : result.latencyMs
  return { ...result, message: result.message.slice(0, 2_000), numbers: result.numbers?.slice(0, 64) ?? [], latencyMs }
}

async function lookFrom(vantage: 'host' | 'local', options: ProbeRunOptions): Promise<ProbeResult> {
  const { check, clock, session, signal } = options
  const { state, error } = session.link.status
  if (vantage === 'host' && state !== 'ready')
    return {
      status: 'unknown',
      message: `Not connected to ${options.host.name}${error ? `: ${error.message}` : ''}`,
      cause: 'network',
      latencyMs: null,
    }
  const patience = new Patience(clock, check.timeoutSeconds * 1_000)
  const onEnd = (): void => patience.dispose()
  signal.addEventListener('abort', onEnd, { once: true })
  const { context, close } = openContext({ ...options, vantage, patience })
  try {
    const result = await settled(context, options)
    if (!patience.timedOut || vantage === 'local' || signal.aborted) return result
    if (result.status !== 'unhealthy' && result.status !== 'degraded') return result
    if (await options.linkAnswers()) return result
    return {
      status: 'unknown',
      message: `No answer in time, and none of ${options.host.name} itself since`,
      cause: 'network',
      latencyMs: null,
    }
  } finally {
    signal.removeEventListener('abort', onEnd)
    patience.dispose()
    close()
  }
}

/** The kind's own result, or one in its place where it broke or did not end in its time. */
async function settled(context: ProbeContext, options: ProbeRunOptions): Promise<ProbeResult> {
  const { check, type, spec, clock, log } = options
  const overdue = overdueAfter(context.signal, clock)
  try {
    const result = await Promise.race([type.probe(context, spec as never), overdue.promise])
    return result ?? noAnswer(check)
  } catch (caught) {
    if (context.signal.aborted) return noAnswer(check)
    options.onBroke?.(caught)
    log.error('a probe broke', {
      check: check.id,
      type: check.type,
      error: caught instanceof Error ? (caught.stack ?? caught.message) : String(caught),
    })
    const why = caught instanceof Error ? caught.message : String(caught)
    return {
      status: 'unknown',
      message: `This check could not be carried out: ${why}`,
      cause: 'other',
      latencyMs: null,
    }
  } finally {
    overdue.cancel()
  }
}

const noAnswer = (check: Check): ProbeResult => ({
  status: 'unhealthy',
  message: `No answer within ${check.timeoutSeconds} s`,
  cause: 'health',
  latencyMs: null,
})

function overdueAfter(signal: AbortSignal, clock: Clock): { promise: Promise<null>; cancel(): void } {
  let cancel = (): void => {}
  const promise = new Promise<null>(resolve => {
    const onAbort = (): void => {
      const timer = clock.after(graceMs, () => resolve(null))
      cancel = () => timer.dispose()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    cancel = () => signal.removeEventListener('abort', onAbort)
  })
  return { promise, cancel: () => cancel() }
}

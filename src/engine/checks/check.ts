// What a kind of check is: a schema and a probe that returns what it found; knows no kind, no schedule and no alert.
import type { Duplex } from 'node:stream'
import { RE2JS } from 're2js'
import { z } from 'zod'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { CheckDraft, CheckUnit, Probe, ProbeCause, Vantage } from '../../shared/model/check.ts'
import type { Host } from '../../shared/model/host.ts'
import type { HostSample } from '../../shared/model/metric.ts'
import type { Unit } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { HttpFailure } from '../lib/http-client.ts'
import { isLoopback } from '../lib/http-redirect.ts'
import { conditionProblem, longestCondition } from '../parse/condition.ts'
import type { ConditionResult } from '../parse/condition-result.ts'
import { shownValue } from '../parse/condition-value.ts'
import { durationText } from '../parse/duration.ts'
import { parseJsonPath } from '../parse/json-path.ts'
import type { ExecOptions, ExecResult, JournalReader } from '../ports.ts'

/** What one look found. Never thrown: a probe that cannot tell says `unknown` with why (semantics 9). */
export type ProbeResult = Pick<Probe, 'status' | 'message' | 'cause'> &
  Partial<Pick<Probe, 'latencyMs' | 'numbers'>> & {
    /** What the kind saw beyond that, for whoever in the engine knows the kind; never kept, never shown to a window as it is. */
    readonly detail?: unknown
  }

/** All that a probe may use. It reaches a host only through this. */
export interface ProbeContext {
  readonly host: Host
  readonly unit: CheckUnit | null
  /** Where it looks from. From `host` everything goes through the SSH link. */
  readonly vantage: 'host' | 'local'
  readonly clock: Clock
  /** Aborts at the check's timeout. What is still open then is closed. */
  readonly signal: AbortSignal
  /** The alert of this check is firing now: rules with hysteresis clear at another value than they raise at. */
  readonly firing: boolean
  /** What the kind keeps between its probes (last counters and the like); lost with the engine. */
  readonly memory: Map<string, unknown>
  /** A TCP stream to the address as seen from the vantage. Rejects with an AppError (PORT_CLOSED, RESOLVE_FAILED, UNREACHABLE, LINK_LOST …). */
  connect(address: string, port: number): Promise<Duplex>
  /** The same from a side that is named, for kinds that look from both at once. */
  connectFrom(from: 'host' | 'local', address: string, port: number): Promise<Duplex>
  /** A stream to a unix socket on the host. */
  connectUnix(path: string): Promise<Duplex>
  /** Runs argv on the host. */
  exec(argv: readonly string[], options?: Omit<ExecOptions, 'signal'>): Promise<ExecResult>
  /** The host's newest sample, null where there is none yet or it is older than a minute. */
  sample(): HostSample | null
  /** The unit as it is now; null where it is not known. */
  unitState(): Unit | null
  /** Wall ms of the unit's (re)starts within the last `ms`. */
  restarts(ms: number): readonly number[]
  readonly journal: JournalReader
  /** A secret field of the spec, from the vault; null where none is stored. Rejects with VAULT_LOCKED. */
  secret(field: string): Promise<string | null>
}

/** The way a kind of check is written: one file, one line in the index. */
export interface CheckType<S extends z.ZodObject = z.ZodObject> {
  readonly type: string
  readonly title: string
  readonly description: string
  /** Fields carry `.meta({ title, description })`; one with `.meta({ secret: true })` is kept in the vault and is absent from the spec. */
  readonly spec: S
  readonly vantages: readonly Vantage[]
  readonly needsUnit: boolean
  readonly addable: boolean
  /** `event`: fed by what happens on the host instead of being probed on an interval. */
  readonly mode: 'probe' | 'event'
  /** What it finds is the machine's own and no matter of any network: of this computer it counts also while that is offline (R18). */
  readonly ownMatter?: true
  readonly defaults: Pick<
    CheckDraft,
    'intervalSeconds' | 'timeoutSeconds' | 'failureThreshold' | 'recoveryThreshold' | 'forSeconds' | 'severity'
  >
  /** Throws only for bugs. */
  probe(context: ProbeContext, spec: z.output<S>): Promise<ProbeResult>
}

/** Keeps the spec's type while a kind is declared. */
export const checkType = <S extends z.ZodObject>(type: CheckType<S>): CheckType<S> => type

/** What kinds have in common whose checks are made with their owner, and told by it: nothing is probed. */
export const ownedCheck = {
  vantages: ['local'],
  needsUnit: false,
  addable: false,
  mode: 'event',
  probe: async (): Promise<ProbeResult> => ({ status: 'unknown', message: 'Not looked at yet', cause: 'other' }),
} as const
/** The owner knows for sure: its first word counts. */
export const ownedDefaults = {
  intervalSeconds: 300,
  timeoutSeconds: 30,
  failureThreshold: 1,
  recoveryThreshold: 1,
  forSeconds: 0,
} as const

const causes: Partial<Record<ErrorCode, ProbeCause>> = {
  RESOLVE_FAILED: 'dns',
  NOT_CONNECTED: 'network',
  LINK_LOST: 'network',
  UNREACHABLE: 'network',
  PORT_CLOSED: 'network',
  TIMEOUT: 'network',
  CANCELLED: 'network',
  ACCESS_DENIED: 'host',
  JOURNAL_RIGHTS: 'host',
  SUDO_MISSING: 'host',
  SUDO_PASSWORD_WRONG: 'host',
  AUTH_FAILED: 'host',
}

/** The way to what is looked at was in trouble, so nothing is known of it (semantics 9). */
export function unknownBecause(caught: unknown): ProbeResult {
  const { code, message, hint } = AppError.from(caught)
  const text = hint === undefined ? message : `${message}. ${hint}`
  return { status: 'unknown', message: text.slice(0, 2000), cause: causes[code] ?? 'other' }
}

/** Is the address the host itself, as seen from the host? Then nothing but the host can be the reason why it does not answer. */
function isOwnAddress({ host, vantage }: ProbeContext, address: string): boolean {
  return vantage === 'host' && (isLoopback(address) || address === host.address)
}

/** Nothing came back from an address that could be reached: a failure, and of the host's own only where the address is its own. */
export function silent(context: ProbeContext, address: string, message: string): ProbeResult {
  return { status: 'unhealthy', message, cause: isOwnAddress(context, address) ? 'health' : 'network' }
}

/** What it means that an HTTP request to the address got no answer. */
export function unanswered(context: ProbeContext, address: string, failure: HttpFailure): ProbeResult {
  const { trouble, message, error } = failure
  switch (trouble) {
    case 'link':
    case 'dns':
      return unknownBecause(error ?? new AppError('UNREACHABLE', message))
    case 'input':
      return { status: 'unknown', message, cause: 'other' }
    case 'certificate':
      return { status: 'unhealthy', message, cause: 'certificate' }
    case 'redirect':
      return { status: 'unhealthy', message, cause: 'other' }
    case 'tls':
      return { status: 'unhealthy', message, cause: 'network' }
    case 'aborted':
      return silent(context, address, `No answer within ${durationText(failure.latencyMs)}`)
    default:
      return silent(context, address, message)
  }
}

/** One condition in a spec; what is wrong with it is said when it is saved. */
export const conditionLine = z
  .string()
  .max(longestCondition)
  .superRefine((text, context) => {
    const problem = conditionProblem(text)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

/** One number in a spec that is to be kept as a series. */
export const numberField = z.object({
  name: z.string().trim().min(1).max(60).meta({ title: 'Name', placeholder: 'errors' }),
  path: z
    .string()
    .min(1)
    .max(200)
    .refine(text => parseJsonPath(text).ok, 'Not a path in JSON, such as stats.errors or items[0].id')
    .meta({ title: 'Path in the JSON', placeholder: 'stats.errors' }),
})

/** The conditions that are not met, as far as they fit a message. */
export function failedConditions(results: readonly ConditionResult[]): string {
  const shown = results.slice(0, 5).map(({ text }) => text)
  return results.length > 5 ? `${shown.join('; ')}; and ${results.length - 5} more` : shown.join('; ')
}

/** A regular expression in a spec: RE2, so that no pattern and no text can stall the engine. */
export const patternField = z
  .string()
  .min(1)
  .max(1000)
  .superRefine((text, context) => {
    try {
      RE2JS.compile(text)
    } catch (caught) {
      const why = caught instanceof Error ? caught.message : ''
      context.addIssue({ code: 'custom', message: `Not a regular expression: ${why.slice(0, 200)}` })
    }
  })

/** A command of which nothing can be said: its link went, or it was cut off before its end. */
export function commandTrouble({ lost, timedOut }: ExecResult): ProbeResult | null {
  if (lost) return { status: 'unknown', message: 'The connection was lost while it ran', cause: 'network' }
  if (timedOut) return { status: 'unhealthy', message: 'It did not end in time', cause: 'health' }
  return null
}

/** The last line that says something, fit for a message. */
export function lastLine(output: Uint8Array): string {
  const text = Buffer.from(output.subarray(-4096)).toString('utf8')
  const line = text.split('\n').findLast(one => one.trim() !== '')
  return line === undefined ? '' : shownValue(line.trim())
}

/** "address:port" as people write it. */
export function placeOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

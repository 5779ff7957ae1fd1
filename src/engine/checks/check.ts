// What a kind of check is: a schema and a probe that returns what it found; knows no kind, no schedule and no alert.
import type { Duplex } from 'node:stream'
import type { z } from 'zod'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { CheckDraft, CheckUnit, Probe, ProbeCause, Vantage } from '../../shared/model/check.ts'
import type { Host } from '../../shared/model/host.ts'
import type { HostSample } from '../../shared/model/metric.ts'
import type { Unit } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { ExecOptions, ExecResult, JournalReader } from '../ports.ts'

/** What one look found. Never thrown: a probe that cannot tell says `unknown` with why (semantics 9). */
export type ProbeResult = Pick<Probe, 'status' | 'message' | 'cause'> & Partial<Pick<Probe, 'latencyMs' | 'numbers'>>

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
  readonly defaults: Pick<
    CheckDraft,
    'intervalSeconds' | 'timeoutSeconds' | 'failureThreshold' | 'recoveryThreshold' | 'forSeconds' | 'severity'
  >
  /** Throws only for bugs. */
  probe(context: ProbeContext, spec: z.output<S>): Promise<ProbeResult>
}

/** Keeps the spec's type while a kind is declared. */
export const checkType = <S extends z.ZodObject>(type: CheckType<S>): CheckType<S> => type

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

// What a kind of action is, that mends a unit or keeps a host in order: a schema, a pure plan and a run; knows no kind, no budget and no alert.
import type { Duplex } from 'node:stream'
import type { z } from 'zod'
import type { ProbeCause } from '../../shared/model/check.ts'
import type { Host } from '../../shared/model/host.ts'
import type { StepPlan } from '../../shared/model/recovery.ts'
import type { Evidence, UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { ExecOptions, ExecResult } from '../ports.ts'

/** How one step ended. `lost`: the link broke after something was sent; it is reconciled by verification and never sent again. */
export interface StepResult {
  readonly outcome: 'done' | 'failed' | 'lost'
  readonly evidence: readonly Evidence[]
}

/** All that an action on a host may use. It reaches the host only through this. */
export interface HostActionContext {
  readonly host: Host
  /** May it become root? */
  readonly sudo: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  exec(argv: readonly string[], options?: Omit<ExecOptions, 'signal'>): Promise<ExecResult>
  /** A TCP stream to the address as seen from the host. */
  connect(address: string, port: number): Promise<Duplex>
  /** A secret field of the spec, from the vault; null where none is stored. Rejects with VAULT_LOCKED. */
  secret(field: string): Promise<string | null>
  /** Tells what has been found so far. */
  progress(evidence: readonly Evidence[]): void
}

/** The same for an action on one unit. */
export interface ActionContext extends HostActionContext {
  readonly unit: UnitRef
  /** Acts on the unit and resolves when systemd's job ended; recorded in the audit log in the rule's name. */
  act(verb: UnitVerb): Promise<StepResult>
}

/**
 * What has to be seen afterwards (semantics 23): a new run of the unit that stays, the unit running and steady whichever run it is, the unit
 * stopped, or only its checks being well.
 */
export type Expectation = 'new-run' | 'running' | 'stopped' | 'checks'

interface ActionKind<S extends z.ZodObject> {
  readonly type: string
  readonly title: string
  readonly description: string
  readonly risk: 'safe' | 'confirm'
  /** The causes that it can mend; for any other it is left out of an attempt (semantics 20). Empty: it is for maintenance alone. */
  readonly mends: readonly ProbeCause[]
  readonly expects: Expectation
  /** Fields carry `.meta({ title, description })`; one with `.meta({ secret: true })` is kept in the vault and is absent from the spec. */
  readonly spec: S
}

/** A kind that works on a host, whether or not it is for a unit: recovery has it, and maintenance. */
export interface HostActionType<S extends z.ZodObject = z.ZodObject> extends ActionKind<S> {
  readonly scope: 'host'
  /** Pure: what `run` would do, in words and commands. */
  plan(spec: z.output<S>): StepPlan
  /** What it would meet on the host just now, found without changing anything. */
  preview?(context: HostActionContext, spec: z.output<S>): Promise<StepResult>
  /** Throws only for bugs, and CANCELLED. */
  run(context: HostActionContext, spec: z.output<S>): Promise<StepResult>
}

/** A kind that needs a unit: recovery alone has it. */
export interface UnitActionType<S extends z.ZodObject = z.ZodObject> extends ActionKind<S> {
  readonly scope: 'unit'
  plan(spec: z.output<S>, unit: UnitRef): StepPlan
  preview?(context: ActionContext, spec: z.output<S>): Promise<StepResult>
  run(context: ActionContext, spec: z.output<S>): Promise<StepResult>
}

/** The way a kind of action is written: one file, one line in the index. */
export type RecoveryActionType = HostActionType | UnitActionType

/** These keep the spec's type while a kind is declared. */
export const hostActionType = <S extends z.ZodObject>(type: HostActionType<S>): HostActionType<S> => type
export const unitActionType = <S extends z.ZodObject>(type: UnitActionType<S>): UnitActionType<S> => type

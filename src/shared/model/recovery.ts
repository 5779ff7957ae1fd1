// How a unit is mended without a person, and what that did so far; knows nothing of how it is carried out.
import { z } from 'zod'
import { KindInfo } from './check.ts'
import { Evidence, UnitRef } from './unit.ts'

/** One step of mending: a kind of recovery action and its own spec. */
export const RecoveryStep = z.object({ type: z.string().min(1).max(64), spec: z.record(z.string(), z.unknown()) })
export type RecoveryStep = z.infer<typeof RecoveryStep>

/** The budget and pace of semantics 22–24; what a person sets can only be stricter in number, never looser. */
export const RecoveryPolicy = UnitRef.extend({
  enabled: z.boolean(),
  /** Done in order in each attempt, stopping at the first that fails. */
  steps: z
    .array(RecoveryStep)
    .min(1)
    .max(8)
    .default([{ type: 'restart-unit', spec: {} }]),
  attemptsPerIncident: z.number().int().min(1).max(5).default(5),
  attemptsPerTenMinutes: z.number().int().min(1).max(3).default(3),
  firstDelaySeconds: z.number().int().min(5).max(300).default(5),
  maxDelaySeconds: z.number().int().min(5).max(300).default(300),
  verifySeconds: z.number().int().min(20).max(300).default(60),
})
export type RecoveryPolicy = z.infer<typeof RecoveryPolicy>

export const RecoveryPhase = z.enum(['idle', 'wait', 'act', 'verify', 'escalated'])
export type RecoveryPhase = z.infer<typeof RecoveryPhase>

export const RecoveryAttempt = UnitRef.extend({
  id: z.string(),
  incidentId: z.string(),
  /** 1, 2, … within its incident. */
  number: z.number().int(),
  at: z.number(),
  finishedAt: z.number().nullable(),
  /** What is being done, as a person reads it. */
  command: z.string(),
  outcome: z.enum(['running', 'verified', 'failed', 'lost', 'cancelled']),
  evidence: z.array(Evidence),
})
export type RecoveryAttempt = z.infer<typeof RecoveryAttempt>

/** All that the recovery panel shows: why it acts, why it does not, what is left. */
export const RecoveryView = z.object({
  policy: RecoveryPolicy,
  phase: RecoveryPhase,
  /** One sentence: why it acts or why it does not. */
  reason: z.string(),
  incidentId: z.string().nullable(),
  attemptsLeft: z.number().int(),
  attemptsLeftInWindow: z.number().int(),
  nextAttemptAt: z.number().nullable(),
  last: RecoveryAttempt.nullable(),
})
export type RecoveryView = z.infer<typeof RecoveryView>

export const RecoveryKind = KindInfo.extend({ risk: z.enum(['safe', 'confirm']) })
export type RecoveryKind = z.infer<typeof RecoveryKind>

/** What a step would do, before it does it. */
export const StepPlan = z.object({
  title: z.string(),
  /** Each command as a person would type it, or each request. */
  commands: z.array(z.string()),
  risk: z.enum(['safe', 'confirm']),
  consequence: z.string().nullable(),
})
export type StepPlan = z.infer<typeof StepPlan>

/** What the rule would have done over the last days, had it been on. */
export const DryRunItem = z.object({
  at: z.number(),
  incidentId: z.string(),
  act: z.enum(['restart', 'wait', 'refuse', 'escalate']),
  text: z.string(),
})
export type DryRunItem = z.infer<typeof DryRunItem>

/** The drop-in that lets systemd mend the unit while this computer sleeps. */
export const DropInSettings = z.object({
  restart: z.enum(['no', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always']),
  restartSeconds: z.number().int().min(1).max(3600),
  /** At most this many starts … */
  startLimitBurst: z.number().int().min(1).max(100),
  /** … within this time. */
  startLimitIntervalSeconds: z.number().int().min(1).max(86_400),
  /** Growing delays, where systemd is 254 or newer; null leaves it out. */
  restartSteps: z.number().int().min(1).max(20).nullable(),
  restartMaxDelaySeconds: z.number().int().min(1).max(3600).nullable(),
})
export type DropInSettings = z.infer<typeof DropInSettings>

export const DropInReview = z.object({
  path: z.string(),
  /** What lies there now; null where there is none. */
  before: z.string().nullable(),
  /** What would lie there; null where it would be removed. */
  after: z.string().nullable(),
  /** Unified. */
  diff: z.string(),
  /** What to know before, e.g. that RestartSteps needs a newer systemd. */
  warnings: z.array(z.string()),
  commands: z.array(z.string()),
})
export type DropInReview = z.infer<typeof DropInReview>

// What a maintenance task is: actions done on a host at quiet hours, such as VACUUM or the clean-up of logs (R36); knows no kind of action.
import { z } from 'zod'
import { CheckUnit, KindInfo } from './check.ts'
import { HostId } from './host.ts'
import { RecoveryStep, StepPlan } from './recovery.ts'
import { RunSchedule, WaitsFor } from './schedule.ts'
import { Evidence } from './unit.ts'

export const MaintenanceId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a maintenance id')
export type MaintenanceId = z.infer<typeof MaintenanceId>

/** Proposed where a person has no other wish: few are awake then. */
export const quietCron = '0 4 * * *'

/** A kind of action that needs no service of its own, and that a task may have as a step. */
export const MaintenanceKind = KindInfo.extend({
  risk: z.enum(['safe', 'confirm']),
  /** Can it tell what it would meet on the host now? */
  previews: z.boolean(),
})
export type MaintenanceKind = z.infer<typeof MaintenanceKind>

export const MaintenanceStep = RecoveryStep.extend({
  /** Names the step for as long as the task lives: its secrets are `<key>.<field>`. */
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
})
export type MaintenanceStep = z.infer<typeof MaintenanceStep>

const Steps = z
  .array(MaintenanceStep)
  .min(1, 'Choose what is to be done')
  .max(8)
  .refine(steps => new Set(steps.map(({ key }) => key)).size === steps.length, 'Two steps have one key')

export const MaintenanceDraft = z.object({
  name: z.string().trim().min(1, 'Give the task a name').max(100),
  hostId: HostId,
  /** Done in order, stopping at the first that does not end well. */
  steps: Steps,
  /** Those of them that run are stopped before the first step, and started again whatever becomes of it. */
  stopUnits: z.array(CheckUnit).max(8).default([]),
  /** Null: only when a person says so. */
  schedule: RunSchedule.nullable().default(null),
  /** Off: its schedule starts nothing, and its check is silent. A person can still run it. */
  enabled: z.boolean().default(true),
})
export type MaintenanceDraft = z.infer<typeof MaintenanceDraft>

export const MaintenanceTask = MaintenanceDraft.extend({
  id: MaintenanceId,
  createdAt: z.number(),
  /** Its check of the kind `maintenance`, made and removed with it. */
  checkId: z.string(),
  /** Fields that the vault holds a value for: `<step key>.<field>`. */
  stored: z.array(z.string()),
})
export type MaintenanceTask = z.infer<typeof MaintenanceTask>

/** What a step would do, and what it would meet on the host now. */
export const StepPreview = StepPlan.extend({
  key: MaintenanceStep.shape.key,
  /** Found without changing anything: files that would go, sizes. Empty where the kind cannot tell. */
  found: z.array(Evidence),
  /** Why it could not be looked up, such as a host that is away. */
  problem: z.string().nullable(),
})
export type StepPreview = z.infer<typeof StepPreview>
export const PreviewRequest = z.object({
  /** The task that is being edited: its stored secrets are used where none are given. */
  id: MaintenanceId.nullable().default(null),
  hostId: HostId,
  steps: Steps,
  /** Without a look the host is left alone: only what would be done is told, at once. */
  look: z.boolean().default(true),
})
export type PreviewRequest = z.infer<typeof PreviewRequest>

export const MaintenanceStepRun = z.object({
  key: MaintenanceStep.shape.key,
  title: z.string(),
  /** As a person would type them. */
  commands: z.array(z.string()),
  /** `skipped`: one before it did not end well. `lost`: it was sent, and what became of it is not known. */
  outcome: z.enum(['pending', 'running', 'done', 'failed', 'lost', 'cancelled', 'skipped']),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
  evidence: z.array(Evidence),
})
export type MaintenanceStepRun = z.infer<typeof MaintenanceStepRun>

/**
 * One go at a task. `waiting`: the host is away and nothing was sent yet; it is tried when the host is back. `lost`: the link (or the app) went in the
 * middle, so what became of a step is not known; nothing is sent again.
 */
export const MaintenanceRun = z.object({
  id: z.string().max(64),
  taskId: MaintenanceId,
  reason: z.enum(['schedule', 'catch-up', 'person']),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: z.enum(['running', 'waiting', 'done', 'failed', 'lost', 'cancelled']),
  steps: z.array(MaintenanceStepRun),
  /** In sentences, what happened beside the steps; ends with why it failed. */
  evidence: z.array(Evidence),
  /** What it is at: "Waiting for its turn on this host". Null once it is over. */
  progress: z.string().nullable(),
  /** Stopped by this run and not started again yet; it is not over before this is empty or could not be done. */
  stopped: z.array(CheckUnit),
})
export type MaintenanceRun = z.infer<typeof MaintenanceRun>

export const MaintenanceView = z.object({
  task: MaintenanceTask,
  nextAt: z.number().nullable(),
  /** Why it has not begun, though `nextAt` is past. */
  waitsFor: WaitsFor.nullable(),
  /** Under way, or waiting. */
  running: MaintenanceRun.nullable(),
  /** The newest that is over. */
  lastRun: MaintenanceRun.nullable(),
  /** When it last ended well. */
  lastDoneAt: z.number().nullable(),
  problem: z.string().nullable(),
})
export type MaintenanceView = z.infer<typeof MaintenanceView>

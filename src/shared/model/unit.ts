// What a systemd unit is to a person: state, resources, what can be done to it; knows nothing of D-Bus or systemctl.
import { z } from 'zod'
import { ErrorShape } from '../error-shape.ts'
import { HostId } from './host.ts'

/** A unit name as systemd allows it (semantics 35). */
export const UnitName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/, 'not a unit name')
export type UnitName = z.infer<typeof UnitName>

/** `system` or the connected user's own manager (`systemctl --user`). */
export const UnitScope = z.enum(['system', 'user'])
export type UnitScope = z.infer<typeof UnitScope>

export const UnitRef = z.object({ hostId: HostId, scope: UnitScope, name: UnitName })
export type UnitRef = z.infer<typeof UnitRef>

/** A service as systemd describes it. Text comes from the host and is not to be trusted in markup. */
export const Unit = UnitRef.extend({
  description: z.string(),
  loadState: z.string(),
  activeState: z.string(),
  subState: z.string(),
  /** enabled, disabled, static, masked …; null until asked for. */
  unitFileState: z.string().nullable(),
  mainPid: z.number().nullable(),
  /** How the last run ended: success, exit-code, signal, oom-kill, timeout, start-limit-hit … */
  result: z.string().nullable(),
  restarts: z.number().nullable(),
  /** When the present state was entered, wall ms. */
  since: z.number().nullable(),
  invocationId: z.string().nullable(),
  /** The last ExecMain exit: code of the process or number of the signal. */
  exitStatus: z.number().nullable(),
  fragmentPath: z.string().nullable(),
  /** From cgroups where accounting is on, else summed over the unit's processes. */
  memoryBytes: z.number().nullable(),
  /** Percent of one core. */
  cpuPercent: z.number().nullable(),
  pinned: z.boolean(),
})
export type Unit = z.infer<typeof Unit>

/** One step of a unit's life, as it was seen or reconstructed (R13). */
export const UnitTransition = UnitRef.extend({
  at: z.number(),
  fromState: z.string().nullable(),
  toState: z.string(),
  subState: z.string(),
  result: z.string().nullable(),
  mainPid: z.number().nullable(),
  restarts: z.number().nullable(),
  invocationId: z.string().nullable(),
  /** True when it was not seen live but filled in from the host's own records. */
  reconstructed: z.boolean(),
  /** Did it go down because systemd was asked for it (a stop, a restart)? Not there where nobody can tell. */
  asked: z.boolean().optional(),
})
export type UnitTransition = z.infer<typeof UnitTransition>

export const Timer = UnitRef.extend({
  description: z.string(),
  activates: z.string(),
  activeState: z.string(),
  nextAt: z.number().nullable(),
  lastAt: z.number().nullable(),
})
export type Timer = z.infer<typeof Timer>

const unitVerbs = ['start', 'stop', 'restart', 'reload', 'enable', 'disable', 'mask', 'unmask', 'reset-failed'] as const
export const UnitVerb = z.enum(unitVerbs)
export type UnitVerb = z.infer<typeof UnitVerb>

/** What a click will do, before it is done. */
export const ActionPreview = z.object({
  argv: z.array(z.string()),
  /** The same as a person would type it. */
  command: z.string(),
  risk: z.enum(['safe', 'confirm']),
  /** The consequence in words where risk is `confirm`. */
  consequence: z.string().nullable(),
})
export type ActionPreview = z.infer<typeof ActionPreview>

/**
 * How an action ended. `verified`: done and proven; `degraded`: done, with something to look at; `failed`: the host said no or
 * the proof failed; `lost`: the link broke and what became of it could not be established; `cancelled`: by the person.
 */
export const ActionOutcome = z.enum(['running', 'verified', 'degraded', 'failed', 'lost', 'cancelled'])
export type ActionOutcome = z.infer<typeof ActionOutcome>

/** One verifiable observation about an action, e.g. "active for 5 s" or "new PID 4711". */
export const Evidence = z.object({ ok: z.boolean(), text: z.string() })
export type Evidence = z.infer<typeof Evidence>

export const ActionRunId = z.string().regex(/^[0-9a-zA-Z-]{1,64}$/)
export const ActionRun = z.object({
  id: ActionRunId,
  hostId: HostId,
  scope: UnitScope,
  unit: z.string(),
  verb: UnitVerb,
  command: z.string(),
  /** `person`, or the name of the rule that acted. */
  actor: z.string(),
  requestedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: ActionOutcome,
  evidence: z.array(Evidence),
  error: ErrorShape.nullable(),
  invocationBefore: z.string().nullable(),
  invocationAfter: z.string().nullable(),
})
export type ActionRun = z.infer<typeof ActionRun>

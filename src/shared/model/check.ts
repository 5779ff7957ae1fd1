// What a check is: configured once, probed again and again; knows nothing of how any kind of check looks.
import { z } from 'zod'
import { HostId } from './host.ts'
import { UnitName, UnitScope } from './unit.ts'

export const CheckId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a check id')
export type CheckId = z.infer<typeof CheckId>

export const Severity = z.enum(['info', 'warning', 'critical'])
export type Severity = z.infer<typeof Severity>

/** What a probe found (semantics 9). `unknown` moves no counter. */
export const ProbeStatus = z.enum(['healthy', 'degraded', 'unhealthy', 'unknown'])
export type ProbeStatus = z.infer<typeof ProbeStatus>

/**
 * Why a probe was not healthy, as far as recovery has to know (semantics 20): `unit`, `health` and `resource` are local causes that a
 * restart may mend; the others never are.
 */
export const ProbeCause = z.enum([
  'unit',
  'health',
  'resource',
  'webhook',
  'network',
  'dns',
  'certificate',
  'auth',
  'rate-limit',
  'disk',
  'login',
  'start-limit',
  'host',
  'other',
])
export type ProbeCause = z.infer<typeof ProbeCause>

/** From where a probe is made: from the host itself through SSH, from this computer, or from both, whose difference is a diagnosis (R16). */
export const Vantage = z.enum(['host', 'local', 'both'])
export type Vantage = z.infer<typeof Vantage>

/** The unit of the check's host that the check speaks of; what its recovery would restart. */
export const CheckUnit = z.object({ scope: UnitScope, name: UnitName })
export type CheckUnit = z.infer<typeof CheckUnit>

/** What a person enters. `spec` is parsed by the kind's own schema; it holds names of secrets, never secrets. */
export const CheckDraft = z.object({
  hostId: HostId,
  type: z.string().min(1).max(64),
  name: z.string().trim().min(1, 'Give the check a name').max(100),
  spec: z.record(z.string(), z.unknown()),
  unit: CheckUnit.nullable(),
  enabled: z.boolean().default(true),
  vantage: Vantage.default('host'),
  intervalSeconds: z.number().int().min(1, 'At least 1 s').max(86_400, 'At most a day').default(30),
  timeoutSeconds: z.number().min(0.1).max(300).default(10),
  /** Consecutive failures before it alerts, and successes before that is over (semantics 10, 11). */
  failureThreshold: z.number().int().min(1).max(100).default(3),
  recoveryThreshold: z.number().int().min(1).max(100).default(2),
  /** It must have failed for this long, too, before it alerts. */
  forSeconds: z.number().int().min(0).max(86_400).default(0),
  severity: Severity.default('critical'),
  /** Outright unhealthy for so long it is critical, whatever its severity (R20); never where it is not there. */
  riseSeconds: z.number().int().min(60, 'At least 60 s').max(86_400, 'At most a day').optional(),
  /** While one of these checks of any host is in trouble, this one is not judged (semantics 18). */
  dependsOn: z.array(CheckId).max(32).default([]),
  tags: z.array(z.string().trim().min(1).max(40)).max(16).default([]),
})
export type CheckDraft = z.infer<typeof CheckDraft>

export const Check = CheckDraft.extend({
  id: CheckId,
  /** Made by the app for every host; can be changed and switched off, not removed. */
  builtIn: z.boolean(),
  createdAt: z.number(),
  /** Which of the spec's secret fields the vault holds a value for. */
  stored: z.array(z.string()),
})
export type Check = z.infer<typeof Check>

/** One number that a probe found, kept as series `check.<id>:<name>` (R47). */
export const ProbeNumber = z.object({ name: z.string().min(1).max(200), value: z.number() })
export type ProbeNumber = z.infer<typeof ProbeNumber>

/** One run of a check. */
export const Probe = z.object({
  checkId: CheckId,
  /** Wall ms at which it ended. */
  at: z.number(),
  status: ProbeStatus,
  latencyMs: z.number().nullable(),
  /** Explains itself: `[STATUS] (500) == 200`. Comes from hosts: not to be trusted in markup. */
  message: z.string().max(2000),
  cause: ProbeCause.nullable(),
  numbers: z.array(ProbeNumber).max(64).default([]),
})
export type Probe = z.infer<typeof Probe>

/** The alert of a check (or of one unit of a check over many) as it stands. */
export const AlertPhase = z.enum(['ok', 'pending', 'firing', 'recovering'])
export type AlertPhase = z.infer<typeof AlertPhase>

/** Why a check that is in trouble is not told of, or not judged. */
export const MutedBy = z.enum(['silence', 'maintenance', 'host-down', 'dependency', 'flapping', 'cool-down', 'offline'])
export type MutedBy = z.infer<typeof MutedBy>

/** All that a list of checks shows of one. */
export const CheckView = z.object({
  check: Check,
  last: Probe.nullable(),
  phase: AlertPhase,
  mutedBy: MutedBy.nullable(),
  incidentId: z.string().nullable(),
  /** Wall ms of the next probe; null where it is not scheduled (event-driven, switched off, host not connected). */
  nextAt: z.number().nullable(),
  /** The last 60 probes, oldest first, for the heartbeat bar. */
  recent: z.array(
    z.object({ at: z.number(), status: ProbeStatus, latencyMs: z.number().nullable(), message: z.string() }),
  ),
})
export type CheckView = z.infer<typeof CheckView>

/** A kind of check as the UI draws it. `schema` is JSON Schema; a property with `secret: true` is given beside the draft. */
export const KindInfo = z.object({
  type: z.string(),
  title: z.string(),
  description: z.string(),
  schema: z.record(z.string(), z.unknown()),
})
export type KindInfo = z.infer<typeof KindInfo>

export const CheckKind = KindInfo.extend({
  vantages: z.array(Vantage),
  /** Does it always speak of one unit? */
  needsUnit: z.boolean(),
  /** Can a person add one? Built-in kinds exist once per host. */
  addable: z.boolean(),
  defaults: CheckDraft.pick({
    intervalSeconds: true,
    timeoutSeconds: true,
    failureThreshold: true,
    recoveryThreshold: true,
    forSeconds: true,
    severity: true,
  }),
})
export type CheckKind = z.infer<typeof CheckKind>

/** Secrets given beside a draft by the name of their field. `null` forgets what is stored; a field not named keeps it. */
export const FieldSecrets = z.record(z.string().max(64), z.string().min(1).max(4096).nullable())
export type FieldSecrets = z.infer<typeof FieldSecrets>

/** A check that the app thinks would be of use, found on the host or from the default rules (R7, R20). Nothing is watched until it is taken. */
export const CheckProposal = z.object({
  /** The same for the same finding, so that one that was dismissed stays away. */
  key: z.string().max(400),
  draft: CheckDraft,
  /** Why it is offered, in a sentence. */
  reason: z.string(),
  group: z.enum(['host', 'unit', 'port', 'endpoint', 'database', 'certificate', 'login']),
})
export type CheckProposal = z.infer<typeof CheckProposal>

export const UptimeWindow = z.enum(['24h', '7d', '30d', '90d'])
export type UptimeWindow = z.infer<typeof UptimeWindow>

/** How much of the known time it was well; unknown time and maintenance are left out, null where nothing is known. */
export const Uptime = z.object({
  window: UptimeWindow,
  percent: z.number().nullable(),
  /** ms of each. */
  up: z.number(),
  down: z.number(),
  unknown: z.number(),
  maintenance: z.number(),
})
export type Uptime = z.infer<typeof Uptime>

// What a person sees and sets of recovery: kinds, plans and rules, judged field by field; carries nothing out but harmless previews.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { DryRunItem, RecoveryKind, RecoveryStep, RecoveryView, StepPlan } from '../../shared/model/recovery.ts'
import { RecoveryPolicy } from '../../shared/model/recovery.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import { actionTypeOf, actionTypes, type RecoveryActionType } from '../recovery/index.ts'
import { recoverySecretId } from '../store/recovery.ts'
import type { Store } from '../store/store.ts'
import type { HostSession } from './host-session.ts'
import { actionContext } from './recovery-attempt.ts'
import { dryRun } from './recovery-dry-run.ts'
import type { RecoveryRunner } from './recovery-runner.ts'
import type { Vault } from './vault.ts'

/** Where secrets go: one that was given for one place is not sent to another by an edit. */
const places = { 'http-call': 'url', 'telegram-webhook': 'apiBase' } as const
const previewMs = 20_000

export interface RecoveryRulesOptions {
  store: Store
  vault: Pick<Vault, 'get' | 'put' | 'forget'>
  runner: RecoveryRunner
  session: (hostId: string) => HostSession | null
  clock: Clock
  steady: SteadyTime
}

export class RecoveryRules {
  readonly #options: RecoveryRulesOptions

  constructor(options: RecoveryRulesOptions) {
    this.#options = options
  }

  kinds(): RecoveryKind[] {
    return actionTypes.filter(isMending).map(type => ({
      type: type.type,
      title: type.title,
      description: type.description,
      schema: z.toJSONSchema(type.spec, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
      risk: type.risk,
    }))
  }

  /** The rule as it is, or as it would be by default: not enabled. Throws NOT_FOUND for a host that is not there. */
  get(ref: UnitRef): RecoveryView {
    this.#host(ref.hostId)
    const known = this.#options.runner.view(ref)
    if (known) return known
    const policy = RecoveryPolicy.parse({ ...ref, enabled: false })
    return {
      policy,
      phase: 'idle',
      reason: 'There is no rule for this service yet, so nothing is done by itself',
      incidentId: null,
      attemptsLeft: policy.attemptsPerIncident,
      attemptsLeftInWindow: policy.attemptsPerTenMinutes,
      nextAttemptAt: null,
      last: null,
    }
  }

  /** Throws INVALID_INPUT with `detail.field`, VAULT_LOCKED. */
  set(given: RecoveryPolicy, secrets: FieldSecrets): RecoveryView {
    const { vault, runner } = this.#options
    const policy = this.#judge(given, secrets)
    return runner.put(policy, () => {
      for (const [field, value] of Object.entries(secrets)) {
        const id = recoverySecretId(policy, field)
        if (value === null) vault.forget(id)
        else vault.put(id, value)
      }
    })
  }

  /** What the steps would do. On a host that can be asked, what some would meet there is looked up, changing nothing. */
  async plan(ref: UnitRef, steps: readonly RecoveryStep[], signal: AbortSignal): Promise<StepPlan[]> {
    const plans: StepPlan[] = []
    for (const [index, step] of steps.entries()) {
      const { type, spec } = parseStep(step, index)
      const plan = type.plan(spec, ref)
      const found = await this.#preview(type, spec, ref, signal)
      plans.push(found === null ? plan : { ...plan, consequence: [plan.consequence, found].filter(Boolean).join(' ') })
    }
    return plans
  }

  /** What the rule would have done over the last 7 days. Throws as `set` does. */
  dryRun(given: RecoveryPolicy): DryRunItem[] {
    return dryRun(this.#options.store, this.#options.steady, this.#judge(given, {}))
  }

  async #preview(
    type: RecoveryActionType,
    spec: Record<string, unknown>,
    ref: UnitRef,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { session: sessionOf, vault, clock } = this.#options
    const session = sessionOf(ref.hostId)
    if (!type.preview || session?.link.status.state !== 'ready') return null
    const patience = new AbortController()
    const timer = clock.after(previewMs, () => patience.abort())
    try {
      const both = AbortSignal.any([signal, patience.signal])
      const context = actionContext({ ref, session, vault, clock, signal: both, progress: () => {} })
      const { evidence } = await type.preview(context, spec)
      return `Now: ${evidence.map(({ text }) => text).join('; ')}.`
    } catch (caught) {
      return `What is there now could not be looked up: ${AppError.from(caught).message}.`
    } finally {
      timer.dispose()
    }
  }

  #judge(given: RecoveryPolicy, secrets: FieldSecrets): RecoveryPolicy {
    const { store } = this.#options
    this.#host(given.hostId)
    if (given.firstDelaySeconds > given.maxDelaySeconds)
      throw wrong('maxDelaySeconds', 'The longest delay cannot be shorter than the first')
    const names = new Set<string>()
    const steps = given.steps.map((step, index) => {
      const { type, spec } = parseStep(step, index)
      const kept: Record<string, unknown> = { ...spec }
      for (const name of secretFields(type)) {
        names.add(name)
        delete kept[name]
      }
      return { type: step.type, spec: kept }
    })
    const unknown = Object.keys(secrets).find(name => !names.has(name))
    if (unknown !== undefined) throw wrong(`secrets.${unknown}`, `None of the steps has a secret field ${unknown}`)
    const before = store.recovery.get(given)?.policy
    for (const name of names) {
      const stored = store.secrets.has(recoverySecretId(given, name))
      if (!stored || secrets[name] !== undefined || !before || placesOf(before.steps) === placesOf(steps)) continue
      throw wrong(`secrets.${name}`, 'The address changed, so what is stored is not sent there')
    }
    return { ...given, steps }
  }

  #host(hostId: string): void {
    if (!this.#options.store.hosts.get(hostId)) throw new AppError('NOT_FOUND', 'This host is not configured')
  }
}

function parseStep(step: RecoveryStep, index: number): { type: RecoveryActionType; spec: Record<string, unknown> } {
  const type = actionTypeOf(step.type)
  if (!type || !isMending(type)) throw wrong(`steps.${index}.type`, `There are no actions of the kind ${step.type}`)
  const parsed = type.spec.safeParse(step.spec)
  if (parsed.success) return { type, spec: parsed.data }
  const [issue] = parsed.error.issues
  const path = ['steps', index, 'spec', ...(issue?.path ?? [])].map(String).join('.')
  throw wrong(path, `${type.title}: ${issue?.message ?? 'not valid'}`)
}

/** What mends nothing is for maintenance alone. */
const isMending = ({ mends }: RecoveryActionType): boolean => mends.length > 0

function secretFields(type: RecoveryActionType): string[] {
  return Object.entries(type.spec.shape)
    .filter(([, field]) => (field as z.ZodType).meta()?.secret === true)
    .map(([name]) => name)
}

function placesOf(steps: readonly RecoveryStep[]): string {
  return JSON.stringify(
    steps.flatMap(step =>
      step.type in places ? [step.type, step.spec[places[step.type as keyof typeof places]]] : [],
    ),
  )
}

function wrong(field: string, message: string): AppError {
  return new AppError('INVALID_INPUT', message, { detail: { field } })
}

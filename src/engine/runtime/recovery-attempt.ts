// Carries out the steps of one attempt to mend a unit, each by its kind; knows no budget and does not judge what came of it.
import { AppError } from '../../shared/errors.ts'
import type { RecoveryStep } from '../../shared/model/recovery.ts'
import type { Evidence, UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import { type ActionContext, actionTypeOf, type StepResult } from '../recovery/index.ts'
import { recoverySecretId } from '../store/recovery.ts'
import { bounded, hostActionContext, mostEvidence } from './action-context.ts'
import type { HostSession } from './host-session.ts'

export interface ContextOptions {
  readonly ref: UnitRef
  readonly session: HostSession
  readonly vault: { get(recordId: string): string | null }
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly progress: (evidence: readonly Evidence[]) => void
}

export function actionContext(options: ContextOptions): ActionContext {
  const { ref, session, vault, clock, signal, progress } = options
  const secret = (field: string): string | null => vault.get(recoverySecretId(ref, field))
  return {
    ...hostActionContext({ session, clock, signal, secret, progress }),
    unit: ref,
    act: verb => act(session, ref, verb, signal),
  }
}

/** In order, stopping at the first that does not end well. Rejects when `signal` aborts. */
export async function carryOut(steps: readonly RecoveryStep[], options: ContextOptions): Promise<StepResult> {
  const evidence: Evidence[] = []
  const add = (more: readonly Evidence[]): void => {
    evidence.push(...bounded(more))
  }
  for (const step of steps) {
    const type = actionTypeOf(step.type)
    const spec = type?.spec.safeParse(step.spec)
    if (!type || !spec?.success) {
      add([{ ok: false, text: `${type?.title ?? step.type}: its settings cannot be used` }])
      return { outcome: 'failed', evidence }
    }
    const context = actionContext({
      ...options,
      progress: more => options.progress([...evidence, ...bounded(more)].slice(-mostEvidence)),
    })
    let result: StepResult
    try {
      result = await type.run(context, spec.data)
    } catch (caught) {
      const error = AppError.from(caught)
      if (options.signal.aborted || error.code === 'CANCELLED') throw caught
      result = { outcome: 'failed', evidence: [{ ok: false, text: `${type.title}: ${error.message}` }] }
    }
    options.signal.throwIfAborted()
    add(result.evidence)
    options.progress(evidence.slice(-mostEvidence))
    if (result.outcome !== 'done') return { outcome: result.outcome, evidence: evidence.slice(-mostEvidence) }
  }
  return { outcome: 'done', evidence: evidence.slice(-mostEvidence) }
}

async function act(session: HostSession, ref: UnitRef, verb: UnitVerb, signal: AbortSignal): Promise<StepResult> {
  const manager = session.units.manager(ref.scope)
  if (!manager) return failed(`${verb} was not sent: the host is not connected`)
  const result = await manager.act(verb, ref.name, { signal })
  if (result.kind === 'lost')
    return { outcome: 'lost', evidence: [{ ok: false, text: `${verb} was sent; the connection was lost` }] }
  if (result.kind === 'refused') return failed(`${verb}: ${result.error.message}`)
  if (result.job !== null && result.job !== 'done') return failed(`systemd ended the job with "${result.job}"`)
  return { outcome: 'done', evidence: [{ ok: true, text: `${verb} of ${ref.name} done` }] }
}

function failed(text: string): StepResult {
  return { outcome: 'failed', evidence: [{ ok: false, text }] }
}

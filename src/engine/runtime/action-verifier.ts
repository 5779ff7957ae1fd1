// Looks at a unit after an action until the verdict is clear: carries out domain/action-verification over one host's session.
import { AppError } from '../../shared/errors.ts'
import { everyEntry } from '../../shared/model/journal.ts'
import type { ActionOutcome, Evidence, UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import { type ActionView, judgeAction } from '../domain/action-verification.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { HostSession } from './host-session.ts'

const errorPriority = 3

/** Resolves with the verdict, or 'lost' where the host can no longer be looked at. Rejects when `signal` aborts. */
export async function verifyAction(options: {
  session: HostSession
  ref: UnitRef
  verb: UnitVerb
  before: ActionView
  /** Wall ms at which the action was asked for. */
  requestedAt: number
  clock: Clock
  signal: AbortSignal
  onProgress: (evidence: readonly Evidence[]) => void
}): Promise<{ outcome: ActionOutcome; evidence: readonly Evidence[] } | 'lost'> {
  const { session, ref, verb, before, clock, signal, onProgress } = options
  const doneAt = clock.monotonic()
  let steadySince = doneAt
  let last: ActionView | null = null
  let errors: number | null | undefined
  for (;;) {
    const manager = session.units.manager(ref.scope)
    if (!manager) return 'lost'
    const after = await manager.get(ref.name).catch(error => {
      if (isAnswer(error)) throw error
      return null
    })
    if (!after) return 'lost'
    const now = clock.monotonic()
    if (last && isOtherRun(last, after)) steadySince = now
    last = after
    const observation = { verb, before, after, doneAt, steadySince, now }
    let verdict = judgeAction({ ...observation, errors: errors ?? 0 })
    if (verdict.kind === 'settled' && verdict.outcome !== 'failed' && errors === undefined) {
      errors = await countErrors(session, ref, options.requestedAt, signal)
      verdict = judgeAction({ ...observation, errors })
    }
    if (verdict.kind === 'settled') return verdict
    onProgress(verdict.evidence)
    await pause(session, ref, Math.min(1_000, Math.max(50, verdict.until - now)), clock, signal)
  }
}

/** Did the host itself say this, as opposed to trouble on the way to it, which tells nothing of the unit (semantics 7)? */
export function isAnswer(error: unknown): boolean {
  const { code } = AppError.from(error)
  return code !== 'LINK_LOST' && code !== 'NOT_CONNECTED' && code !== 'TIMEOUT' && code !== 'PROTOCOL'
}

/** Waits, but no longer than until something happens to the unit, so that a crash is seen when it happens. */
async function pause(session: HostSession, ref: UnitRef, ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const woken = new AbortController()
  const listener = session.units.transitions.on(({ unit }) => {
    if (unit.scope === ref.scope && unit.name === ref.name) woken.abort()
  })
  try {
    await sleep(clock, ms, AbortSignal.any([signal, woken.signal]))
  } catch (error) {
    if (!woken.signal.aborted) throw error
  } finally {
    listener.dispose()
  }
}

function isOtherRun(a: ActionView, b: ActionView): boolean {
  return (
    a.activeState !== b.activeState ||
    a.invocationId !== b.invocationId ||
    a.mainPid !== b.mainPid ||
    a.restarts !== b.restarts
  )
}

/** Lines of priority err and worse since `since`; null where the journal cannot be read. */
async function countErrors(
  session: HostSession,
  ref: UnitRef,
  since: number,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const page = await session.journal.page(
      {
        ...{ ...everyEntry, hostId: ref.hostId, scope: ref.scope, units: [ref.name], priority: errorPriority, since },
        ...{ cursor: null, direction: 'before', limit: 100 },
      },
      signal,
    )
    return page.entries.length
  } catch (error) {
    if (signal.aborted) throw error
    return null
  }
}

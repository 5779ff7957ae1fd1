// Restarts the services that use a login and sees whether they come up; one that a person stopped stays stopped. Knows no file and no cookie.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { UnitManager, UnitState } from '../ports.ts'
import { isAnswer, verifyAction } from './action-verifier.ts'
import type { Actions } from './actions.ts'
import type { HostSession } from './host-session.ts'

/** How long a lost host, or somebody else's act on the same unit, is waited for. */
const hostMs = 300_000
const turnMs = 60_000
/** How long one that is stopping is waited for: systemd's own patience with it. */
const stopMs = 90_000

export interface ConsumersOptions {
  readonly hostId: string
  readonly units: readonly CheckUnit[]
  /** Units that are not to be touched, with why. */
  readonly leave: (unit: CheckUnit) => string | null
  /** Only one that was up can prove by failing that the new file is at fault. */
  readonly wasUp: (unit: CheckUnit) => boolean
  /** Null while the host has no session. */
  readonly session: () => HostSession | null
  readonly actions: Pick<Actions, 'take'> | null
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface Restarted {
  /** Did all come up that were up before? */
  readonly ok: boolean
  /** How many were restarted. */
  readonly count: number
  readonly evidence: readonly Evidence[]
}

/** Those of them that run, or try to. */
export async function unitsUp(session: HostSession, units: readonly CheckUnit[]): Promise<string[]> {
  const states = await Promise.all(
    units.map(({ scope, name }) => session.units.manager(scope)?.get(name).catch(notThere)),
  )
  return units.filter((_, at) => isUp(states[at] ?? null)).map(keyOfUnit)
}

/** One after the other, and then watched together. Rejects when `signal` aborts. */
export async function restartConsumers(options: ConsumersOptions): Promise<Restarted> {
  const taken: Disposable[] = []
  try {
    const begun: Promise<Evidence>[] = []
    const failed = new Set<string>()
    let count = 0
    for (const unit of options.units) {
      const one = await begin(unit, options, taken)
      if (one === null) continue
      if ('left' in one) {
        begun.push(Promise.resolve({ ok: one.ok, text: one.left }))
        if (!one.ok && options.wasUp(unit)) failed.add(keyOfUnit(unit))
        continue
      }
      count++
      const { comesUp } = one
      begun.push(
        comesUp.then(evidence => {
          if (!evidence.ok && options.wasUp(unit)) failed.add(keyOfUnit(unit))
          return evidence
        }),
      )
      // it is awaited only once the others are under way
      comesUp.catch(() => {})
    }
    const evidence = await Promise.all(begun)
    return { ok: failed.size === 0, count, evidence }
  } finally {
    for (const one of taken) one.dispose()
  }
}

type Begun = { readonly left: string; readonly ok: boolean } | { readonly comesUp: Promise<Evidence> }

async function begin(unit: CheckUnit, options: ConsumersOptions, taken: Disposable[]): Promise<Begun | null> {
  const { hostId, clock, signal } = options
  const { scope, name } = unit
  const why = options.leave(unit)
  if (why !== null) return { left: `${name}: ${why}`, ok: true }
  const turn = await takeTurn(unit, options)
  if (turn === 'busy') return { left: `${name} was not restarted: something else is under way on it`, ok: false }
  if (turn) taken.push(turn)
  for (;;) {
    const before = await lookWhole(unit, options)
    if (before === null) return { left: `${name} is not on this host`, ok: false }
    if (!isUp(before) && before.activeState !== 'failed')
      return { left: `${name} was not running, and was left so`, ok: true }
    const manager = options.session()?.units.manager(scope)
    if (!manager) continue
    const requestedAt = clock.now()
    const sent = await send(manager, name, signal)
    if (sent.kind === 'refused') return { left: `${name} could not be restarted: ${sent.why}`, ok: false }
    if (sent.kind === 'lost') {
      // only what was surely not done is sent again
      const after = await look(unit, options)
      if (after !== null && after.invocationId !== null && after.invocationId === before.invocationId) continue
    }
    return { comesUp: comeUp({ ...unit, hostId }, before, requestedAt, options) }
  }
}

type Sent = { readonly kind: 'done' | 'lost' } | { readonly kind: 'refused'; readonly why: string }

async function send(manager: UnitManager, name: string, signal: AbortSignal): Promise<Sent> {
  const result = await manager.act('restart', name, { signal })
  if (result.kind === 'refused')
    return result.error.code === 'NOT_CONNECTED' ? { kind: 'lost' } : { kind: 'refused', why: result.error.message }
  if (result.kind === 'done' && result.job !== null && result.job !== 'done')
    return { kind: 'refused', why: `systemd ended the job with "${result.job}"` }
  return { kind: result.kind }
}

async function comeUp(
  ref: CheckUnit & { hostId: string },
  before: UnitState,
  requestedAt: number,
  options: ConsumersOptions,
): Promise<Evidence> {
  const { clock, signal } = options
  for (;;) {
    const now = await look(ref, options)
    const session = options.session()
    if (now === null) return { ok: false, text: `${ref.name} is no longer on this host` }
    if (!session) continue
    const verdict = await verifyAction({
      ...{ session, ref, verb: 'restart' as const, before, requestedAt, clock, signal },
      onProgress: () => {},
    })
    if (verdict === 'lost') continue
    const wrong = verdict.evidence.filter(({ ok }) => !ok).map(({ text }) => text)
    const words = wrong.length === 0 ? '' : `: ${wrong.join('; ')}`
    return verdict.outcome === 'failed'
      ? { ok: false, text: `${ref.name} did not come up${words}` }
      : { ok: true, text: `${ref.name} was restarted and runs${words}` }
  }
}

/** The unit now, once the host can be asked; null where it is not there. */
async function look({ scope, name }: CheckUnit, options: ConsumersOptions): Promise<UnitState | null> {
  const { clock, signal, session } = options
  const until = clock.monotonic() + hostMs
  for (;;) {
    const manager = session()?.units.manager(scope)
    if (manager)
      try {
        return await manager.get(name)
      } catch (error) {
        if (isAnswer(error)) return null
      }
    if (clock.monotonic() >= until) throw new AppError('NOT_CONNECTED', 'The host did not come back in time')
    await sleep(clock, 250, signal)
  }
}

/** The same, once it is not stopping any more: that may be a restart that an engine which ended had asked for, and then it comes up by itself. */
async function lookWhole(unit: CheckUnit, options: ConsumersOptions): Promise<UnitState | null> {
  const { clock, signal } = options
  const until = clock.monotonic() + stopMs
  for (let stopping = false; ; ) {
    const now = await look(unit, options)
    const still = now?.activeState === 'deactivating' && clock.monotonic() < until
    // between the stop and the start of a restart it is inactive for a moment
    if (!still && !stopping) return now
    stopping = still
    await sleep(clock, 250, signal)
  }
}

/** Null where nobody keeps turns. */
async function takeTurn(unit: CheckUnit, options: ConsumersOptions): Promise<Disposable | 'busy' | null> {
  const { actions, clock, signal, hostId } = options
  if (!actions) return null
  const until = clock.monotonic() + turnMs
  for (;;) {
    const turn = actions.take({ ...unit, hostId }, 'restart')
    if (turn) return turn
    if (clock.monotonic() >= until) return 'busy'
    await sleep(clock, 500, signal)
  }
}

export function isUp(unit: UnitState | null): boolean {
  return unit !== null && ['active', 'activating', 'reloading', 'refreshing'].includes(unit.activeState)
}

export const keyOfUnit = ({ scope, name }: CheckUnit): string => `${scope}/${name}`

/** Null for what systemd does not know; throws what is no answer of it. */
export const notThere = (error: unknown): null => {
  if (isAnswer(error)) return null
  throw error
}

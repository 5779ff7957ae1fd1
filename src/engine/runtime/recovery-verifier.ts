// Looks at a unit and its checks after an attempt to mend it until the verdict is clear, over lost links too (semantics 23); sends nothing.
import type { Check, FieldSecrets, Probe } from '../../shared/model/check.ts'
import type { Evidence, UnitRef } from '../../shared/model/unit.ts'
import { checkTypeOf } from '../checks/index.ts'
import {
  type CheckProof,
  judgeRecovery,
  type RecoveryExpectation,
  type RecoveryLook,
  wellTimes,
} from '../domain/recovery-verification.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { isAnswer } from './action-verifier.ts'
import type { HostSession } from './host-session.ts'

/** How long a lost host is waited for before the outcome is called lost. */
const reconnectMs = 300_000
const lookMs = 1_000

/** What verification needs of the checks. */
export interface RecoveryProber {
  checksOf(hostId: string): Check[]
  probeNow(checkId: string): void
  /** Probes once, recording nothing. */
  try(check: Check, secrets: FieldSecrets, signal: AbortSignal): Promise<Probe>
  readonly board: { last(checkId: string): Probe | null }
}

export interface VerifyOptions {
  readonly ref: UnitRef
  readonly expects: RecoveryExpectation
  readonly invocationBefore: string | null
  readonly withinMs: number
  /** Null while the host has no session. */
  readonly session: () => HostSession | null
  readonly prober: RecoveryProber
  /** Checks whose alerts fire: their probes count as ever, those of others are made beside. */
  readonly firing: ReadonlySet<string>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onProgress: (evidence: readonly Evidence[]) => void
}

export interface RecoveryProof {
  readonly outcome: 'verified' | 'failed' | 'lost'
  readonly evidence: readonly Evidence[]
}

/** Rejects when `signal` aborts. */
export async function verifyRecovery(options: VerifyOptions): Promise<RecoveryProof> {
  const { ref, clock, signal, session } = options
  const proofs = new ProofOfChecks(options)
  let doneAt = clock.monotonic()
  let steadySince = doneAt
  let last: RecoveryLook | null = null
  let lostSince: number | null = null
  try {
    for (;;) {
      const after = await look(session(), ref)
      signal.throwIfAborted()
      const now = clock.monotonic()
      if (after === 'gone') return { outcome: 'failed', evidence: [bad('The service is no longer on this host')] }
      if (!after) {
        lostSince ??= now
        if (now - lostSince >= reconnectMs)
          return { outcome: 'lost', evidence: [bad('The host did not come back in time, so it is not known')] }
        options.onProgress([bad('The connection was lost; waiting for the host to see what became of it')])
        await sleep(clock, 250, signal)
        continue
      }
      if (lostSince !== null) {
        lostSince = null
        doneAt = now
        proofs.begin()
        const same = after.invocationId === options.invocationBefore && after.activeState !== 'deactivating'
        if (options.expects === 'new-run' && same)
          return {
            outcome: 'lost',
            evidence: [bad('The connection was lost before it was done: the same run goes on. It was not sent again')],
          }
      }
      if (!last || isOtherRun(last, after)) steadySince = now
      last = after
      const running = after.activeState === 'active'
      const checks = options.expects === 'stopped' ? [] : proofs.look(running)
      const verdict = judgeRecovery({ ...options, after, doneAt, steadySince, now, checks })
      if (verdict.kind === 'settled') return { outcome: verdict.ok ? 'verified' : 'failed', evidence: verdict.evidence }
      options.onProgress(verdict.evidence)
      await pause(options, session(), lookMs)
    }
  } finally {
    proofs.dispose()
  }
}

/** The unit now; null where the host cannot be asked. */
async function look(session: HostSession | null, ref: UnitRef): Promise<RecoveryLook | 'gone' | null> {
  const manager = session?.units.manager(ref.scope)
  if (!manager) return null
  try {
    return await manager.get(ref.name)
  } catch (error) {
    return isAnswer(error) ? 'gone' : null
  }
}

/** No longer than until something happens to the unit, so that a crash is seen when it happens. */
async function pause({ ref, clock, signal }: VerifyOptions, session: HostSession | null, ms: number): Promise<void> {
  const woken = new AbortController()
  const listener = session?.units.transitions.on(({ unit }) => {
    if (unit.scope === ref.scope && unit.name === ref.name) woken.abort()
  })
  try {
    await sleep(clock, ms, AbortSignal.any([signal, woken.signal]))
  } catch (error) {
    if (!woken.signal.aborted || signal.aborted) throw error
  } finally {
    listener?.dispose()
  }
}

function isOtherRun(a: RecoveryLook, b: RecoveryLook): boolean {
  return (
    a.activeState !== b.activeState ||
    a.invocationId !== b.invocationId ||
    a.mainPid !== b.mainPid ||
    a.restarts !== b.restarts
  )
}

interface Proof {
  readonly check: Check
  readonly firing: boolean
  well: number
  last: Probe | null
  seen: Probe | null
  running: boolean
}

/** Asks a unit's checks until each has answered OK often enough. */
class ProofOfChecks {
  readonly #options: VerifyOptions
  readonly #ended = new AbortController()
  #proofs: Proof[] = []

  constructor(options: VerifyOptions) {
    this.#options = options
    this.begin()
  }

  /** What was answered before does not count. */
  begin(): void {
    const { ref, prober, firing } = this.#options
    this.#proofs = prober
      .checksOf(ref.hostId)
      .filter(({ enabled, unit, type }) => {
        const mine = unit?.name === ref.name && unit.scope === ref.scope
        return enabled && mine && checkTypeOf(type)?.mode === 'probe'
      })
      .map(check => ({
        check,
        firing: firing.has(check.id),
        well: 0,
        last: null,
        seen: prober.board.last(check.id),
        running: false,
      }))
  }

  look(running: boolean): CheckProof[] {
    for (const proof of this.#proofs) {
      if (proof.firing) this.#takeFiring(proof)
      else if (running && !proof.running && proof.well < wellTimes) void this.#try(proof)
    }
    return this.#proofs.map(({ check, well, last, firing }) => ({
      name: check.name,
      well,
      message: last?.message ?? null,
      silent: !firing && last?.status === 'unknown',
    }))
  }

  dispose(): void {
    this.#ended.abort()
  }

  /** The check's own probes, hurried: they move its alert as well. */
  #takeFiring(proof: Proof): void {
    const { prober } = this.#options
    const newest = prober.board.last(proof.check.id)
    if (newest && newest !== proof.seen) {
      proof.seen = newest
      this.#count(proof, newest, newest.status === 'healthy')
    }
    if (proof.well < wellTimes) prober.probeNow(proof.check.id)
  }

  async #try(proof: Proof): Promise<void> {
    const { signal } = this.#ended
    proof.running = true
    try {
      const probe = await this.#options.prober.try(proof.check, {}, AbortSignal.any([signal, this.#options.signal]))
      // what is merely degraded was so before, or at least does not fail
      if (!signal.aborted) this.#count(proof, probe, probe.status === 'healthy' || probe.status === 'degraded')
    } catch {
      // nothing is known of it then; it is asked again
    } finally {
      proof.running = false
    }
  }

  #count(proof: Proof, probe: Probe, well: boolean): void {
    proof.last = probe
    if (well) proof.well++
    else if (probe.status !== 'unknown') proof.well = 0
  }
}

const bad = (text: string): Evidence => ({ ok: false, text })

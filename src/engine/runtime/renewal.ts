// Renewals of logins (semantics 28): one at a time for each, recorded before anything is done, ended whatever happens, taken up again after a kill. Tells no value.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Login, RenewalRun } from '../../shared/model/login.ts'
import { settledWithin } from '../lib/clock.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { renewalOf, type StoredRenewal } from '../store/logins.ts'
import type { AuditLog } from './audit-log.ts'
import type { LoginCandidates } from './login-candidates.ts'
import type { Logins } from './logins.ts'
import type { Publish } from './publish.ts'
import { RenewalRecord } from './renewal-record.ts'
import { type LiveRenewal, type RenewalEnd, RenewalSteps, type RenewalStepsOptions } from './renewal-steps.ts'

export interface RenewalsOptions extends RenewalStepsOptions {
  logins: Pick<Logins, 'stored' | 'announce' | 'looked'> & { candidates: Pick<LoginCandidates, 'get' | 'discard'> }
  audit: AuditLog
  publish: Publish
}

interface Live extends LiveRenewal {
  readonly controller: AbortController
  readonly finish: ReturnType<AuditLog['begin']>
  /** What is done for it; never rejects. */
  done: Promise<void>
}

export class Renewals implements Disposable {
  /** One came to its end. */
  readonly ended = new Emitter<{ login: Login; outcome: RenewalEnd['outcome'] }>()
  readonly #options: RenewalsOptions
  readonly #log: Logger
  readonly #steps: RenewalSteps
  /** By login: one at a time. */
  readonly #live = new Map<string, Live>()

  constructor(options: RenewalsOptions) {
    this.#options = options
    this.#log = options.log.child('renewal')
    this.#steps = new RenewalSteps({ ...options, log: this.#log })
  }

  /**
   * Records the renewal and begins it. Throws, with nothing sent, NOT_FOUND, CONFLICT (one is under way for this login), INVALID_INPUT (the new
   * cookies have problems) or NOT_CONNECTED.
   */
  renew(candidateId: string, { despiteProblems, actor }: { despiteProblems: boolean; actor: string }): RenewalRun {
    const { logins, store, audit, clock, session } = this.#options
    const held = logins.candidates.get(candidateId)
    const { login } = logins.stored(held.view.loginId)
    if (this.#live.has(login.id))
      throw new AppError('CONFLICT', `${login.name} is being renewed already`, { hint: 'Wait until that is over.' })
    const [problem] = held.view.problems
    if (problem !== undefined && !despiteProblems) throw new AppError('INVALID_INPUT', problem)
    const host = session(login.hostId)
    if (host?.link.status.state !== 'ready')
      throw new AppError('NOT_CONNECTED', `${host?.host.name ?? 'The host'} is not connected`, {
        hint: 'Wait until it is connected again, or reconnect it.',
      })
    const run: StoredRenewal = {
      ...{ id: randomUUID(), loginId: login.id, startedAt: clock.now(), finishedAt: null, outcome: 'running' },
      ...{ steps: [], evidence: [], backup: null, oldSha256: null, newSha256: null, actor, up: [] },
    }
    const finish = store.transaction(() => {
      store.logins.insertRun(run)
      return audit.begin(actOf(login, run))
    })
    const live = this.#begin(login, run, finish)
    // it is this renewal's now: neither time nor a second click takes it away
    logins.candidates.discard(candidateId)
    this.#log.info('renewal', { login: login.id, actor })
    live.done = this.#guard(live, signal => this.#steps.carryOut(live, held, signal))
    return renewalOf(live.record.run)
  }

  /** Newest first. */
  list(loginId: string, limit: number): RenewalRun[] {
    return this.#options.store.logins.runs(loginId, limit).map(renewalOf)
  }

  /** Is one under way for this login? */
  isRunning(loginId: string): boolean {
    return this.#live.has(loginId)
  }

  /** What was under way when the engine ended: which file lies there now decides how it goes on. */
  resume(): void {
    const { store, audit, clock } = this.#options
    const open = store.logins.unfinishedRuns()
    // the end of an older one could not be recorded: the newest alone says what may lie there
    const newest = new Map(open.map(run => [run.loginId, run]))
    for (const run of open) {
      const stored = store.logins.get(run.loginId)
      if (!stored || newest.get(run.loginId) !== run) {
        const why = stored ? 'a later one took its place' : 'its login is no longer there'
        const text = `Quarterdeck ended in the middle of it, and ${why}`
        const evidence = [...run.evidence, { ok: false, text }]
        store.logins.updateRun({ ...run, outcome: 'failed', finishedAt: clock.now(), evidence })
        audit.resume({ actor: run.actor, verb: 'login.renew', actionRunId: run.id })('lost', text)
        continue
      }
      const { login } = stored
      const finish = audit.resume({ ...actOf(login, run), actionRunId: run.id })
      const live = this.#begin(login, run, finish)
      live.record.note({ ok: true, text: 'Quarterdeck ended in the middle of it, and took it up again' })
      live.done = this.#guard(live, signal => this.#steps.settle(live, signal))
    }
  }

  /**
   * Before the engine ends: waits that long for those whose host is there to be proven or taken back. What takes longer the next engine settles by the
   * file that lies there. Never rejects.
   */
  async end(graceMs: number): Promise<void> {
    const { clock, session } = this.#options
    const open = [...this.#live.values()].filter(({ login }) => session(login.hostId)?.link.status.state === 'ready')
    await settledWithin(
      clock,
      graceMs,
      open.map(({ done }) => done),
    )
  }

  dispose(): void {
    for (const { controller } of this.#live.values()) controller.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
    this.ended.dispose()
  }

  #begin(login: Login, run: StoredRenewal, finish: Live['finish']): Live {
    const record = new RenewalRecord(run, this.#options)
    const live: Live = { login, record, controller: new AbortController(), finish, done: Promise.resolve() }
    this.#live.set(login.id, live)
    record.publish()
    return live
  }

  /** An abort by the engine's end leaves the run open for the next start; a bug ends it as one. Never rejects. */
  async #guard(live: Live, work: (signal: AbortSignal) => Promise<RenewalEnd>): Promise<void> {
    const { signal } = live.controller
    let end: RenewalEnd
    let failure: string | null = null
    try {
      end = await work(signal)
    } catch (caught) {
      if (signal.aborted) return
      const error = AppError.from(caught)
      this.#log.warn('a renewal broke', { login: live.login.id, code: error.code })
      const { oldSha256, newSha256 } = live.record.run
      const where =
        newSha256 === null || newSha256 === oldSha256 ? 'Nothing was changed' : 'The new file may be in place'
      failure = `${error.message}. ${where}.`
      end = { outcome: 'failed', why: failure }
    }
    this.#end(live, end, failure)
  }

  #end(live: Live, { outcome, why }: RenewalEnd, failure: string | null): void {
    const { login, record, controller } = live
    const { store, logins } = this.#options
    this.#live.delete(login.id)
    try {
      store.transaction(() => {
        record.end(outcome, failure)
        live.finish(auditOutcomes[outcome], `${outcomeWords[outcome]}${why === null ? '' : `: ${why}`}`.slice(0, 2_000))
      })
    } catch (error) {
      // a full disk must not keep the person from hearing how it ended
      this.#log.error('the end of a renewal could not be recorded', { login: login.id, error: String(error) })
    }
    this.#log.info('renewal ended', { login: login.id, outcome })
    if (controller.signal.aborted) return
    record.publish()
    logins.announce(login.id)
    this.ended.emit({ login, outcome })
  }
}

const auditOutcomes = {
  verified: 'verified',
  written: 'degraded',
  'rolled-back': 'failed',
  failed: 'failed',
} as const

const outcomeWords = {
  verified: 'Written and proven',
  written: 'Written, not proven',
  'rolled-back': 'Taken back',
  failed: 'Not renewed',
}

function actOf(login: Login, { id, actor }: StoredRenewal) {
  const { hostId, name, path } = login
  return { actor, verb: 'login.renew' as const, hostId, target: name, command: `write ${path}`, actionRunId: id }
}

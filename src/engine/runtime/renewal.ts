// Renews a login's file (semantics 28): recorded before it is written, restarted, proven, or taken back; after a kill it finds out where it was. Tells no value.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Login, RenewalRun } from '../../shared/model/login.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { inspectFile, type RemoteFileFacts, restoreBackup, settle, writeFile } from '../cookies/index.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { pushedJarId, renewalOf, type StoredRenewal } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import type { Actions } from './actions.ts'
import type { AuditLog } from './audit-log.ts'
import type { HostSession } from './host-session.ts'
import { type HeldCandidate, type Logins, sha256Of, textOf, usesSudo } from './logins.ts'
import type { Prober } from './prober.ts'
import type { Publish } from './publish.ts'
import { keyOfUnit, restartConsumers, unitsUp } from './renewal-consumers.ts'
import { contentNow } from './renewal-content.ts'
import { proveLogin } from './renewal-proof.ts'
import { RenewalRecord } from './renewal-record.ts'
import type { Vault } from './vault.ts'

export interface RenewalsOptions {
  store: Store
  vault: Pick<Vault, 'put'>
  logins: Pick<Logins, 'candidate' | 'discard' | 'stored' | 'announce' | 'looked'>
  prober: Pick<Prober, 'probeNow'>
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  actions?: Pick<Actions, 'take'>
  audit: AuditLog
  clock: Clock
  log: Logger
  publish: Publish
  /** Starts what was stopped because the login was expired; told once a renewal is proven. */
  reactivate?: (loginId: string) => Promise<readonly Evidence[]>
}

interface Live {
  readonly login: Login
  readonly record: RenewalRecord
  readonly controller: AbortController
  readonly finish: ReturnType<AuditLog['begin']>
}

type Outcome = Exclude<RenewalRun['outcome'], 'running'>

export class Renewals implements Disposable {
  /** One came to its end. */
  readonly ended = new Emitter<{ login: Login; outcome: Outcome }>()
  readonly #options: RenewalsOptions
  readonly #log: Logger
  /** By login: one at a time. */
  readonly #live = new Map<string, Live>()

  constructor(options: RenewalsOptions) {
    this.#options = options
    this.#log = options.log.child('renewal')
  }

  /**
   * Records the renewal and begins it. Throws, with nothing sent, NOT_FOUND, CONFLICT (one is under way for this login), INVALID_INPUT (the new
   * cookies have problems) or NOT_CONNECTED.
   */
  renew(candidateId: string, { despiteProblems, actor }: { despiteProblems: boolean; actor: string }): RenewalRun {
    const { logins, store, audit, clock, session } = this.#options
    const held = logins.candidate(candidateId)
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
    logins.discard(candidateId)
    this.#log.info('renewal', { login: login.id, actor })
    void this.#guard(live, signal => this.#carryOut(live, held, signal))
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
    for (const run of store.logins.unfinishedRuns()) {
      const stored = store.logins.get(run.loginId)
      if (!stored || this.#live.has(run.loginId)) {
        const text = 'Quarterdeck ended in the middle of it, and its login is no longer there'
        const evidence = [...run.evidence, bad(text)]
        store.logins.updateRun({ ...run, outcome: 'failed', finishedAt: clock.now(), evidence })
        if (!stored) audit.resume({ actor: run.actor, verb: 'login.renew', actionRunId: run.id })('lost', text)
        continue
      }
      const { login } = stored
      const finish = audit.resume({ ...actOf(login, run), actionRunId: run.id })
      const live = this.#begin(login, run, finish)
      live.record.note({ ok: true, text: 'Quarterdeck ended in the middle of it, and took it up again' })
      void this.#guard(live, signal => this.#settle(live, signal))
    }
  }

  dispose(): void {
    for (const { controller } of this.#live.values()) controller.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
    this.ended.dispose()
  }

  #begin(login: Login, run: StoredRenewal, finish: Live['finish']): Live {
    const record = new RenewalRecord(run, this.#options)
    const live: Live = { login, record, controller: new AbortController(), finish }
    this.#live.set(login.id, live)
    record.publish()
    return live
  }

  async #carryOut(live: Live, held: HeldCandidate, signal: AbortSignal): Promise<void> {
    const { login, record } = live
    const { path } = login
    record.begin('read')
    const session = await this.#host(live, signal)
    const sudo = usesSudo(session)
    const facts = await inspectFile(session.link, path, { sudo })
    signal.throwIfAborted()
    const [problem] = facts.problems
    if (problem || facts.sha256 === null)
      return this.#fail(live, `${problem?.message ?? 'The file could not be read'}. ${problem?.hint ?? ''}`.trim())
    const content = contentNow(held, login, facts)
    const newSha256 = sha256Of(content)
    const up = await unitsUp(session, login.consumers)
    record.done(`${facts.bytes} bytes, ${facts.mode} ${facts.owner}:${facts.group}`)
    if (newSha256 === facts.sha256) {
      record.set({ oldSha256: facts.sha256, newSha256, up })
      for (const step of ['back-up', 'write', 'read-back'] as const)
        record.skip(step, 'The file holds just that already')
      return this.#goOn(live, Buffer.from(content).toString(), signal)
    }
    // from here on a kill may leave either file: both are known by their sums
    record.set({ oldSha256: facts.sha256, newSha256, up })
    record.begin('back-up')
    const result = await writeFile(session.link, path, { expectedSha256: facts.sha256, content, sudo })
    signal.throwIfAborted()
    if (result.ok) {
      record.set({ backup: result.backup })
      record.done(`The old file lies in ${result.backup}`)
      record.pass('write', `${content.length} bytes`)
      record.pass('read-back', `As written, ${facts.mode} ${facts.owner}:${facts.group}`)
      return this.#goOn(live, Buffer.from(content).toString(), signal)
    }
    if (result.backup !== null) record.set({ backup: result.backup })
    this.#log.warn('a file was not written', { login: login.id, step: result.step, code: result.code })
    if (result.present === 'unknown') return this.#settle(live, signal)
    const at = writeSteps.get(result.step) ?? 'back-up'
    if (at !== 'back-up') record.done(result.backup ? `The old file lies in ${result.backup}` : '')
    if (at === 'read-back') record.pass('write', '')
    record.begin(at)
    const message = `${result.message}. ${result.hint}`
    if (result.present !== 'new') return this.#fail(live, message)
    record.fail(message)
    return this.#rollBack(live, message, signal)
  }

  /** The end of a write, or of the engine, left it open: what lies there now is found out, and never written again. */
  async #settle(live: Live, signal: AbortSignal): Promise<void> {
    const { login, record } = live
    const { newSha256, oldSha256 } = record.run
    const wasRollingBack = record.has('roll-back')
    const session = await this.#host(live, signal)
    const facts = await settle(session.link, login.path, { sudo: usesSudo(session) })
    signal.throwIfAborted()
    if (newSha256 === null || (facts.sha256 === oldSha256 && oldSha256 !== newSha256)) {
      if (!wasRollingBack) return this.#fail(live, 'Nothing was changed: the old file is in place')
      record.begin('roll-back')
      return this.#afterRollBack(live, 'The renewal did not come through', signal)
    }
    if (facts.sha256 !== newSha256) {
      const what =
        facts.kind === 'missing' ? 'there is no file any more' : 'the file is neither the old nor the new one'
      return this.#fail(live, `It was interrupted, and ${what}: somebody else changed it`)
    }
    this.#placed(live, facts)
    if (wasRollingBack) return this.#rollBack(live, 'The renewal did not come through', signal)
    return this.#goOn(live, textOf(facts) ?? '', signal)
  }

  /** The new file was found in place after all. */
  #placed({ record }: Live, { backups }: RemoteFileFacts): void {
    const { oldSha256, newSha256, backup } = record.run
    if (oldSha256 === newSha256) return
    const old = backup ?? backups.at(-1) ?? null
    record.set({ backup: old })
    record.pass('back-up', old ? `The old file lies in ${old}` : 'No old file was found beside it')
    record.pass('write', 'The new file is in place')
    record.pass('read-back', 'As written')
  }

  /** The new file lies there: its consumers are restarted, and the site is asked. */
  async #goOn(live: Live, text: string, signal: AbortSignal): Promise<void> {
    const { logins, prober, clock } = this.#options
    const { login, record } = live
    const { oldSha256, newSha256 } = record.run
    record.begin('restart')
    const restarted = await this.#restart(live, signal)
    if (!restarted.ok) {
      const why = restarted.evidence.find(({ ok }) => !ok)?.text ?? 'A service did not come up'
      record.fail(why)
      return this.#rollBack(live, why, signal)
    }
    if (restarted.count > 0) record.done(`${counted(restarted.count)} restarted`)
    else record.skip('restart', login.consumers.length === 0 ? 'Nothing uses it' : 'Nothing that uses it runs')
    if (login.probe === null) {
      record.skip('prove', 'There is no address to prove it at')
      return this.#succeed(live, text, 'written')
    }
    record.begin('prove')
    const word = await proveLogin({
      ...{ login, oldSha256, newSha256: newSha256 ?? '', logins, prober, clock, signal },
    })
    const { verdict, message } = word
    if (verdict === 'valid') {
      record.done(message)
      return this.#succeed(live, text, 'verified')
    }
    if (verdict === 'expired' || verdict === 'challenged') {
      record.fail(message)
      return this.#rollBack(live, message, signal)
    }
    // the site's own trouble says nothing against the new file
    record.fail(`Not proven: ${message}`)
    return this.#succeed(live, text, 'written')
  }

  async #rollBack(live: Live, why: string, signal: AbortSignal): Promise<void> {
    const { login, record } = live
    const { backup, newSha256, oldSha256 } = record.run
    record.begin('roll-back')
    if (newSha256 === null || newSha256 === oldSha256) return this.#fail(live, 'The file was not changed')
    if (backup === null) return this.#fail(live, 'There is no old file to put back')
    const session = await this.#host(live, signal)
    const options = { sudo: usesSudo(session), expectedSha256: newSha256 }
    const result = await restoreBackup(session.link, login.path, backup, options)
    signal.throwIfAborted()
    if (!result.ok && result.present === 'unknown') {
      const again = await this.#host(live, signal)
      const facts = await settle(again.link, login.path, { sudo: usesSudo(again) })
      if (facts.sha256 === newSha256) return this.#rollBack(live, why, signal)
      if (facts.sha256 !== oldSha256) return this.#fail(live, 'It is not known what the file is now')
    } else if (!result.ok && result.present !== 'new') return this.#fail(live, `${result.message}. ${result.hint}`)
    return this.#afterRollBack(live, why, signal)
  }

  async #afterRollBack(live: Live, why: string, signal: AbortSignal): Promise<void> {
    const { prober } = this.#options
    const { login, record } = live
    const restarted = await this.#restart(live, signal)
    record.done(`The old file is back${restarted.count > 0 ? `, ${counted(restarted.count)} restarted` : ''}`)
    prober.probeNow(login.checkId)
    this.#end(live, 'rolled-back', why)
  }

  async #restart({ login, record }: Live, signal: AbortSignal) {
    const { store, session, actions = null, clock } = this.#options
    const deactivated = new Set((store.logins.get(login.id)?.deactivated ?? []).map(keyOfUnit))
    const up = new Set(record.run.up)
    const restarted = await restartConsumers({
      hostId: login.hostId,
      units: login.consumers,
      leave: unit => (deactivated.has(keyOfUnit(unit)) ? 'is started again once the login is proven' : null),
      wasUp: unit => up.has(keyOfUnit(unit)),
      session: () => session(login.hostId),
      ...{ actions, clock, signal },
    })
    for (const evidence of restarted.evidence) record.note(evidence)
    return restarted
  }

  async #succeed(live: Live, text: string, outcome: 'verified' | 'written'): Promise<void> {
    const { store, vault, clock, reactivate } = this.#options
    const { login, record } = live
    try {
      vault.put(pushedJarId(login.id), text)
    } catch (error) {
      const { message } = AppError.from(error)
      record.note(bad(`What was written could not be kept to be written again: ${message}`))
    }
    store.logins.setPushed(login.id, record.run.newSha256, clock.now())
    if (outcome === 'verified' && reactivate) for (const evidence of await reactivate(login.id)) record.note(evidence)
    live.controller.signal.throwIfAborted()
    this.#end(live, outcome, null)
  }

  #fail(live: Live, text: string): void {
    live.record.fail(text)
    this.#end(live, 'failed', text)
  }

  #end(live: Live, outcome: Outcome, why: string | null): void {
    const { login, record } = live
    const { store, logins } = this.#options
    this.#live.delete(login.id)
    try {
      store.transaction(() => {
        record.end(outcome)
        live.finish(auditOutcomes[outcome], `${outcomeWords[outcome]}${why === null ? '' : `: ${why}`}`.slice(0, 2_000))
      })
    } catch (error) {
      // a full disk must not keep the person from hearing how it ended
      this.#log.error('the end of a renewal could not be recorded', { login: login.id, error: String(error) })
    }
    this.#log.info('renewal ended', { login: login.id, outcome })
    record.publish()
    logins.announce(login.id)
    this.ended.emit({ login, outcome })
  }

  /** An abort by the engine's end leaves the run open for the next start; a bug ends it as one. */
  async #guard(live: Live, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = live.controller
    try {
      await work(signal)
    } catch (caught) {
      if (signal.aborted) return
      const error = AppError.from(caught)
      this.#log.warn('a renewal broke', { login: live.login.id, code: error.code })
      const { oldSha256, newSha256 } = live.record.run
      const where =
        newSha256 === null || newSha256 === oldSha256 ? 'Nothing was changed' : 'The new file may be in place'
      this.#fail(live, `${error.message}. ${where}.`)
    }
  }

  /** The host's session once it is connected; throws NOT_FOUND where the login went meanwhile. */
  async #host({ login }: Live, signal: AbortSignal): Promise<HostSession> {
    const { session, clock, logins } = this.#options
    for (;;) {
      signal.throwIfAborted()
      logins.stored(login.id)
      const host = session(login.hostId)
      // who may do what is known only once the host was asked
      if (host?.link.status.state === 'ready' && host.facts !== null) return host
      await sleep(clock, 500, signal)
    }
  }
}

/** In which of the shown steps the writing ended. */
const writeSteps: ReadonlyMap<string, 'back-up' | 'write' | 'read-back'> = new Map([
  ['compare', 'write'],
  ['rename', 'write'],
  ['settle', 'write'],
  ['read-back', 'read-back'],
])

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

const counted = (count: number): string => `${count} ${count === 1 ? 'service' : 'services'}`
const bad = (text: string): Evidence => ({ ok: false, text })

// The steps of one renewal (semantics 28): written, restarted, proven, or taken back; after a kill it finds out where it was. Keeps no list of renewals.
import { AppError } from '../../shared/errors.ts'
import type { Login, RenewalRun } from '../../shared/model/login.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { inspectFile, type RemoteFileFacts, restoreBackup, settle, writeFile } from '../cookies/index.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { pushedJarId } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import type { Actions } from './actions.ts'
import type { HostSession } from './host-session.ts'
import type { HeldCandidate } from './login-candidates.ts'
import { sha256Of, textOf, usesSudo } from './login-file.ts'
import type { Logins } from './logins.ts'
import type { Prober } from './prober.ts'
import { keyOfUnit, restartConsumers, unitsUp } from './renewal-consumers.ts'
import { contentNow } from './renewal-content.ts'
import { proveLogin } from './renewal-proof.ts'
import type { RenewalRecord } from './renewal-record.ts'
import type { Vault } from './vault.ts'

export interface RenewalStepsOptions {
  store: Store
  vault: Pick<Vault, 'put'>
  logins: Pick<Logins, 'stored' | 'looked'>
  prober: Pick<Prober, 'probeNow'>
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  actions?: Pick<Actions, 'take'>
  clock: Clock
  log: Logger
  /** Starts what was stopped because the login was expired; told once a renewal is proven. */
  reactivate?: (loginId: string) => Promise<readonly Evidence[]>
}

export interface LiveRenewal {
  readonly login: Login
  readonly record: RenewalRecord
}

/** How it ended, and why where it is not all well. */
export interface RenewalEnd {
  readonly outcome: Exclude<RenewalRun['outcome'], 'running'>
  readonly why: string | null
}

export class RenewalSteps {
  readonly #options: RenewalStepsOptions

  constructor(options: RenewalStepsOptions) {
    this.#options = options
  }

  /** Rejects when `signal` aborts, and where the host or the login is gone for good. */
  async carryOut(live: LiveRenewal, held: HeldCandidate, signal: AbortSignal): Promise<RenewalEnd> {
    const { login, record } = live
    const { path } = login
    record.begin('read')
    const session = await this.#host(live, signal)
    const sudo = usesSudo(session)
    const facts = await inspectFile(session.link, path, { sudo })
    signal.throwIfAborted()
    const [problem] = facts.problems
    if (problem || facts.sha256 === null)
      return failed(live, `${problem?.message ?? 'The file could not be read'}. ${problem?.hint ?? ''}`.trim())
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
    this.#options.log.warn('a file was not written', { login: login.id, step: result.step, code: result.code })
    if (result.present === 'unknown') return this.settle(live, signal)
    const at = writeSteps.get(result.step) ?? 'back-up'
    if (at !== 'back-up') record.done(result.backup ? `The old file lies in ${result.backup}` : '')
    if (at === 'read-back') record.pass('write', '')
    record.begin(at)
    const message = `${result.message}. ${result.hint}`
    if (result.present !== 'new') return failed(live, message)
    record.fail(message)
    return this.#rollBack(live, message, signal)
  }

  /** The end of a write, or of the engine, left it open: what lies there now is found out, and never written again. */
  async settle(live: LiveRenewal, signal: AbortSignal): Promise<RenewalEnd> {
    const { login, record } = live
    const { newSha256, oldSha256 } = record.run
    const wasRollingBack = record.has('roll-back')
    const session = await this.#host(live, signal)
    const facts = await settle(session.link, login.path, { sudo: usesSudo(session) })
    signal.throwIfAborted()
    if (newSha256 === null || (facts.sha256 === oldSha256 && oldSha256 !== newSha256)) {
      if (!wasRollingBack) return failed(live, 'Nothing was changed: the old file is in place')
      record.begin('roll-back')
      return this.#afterRollBack(live, 'The renewal did not come through', signal)
    }
    if (facts.sha256 !== newSha256) {
      const what =
        facts.kind === 'missing' ? 'there is no file any more' : 'the file is neither the old nor the new one'
      return failed(live, `It was interrupted, and ${what}: somebody else changed it`)
    }
    placed(live, facts)
    if (wasRollingBack) return this.#rollBack(live, 'The renewal did not come through', signal)
    return this.#goOn(live, textOf(facts) ?? '', signal)
  }

  /** The new file lies there: its consumers are restarted, and the site is asked. */
  async #goOn(live: LiveRenewal, text: string, signal: AbortSignal): Promise<RenewalEnd> {
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
      return this.#succeed(live, text, 'written', signal)
    }
    record.begin('prove')
    const word = await proveLogin({
      ...{ login, oldSha256, newSha256: newSha256 ?? '', logins, prober, clock, signal },
    })
    const { verdict, message } = word
    if (word.overwritten) return failed(live, message)
    if (verdict === 'valid') {
      record.done(message)
      return this.#succeed(live, text, 'verified', signal)
    }
    if (verdict === 'expired' || verdict === 'challenged') {
      record.fail(message)
      return this.#rollBack(live, message, signal)
    }
    // the site's own trouble says nothing against the new file
    record.fail(`Not proven: ${message}`)
    return this.#succeed(live, text, 'written', signal)
  }

  async #rollBack(live: LiveRenewal, why: string, signal: AbortSignal): Promise<RenewalEnd> {
    const { login, record } = live
    const { backup, newSha256, oldSha256 } = record.run
    record.begin('roll-back')
    if (newSha256 === null || newSha256 === oldSha256) return failed(live, 'The file was not changed')
    if (backup === null) return failed(live, 'There is no old file to put back')
    const session = await this.#host(live, signal)
    const options = { sudo: usesSudo(session), expectedSha256: newSha256 }
    const result = await restoreBackup(session.link, login.path, backup, options)
    signal.throwIfAborted()
    if (!result.ok && result.present === 'unknown') {
      const again = await this.#host(live, signal)
      const facts = await settle(again.link, login.path, { sudo: usesSudo(again) })
      if (facts.sha256 === newSha256) return this.#rollBack(live, why, signal)
      if (facts.sha256 !== oldSha256) return failed(live, 'It is not known what the file is now')
    } else if (!result.ok && result.present !== 'new') return failed(live, `${result.message}. ${result.hint}`)
    return this.#afterRollBack(live, why, signal)
  }

  async #afterRollBack(live: LiveRenewal, why: string, signal: AbortSignal): Promise<RenewalEnd> {
    const { prober } = this.#options
    const { login, record } = live
    const { ok, count, evidence } = await this.#restart(live, signal)
    const down = ok ? '' : `; ${evidence.find(one => !one.ok)?.text ?? 'a service did not come up'}`
    record.done(`The old file is back${count > 0 ? `, ${counted(count)} restarted` : ''}${down}`)
    prober.probeNow(login.checkId)
    return { outcome: 'rolled-back', why: `${why}${down}` }
  }

  async #restart({ login, record }: LiveRenewal, signal: AbortSignal) {
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

  async #succeed(
    { login, record }: LiveRenewal,
    text: string,
    outcome: 'verified' | 'written',
    signal: AbortSignal,
  ): Promise<RenewalEnd> {
    const { store, vault, logins, clock } = this.#options
    // nothing is kept for a login that was removed meanwhile, nor for one that looks after another file now
    if (logins.stored(login.id).login.path !== login.path)
      return failed({ login, record }, 'The new file is in place, but the login looks after another file now')
    try {
      vault.put(pushedJarId(login.id), text)
    } catch (error) {
      const { message } = AppError.from(error)
      record.note(bad(`What was written could not be kept to be written again: ${message}`))
    }
    store.logins.setPushed(login.id, record.run.newSha256, clock.now())
    // where nothing can ever prove it, the person who renewed it is the proof
    if (outcome === 'verified' || login.probe === null) await this.#reactivate({ login, record })
    signal.throwIfAborted()
    return { outcome, why: null }
  }

  /** What cannot be started again now is at the next proof; the file is written and good all the same. */
  async #reactivate({ login, record }: LiveRenewal): Promise<void> {
    const { reactivate } = this.#options
    try {
      if (reactivate) for (const evidence of await reactivate(login.id)) record.note(evidence)
    } catch (error) {
      const { message } = AppError.from(error)
      record.note(bad(`What was stopped could not be started again: ${message}`))
    }
  }

  /** The host's session once it is connected; throws NOT_FOUND where the login went meanwhile. */
  async #host({ login }: LiveRenewal, signal: AbortSignal): Promise<HostSession> {
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

function failed({ record }: LiveRenewal, why: string): RenewalEnd {
  record.fail(why)
  return { outcome: 'failed', why }
}

/** The new file was found in place after all. */
function placed({ record }: LiveRenewal, { backups }: RemoteFileFacts): void {
  const { oldSha256, newSha256, backup } = record.run
  if (oldSha256 === newSha256) return
  const old = backup ?? backups.at(-1) ?? null
  record.set({ backup: old })
  record.pass('back-up', old ? `The old file lies in ${old}` : 'No old file was found beside it')
  record.pass('write', 'The new file is in place')
  record.pass('read-back', 'As written')
}

/** In which of the shown steps the writing ended. */
const writeSteps: ReadonlyMap<string, 'back-up' | 'write' | 'read-back'> = new Map([
  ['compare', 'write'],
  ['rename', 'write'],
  ['settle', 'write'],
  ['read-back', 'read-back'],
])

const counted = (count: number): string => `${count} ${count === 1 ? 'service' : 'services'}`
const bad = (text: string): Evidence => ({ ok: false, text })

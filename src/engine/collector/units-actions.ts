// Acts on units by the best right there is: the manager itself, a privileged bus, sudo systemctl; knows nothing of verification.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import { UnitName, type UnitScope, type UnitVerb } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import { accessDenied, notInstallable, saysNotInstallable, systemctlFailure } from '../parse/systemd-error.ts'
import type { ActResult, Link } from '../ports.ts'
import { bridgeRoute } from './dbus-routes.ts'
import { startDbus } from './dbus-start.ts'
import { SystemdCalls } from './dbus-systemd.ts'
import { systemBusPath } from './facts.ts'
import type { DbusWatch } from './units-dbus.ts'
import { actOverBus } from './units-job.ts'

/** A privileged bus is kept ready so long after it was used. */
const privilegedIdleMs = 120_000
/** Jobs may take as long as their unit's own timeouts. */
const systemctlTimeoutMs = 600_000

export interface ActionsOptions {
  readonly link: Link
  readonly host: Host
  readonly scope: UnitScope
  readonly uid: number
  readonly clock: Clock
  readonly generation: number
}

export class UnitActions implements Disposable {
  readonly #options: ActionsOptions
  #privileged: Promise<SystemdCalls> | null = null
  #idle: Disposable | null = null
  /** Set when the host has no bridge, or sudo does not allow it. */
  #noBridge = false
  #done = false

  constructor(options: ActionsOptions) {
    this.#options = options
  }

  /** `watch` is the scope's own bus, null where units are watched by polling. Rejects only with CANCELLED. */
  async act(watch: DbusWatch | null, verb: UnitVerb, name: string, signal?: AbortSignal): Promise<ActResult> {
    if (!UnitName.safeParse(name).success)
      return { kind: 'refused', error: { code: 'INVALID_INPUT', message: 'This is not a unit name.' } }
    if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled before anything was sent')
    const { link, host, scope, uid, generation } = this.#options
    if (link.status.generation !== generation || link.status.state !== 'ready')
      return { kind: 'refused', error: { code: 'NOT_CONNECTED', message: 'Not connected to the host.' } }
    if (scope === 'user' || uid === 0)
      return watch
        ? await actOverBus(watch.calls, watch, verb, name, signal)
        : await this.#systemctl(verb, name, false, signal)
    const bySudo = host.sudo === 'none' ? null : await this.#actBySudo(watch, verb, name, signal)
    if (bySudo && !(bySudo.kind === 'refused' && isSudoTrouble(bySudo))) return bySudo
    // polkit may allow what sudo does not.
    const plain = watch
      ? await actOverBus(watch.calls, watch, verb, name, signal)
      : await this.#systemctl(verb, name, false, signal)
    if (plain.kind !== 'refused' || plain.error.code !== 'ACCESS_DENIED') return plain
    const denied = accessDenied(verb, name, host.user)
    if (bySudo?.kind !== 'refused') return { kind: 'refused', error: denied }
    return { kind: 'refused', error: { ...denied, message: `${denied.message} ${bySudo.error.message}.` } }
  }

  dispose(): void {
    this.#done = true
    this.#release()
  }

  async #actBySudo(
    watch: DbusWatch | null,
    verb: UnitVerb,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<ActResult> {
    if (watch && !this.#noBridge) {
      try {
        const calls = await this.#privilegedBus()
        const result = await actOverBus(calls, watch, verb, name, signal)
        this.#keepFor()
        return result
      } catch (caught) {
        const error = AppError.from(caught)
        if (error.code === 'CANCELLED') throw error
        if (error.code === 'SUDO_PASSWORD_WRONG') return { kind: 'refused', error: error.toShape() }
        if (error.code === 'NOT_CONNECTED' || this.#isStale()) return { kind: 'refused', error: error.toShape() }
        // Nothing was sent yet: the bridge is not there, or sudo allows other commands only.
        this.#noBridge = true
      }
    }
    return await this.#systemctl(verb, name, true, signal)
  }

  /** Exactly the command that a sudoers line for this one unit would name. */
  async #systemctl(verb: UnitVerb, name: string, sudo: boolean, signal?: AbortSignal): Promise<ActResult> {
    const { link, scope, uid } = this.#options
    const user = scope === 'user' ? ['env', `XDG_RUNTIME_DIR=/run/user/${uid}`] : []
    const argv = [...user, 'systemctl', ...(scope === 'user' ? ['--user'] : []), verb, name]
    try {
      const result = await link.exec(argv, { sudo, timeout: systemctlTimeoutMs, maxBytes: 64 * 1024, signal })
      if (result.lost || result.timedOut || result.exit === null) return { kind: 'lost' }
      const complaint = new TextDecoder().decode(result.stderr)
      if (result.exit === 0 && verb === 'enable' && saysNotInstallable(complaint))
        return { kind: 'refused', error: notInstallable(name) }
      if (result.exit === 0) return { kind: 'done', job: jobVerbs.has(verb) ? 'done' : null }
      const failure = systemctlFailure(complaint, verb, name)
      return failure.kind === 'job' ? { kind: 'done', job: failure.job } : failure
    } catch (caught) {
      const error = AppError.from(caught)
      if (error.code === 'CANCELLED') throw error
      if (error.code === 'LINK_LOST') return { kind: 'lost' }
      return { kind: 'refused', error: error.toShape() }
    }
  }

  #privilegedBus(): Promise<SystemdCalls> {
    this.#idle?.dispose()
    this.#privileged ??= this.#openPrivileged()
    return this.#privileged
  }

  async #openPrivileged(): Promise<SystemdCalls> {
    const { link, clock } = this.#options
    try {
      const stream = await bridgeRoute(link, systemBusPath, true)
      const { connection, hello } = startDbus(stream, { clock, uid: 0 })
      void connection.closed.then(() => this.#release())
      const refused = await hello
      if (refused) {
        await connection.dispose()
        throw refused
      }
      return new SystemdCalls(connection)
    } catch (error) {
      this.#privileged = null
      throw error
    }
  }

  #keepFor(): void {
    this.#idle?.dispose()
    if (this.#done) this.#release()
    else this.#idle = this.#options.clock.after(privilegedIdleMs, () => this.#release())
  }

  #release(): void {
    this.#idle?.dispose()
    this.#idle = null
    const privileged = this.#privileged
    this.#privileged = null
    void privileged?.then(calls => calls.connection.dispose()).catch(() => undefined)
  }

  #isStale(): boolean {
    const { link, generation } = this.#options
    return link.status.generation !== generation || link.status.state !== 'ready'
  }
}

const jobVerbs: ReadonlySet<UnitVerb> = new Set(['start', 'stop', 'restart', 'reload'])

function isSudoTrouble(result: { error: { code: string } }): boolean {
  return result.error.code === 'SUDO_MISSING' || result.error.code === 'ACCESS_DENIED'
}

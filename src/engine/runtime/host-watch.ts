// Feeds how each host can be reached into its built-in check, at once and every few seconds; knows nothing of how a link is made.
import type { Check } from '../../shared/model/check.ts'
import type { ConnectionStatus } from '../../shared/model/host.ts'
import { judgeReach, type Reach } from '../domain/host-reach.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { HostSession } from './host-session.ts'
import type { Prober } from './prober.ts'

interface Watched {
  readonly session: HostSession
  /** Why the last attempt failed, while the next one runs. */
  trouble: ConnectionStatus['error']
  /** What was fed last: only a change is fed at once, so that quick attempts count no faster than slow ones. */
  fed: Reach['status'] | null
}

export class HostWatch implements Disposable {
  readonly #prober: Prober
  readonly #suspect: () => boolean
  readonly #watched = new Map<string, Watched>()
  /** A host's reach may have changed. Heard before the check is fed: this computer's own network is judged first (R18). */
  readonly changed = new Emitter<string>()

  /** `suspect`: is it open whether this computer itself has lost its network? */
  constructor(prober: Prober, suspect: () => boolean = () => false) {
    this.#prober = prober
    this.#suspect = suspect
  }

  attach(session: HostSession): Disposable {
    const { id } = session.host
    const watched: Watched = { session, trouble: null, fed: this.#watched.get(id)?.fed ?? null }
    this.#watched.set(id, watched)
    const listener = session.link.onStatus(status => this.#onStatus(watched, status))
    return {
      dispose: () => {
        listener.dispose()
        if (this.#watched.get(id) === watched) this.#watched.delete(id)
      },
    }
  }

  /** The built-in check of a host came due. */
  look(check: Check): void {
    const watched = this.#watched.get(check.hostId)
    if (watched) this.#feed(watched, check)
  }

  /** How the host stands as seen from here; null while it has no session. A host behind one that is gone is not known. */
  reach(hostId: string): Reach | null {
    const watched = this.#watched.get(hostId)
    if (!watched) return null
    const { link, host } = watched.session
    const own = judgeReach(link.status, watched.trouble)
    const jump = own.status === 'unhealthy' && host.jump !== null ? this.#watched.get(host.jump) : undefined
    if (!jump || jump.session.link.status.state === 'ready') return own
    const message = `It is reached through ${jump.session.host.name}, which is not connected`
    return { status: 'unknown', message, cause: 'network', answers: null }
  }

  dispose(): void {
    this.changed.dispose()
    this.#watched.clear()
  }

  #onStatus(watched: Watched, status: ConnectionStatus): void {
    if (status.state === 'ready' || status.state === 'idle') watched.trouble = null
    else if (status.error) watched.trouble = status.error
    const { id } = watched.session.host
    this.changed.emit(id)
    const reach = this.reach(id)
    if (!reach || reach.status === watched.fed) return
    const [check] = this.#prober.checksOf(id, 'host-reachable')
    if (check?.enabled) this.#feed(watched, check)
    if (status.state === 'ready') this.#prober.hurryHost(id)
  }

  #feed(watched: Watched, check: Check): void {
    const reach = this.reach(watched.session.host.id)
    if (!reach) return
    watched.fed = reach.status
    const { status, message, cause } = reach
    // what may be this computer's own trouble is held against no host (R18)
    if (status === 'unhealthy' && reach.answers === false && this.#suspect())
      this.#prober.record(check, null, {
        status: 'unknown',
        message: 'No host can be reached just now',
        cause: 'network',
      })
    else this.#prober.record(check, null, { status, message, cause })
  }
}

// Removes a host on a person's word, and first has what a login stopped on it started again; knows not how services are started.
import type { HostRemoval as Removal } from '../../shared/model/host.ts'
import type { Store } from '../store/store.ts'
import type { Deactivation } from './deactivation.ts'
import type { Fleet } from './fleet.ts'

export interface HostRemovalOptions {
  fleet: Pick<Fleet, 'judgeRemoval' | 'remove'>
  logins: Pick<Store['logins'], 'list'>
  deactivation: Pick<Deactivation, 'hold' | 'release'>
}

export class HostRemoval {
  readonly #options: HostRemovalOptions

  constructor(options: HostRemovalOptions) {
    this.#options = options
  }

  /** Rejects as `fleet.judgeRemoval` and `deactivation.release` do: then the host stays. */
  async remove({ id, startServices }: Removal): Promise<void> {
    const { fleet, logins, deactivation } = this.#options
    fleet.judgeRemoval(id)
    // a look at an expired login must not stop again what was just started
    const held = deactivation.hold(id)
    try {
      const own = startServices ? logins.list().filter(({ login }) => login.hostId === id) : []
      for (const { login } of own) await deactivation.release(login.id, 'person')
      await fleet.remove(id)
    } finally {
      held.dispose()
    }
  }
}

// Removes a host on a person's word, once nothing is half done on it, and what a login stopped is started again; knows not how any of that is done.
import { AppError } from '../../shared/errors.ts'
import type { HostRemoval as Removal } from '../../shared/model/host.ts'
import { isUntouched } from '../domain/maintenance-run.ts'
import type { Store } from '../store/store.ts'
import type { Deactivation } from './deactivation.ts'
import type { Fleet } from './fleet.ts'
import type { MaintenanceRunner } from './maintenance-runner.ts'
import type { Renewals } from './renewal.ts'
import type { RestoreRunner } from './restore-runner.ts'

export interface HostRemovalOptions {
  fleet: Pick<Fleet, 'judgeRemoval' | 'remove' | 'peek' | 'host'>
  store: {
    logins: Pick<Store['logins'], 'list'>
    maintenance: Pick<Store['maintenance'], 'list'>
    backups: Pick<Store['backups'], 'get'>
  }
  restores: Pick<RestoreRunner, 'underWay'>
  maintenance: Pick<MaintenanceRunner, 'running'>
  renewals: Pick<Renewals, 'isRunning'>
  deactivation: Pick<Deactivation, 'hold' | 'release'>
}

/** Something that was begun on a host, and the services that it may have stopped for now. */
interface Unfinished {
  readonly what: string
  readonly units: string[]
}

export class HostRemoval {
  readonly #options: HostRemovalOptions

  constructor(options: HostRemovalOptions) {
    this.#options = options
  }

  /** Rejects as `fleet.judgeRemoval` and `deactivation.release` do, and with CONFLICT while something is half done: then the host stays. */
  async remove(removal: Removal): Promise<void> {
    const { fleet, store, deactivation } = this.#options
    const { id, startServices } = removal
    fleet.judgeRemoval(id)
    this.#refuseHalfDone(removal)
    // a look at an expired login must not stop again what was just started
    const held = deactivation.hold(id)
    try {
      const own = startServices ? store.logins.list().filter(({ login }) => login.hostId === id) : []
      for (const { login } of own) await deactivation.release(login.id, 'person')
      // meanwhile something may have begun; from the next line on nothing does
      this.#refuseHalfDone(removal)
      await fleet.remove(id)
    } finally {
      held.dispose()
    }
  }

  #refuseHalfDone({ id, despiteUnfinished }: Removal): void {
    const { fleet } = this.#options
    const all = this.unfinished(id)
    if (all.length === 0) return
    const { name } = fleet.host(id)
    const what = capitalised(`${all.map(one => one.what).join(' and ')} ${all.length === 1 ? 'is' : 'are'}`)
    const isAway = fleet.peek(id)?.link.status.state !== 'ready'
    if (!isAway)
      throw new AppError('CONFLICT', `${what} under way on ${name}`, {
        hint: all.length === 1 ? 'Cancel it, or wait until it is over.' : 'Cancel them, or wait until they are over.',
      })
    // only the host could tell or do the rest of it, and it may never be back
    if (despiteUnfinished) return
    const units = all.flatMap(one => one.units)
    const down = units.length > 0 ? `; ${units.join(', ')} may be stopped there` : ''
    throw new AppError('CONFLICT', `${what} half done on ${name}, which is not connected${down}`, {
      hint: 'Connect the host first, so that it comes to its end; or remove the host all the same, and see to the rest on it yourself.',
      detail: { despite: 'unfinished' },
    })
  }

  /** What is under way on a host that could not just be left. What only waits for its host or its turn has begun nothing there: it is called off with the host. */
  unfinished(hostId: string): Unfinished[] {
    const { store, restores, maintenance, renewals } = this.#options
    const restoring = restores.underWay(hostId).map(({ backupId, unit, wasUp, reached }) => ({
      what: `a restore of ${store.backups.get(backupId)?.backup.name ?? backupId}`,
      units: unit && wasUp && reached !== 'verify' ? [unit.name] : [],
    }))
    const tasks = store.maintenance.list().flatMap(({ task }) => {
      const run = task.hostId === hostId ? maintenance.running(task.id) : null
      if (!run || isUntouched(run)) return []
      return [{ what: `the task ${task.name}`, units: run.stopped.map(({ name }) => name) }]
    })
    const renewing = store.logins.list().flatMap(({ login }) => {
      const isRunning = login.hostId === hostId && renewals.isRunning(login.id)
      return isRunning ? [{ what: `a renewal of ${login.name}`, units: [] }] : []
    })
    return [...restoring, ...tasks, ...renewing]
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

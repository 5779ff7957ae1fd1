// The contract's handlers for the engine itself, its settings and its vault.
import type { SettingsChange } from '../../shared/model/settings.ts'
import { cronProblem, cronTimes } from '../lib/cron.ts'
import type { Services } from './services.ts'

/** How the app looks, and that it was welcomed, are nobody's concern later. */
const unaudited: ReadonlySet<string> = new Set(['theme', 'firstRunDone'])

export const engineHandlers = ({ health, settings, vault, fleet, hostRemoval, audit, clock }: Services) => ({
  'engine.health': () => health(),
  'engine.unfinished': () =>
    fleet
      .views()
      // what waits for its host is not nearer to its end for being waited for
      .filter(({ connection }) => connection.state === 'ready')
      .flatMap(({ host }) => hostRemoval.unfinished(host.id).map(one => ({ ...one, hostName: host.name }))),
  'settings.get': () => settings.get(),
  'settings.set': (change: SettingsChange) => {
    const changed = settings.set(change)
    const names = Object.keys(change).filter(name => !unaudited.has(name))
    if (names.length > 0) audit.record({ actor: 'person', verb: 'settings.change', target: names.join(', ') })
    return changed
  },
  'schedule.times': ({ cron, zone }: { cron: string; zone: string }) => {
    const problem = cronProblem(cron, zone)
    const times: number[] = []
    while (problem === null && times.length < 3) {
      const next = cronTimes.next(cron, zone, times.at(-1) ?? clock.now())
      if (next === null) break
      times.push(next)
    }
    return { times, problem }
  },
  'vault.status': () => vault.status(),
  'vault.create': async ({ passphrase }: { passphrase: string | null }) => {
    const status = await vault.create(passphrase)
    audit.record({ actor: 'person', verb: 'vault.create' })
    fleet.onVaultUnlocked()
    return status
  },
  'vault.unlock': async ({ passphrase }: { passphrase: string }) => {
    const status = await vault.unlock(passphrase)
    audit.record({ actor: 'person', verb: 'vault.unlock' })
    fleet.onVaultUnlocked()
    return status
  },
  'vault.reset': () => {
    const status = vault.reset(clock.now())
    audit.record({ actor: 'person', verb: 'vault.reset' })
    return status
  },
})

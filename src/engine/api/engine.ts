// The contract's handlers for the engine itself, its settings and its vault.
import type { Services } from './services.ts'

export const engineHandlers = ({ health, settings, vault, fleet, store, clock }: Services) => ({
  'engine.health': () => health(),
  'settings.get': () => settings.get(),
  'settings.set': (change: Parameters<typeof settings.set>[0]) => settings.set(change),
  'vault.status': () => vault.status(),
  'vault.create': async ({ passphrase }: { passphrase: string | null }) => {
    const status = await vault.create(passphrase)
    const at = clock.now()
    store.audit.insert({ at, finishedAt: at, actor: 'person', verb: 'vault.create', outcome: 'verified' })
    fleet.onVaultUnlocked()
    return status
  },
  'vault.unlock': async ({ passphrase }: { passphrase: string }) => {
    const status = await vault.unlock(passphrase)
    fleet.onVaultUnlocked()
    return status
  },
})

// The contract's handlers for the engine itself, its settings and its vault.
import type { Services } from './services.ts'

export const engineHandlers = ({ health, settings, vault, fleet, audit }: Services) => ({
  'engine.health': () => health(),
  'settings.get': () => settings.get(),
  'settings.set': (change: Parameters<typeof settings.set>[0]) => settings.set(change),
  'vault.status': () => vault.status(),
  'vault.create': async ({ passphrase }: { passphrase: string | null }) => {
    const status = await vault.create(passphrase)
    audit.record({ actor: 'person', verb: 'vault.create' })
    fleet.onVaultUnlocked()
    return status
  },
  'vault.unlock': async ({ passphrase }: { passphrase: string }) => {
    const status = await vault.unlock(passphrase)
    fleet.onVaultUnlocked()
    return status
  },
})

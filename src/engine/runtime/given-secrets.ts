// The secrets with which a connection is tried: those a person has just typed come first. Keeps none of them.
import type { HostSecrets } from '../../shared/model/host.ts'
import type { SecretSource } from '../ports.ts'

/**
 * What a person has just typed, else what the vault holds for the host that is being edited; but no stored password unless the draft names
 * the `same` user and server that it was given for.
 */
export function givenOrStored(given: HostSecrets, stored: SecretSource | null, same: boolean): SecretSource {
  return {
    hostSecret: async (hostId, kind) => {
      const value = given[kind]
      if (value !== undefined) return value
      if (!same && kind !== 'passphrase') return null
      return (await stored?.hostSecret(hostId, kind)) ?? null
    },
  }
}

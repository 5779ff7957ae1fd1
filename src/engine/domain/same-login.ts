// Decides whether a changed host is still the one that its password was given for; knows no passwords.
import type { HostDraft, HostSecrets } from '../../shared/model/host.ts'

type Destination = Pick<HostDraft, 'address' | 'port' | 'user'>

/** A stored password is for one user of one server, and is never sent to another that merely has the same entry in the list. */
export function sameLogin(a: Destination, b: Destination): boolean {
  return a.address.toLowerCase() === b.address.toLowerCase() && a.port === b.port && a.user === b.user
}

/** The secrets that leave this computer. A key's passphrase does not, and may stay. */
export const sentSecrets = ['password', 'sudoPassword'] as const satisfies readonly (keyof HostSecrets)[]

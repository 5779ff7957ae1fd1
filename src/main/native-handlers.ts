// Answers what the engine asks of the shell: notifications, the tray, the desktop's keyring. Knows nothing of hosts.
import type { NativeContract } from '../shared/contract/native.ts'
import type { Handlers } from '../shared/rpc/server.ts'
import type { Notifications } from './notification-way.ts'
import type { AppTray } from './tray.ts'
import type { Vault } from './vault.ts'

export interface NativeContext {
  readonly notifications: Notifications
  readonly tray: () => AppTray | null
  readonly vault: Vault
}

/** The handlers of the native contract. */
export function nativeHandlers({ notifications, tray, vault }: NativeContext): Handlers<NativeContract> {
  return {
    'notification.show': notification => notifications.show(notification),
    'tray.set': summary => tray()?.set(summary),
    'keyring.status': () => vault.status(),
    'keyring.wrap': plain => vault.wrap(plain),
    'keyring.unwrap': wrapped => vault.unwrap(wrapped),
  }
}

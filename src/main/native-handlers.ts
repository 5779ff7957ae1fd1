// Answers what the engine asks of the shell: notifications, the tray, the desktop's keyring, login windows. Knows nothing of hosts.
import type { NativeContract } from '../shared/contract/native.ts'
import type { Handlers } from '../shared/rpc/server.ts'
import type { KeptKey } from './kept-key.ts'
import type { LoginWindows } from './login-window.ts'
import type { Notifications } from './notification-way.ts'
import type { AppTray } from './tray.ts'
import type { Vault } from './vault.ts'

export interface NativeContext {
  readonly notifications: Notifications
  readonly tray: () => AppTray | null
  readonly vault: Vault
  readonly key: KeptKey
  readonly logins: LoginWindows
}

/** The handlers of the native contract. */
export function nativeHandlers({ notifications, tray, vault, key, logins }: NativeContext): Handlers<NativeContract> {
  return {
    'notification.show': notification => notifications.show(notification),
    'tray.set': summary => tray()?.set(summary),
    'keyring.status': () => vault.status(),
    'keyring.wrap': plain => vault.wrap(plain),
    'keyring.unwrap': wrapped => vault.unwrap(wrapped),
    'vault.keepKey': given => key.keep(given),
    'vault.keptKey': () => key.kept(),
    'login.open': (request, { signal }) => logins.open(request, signal),
    'login.close': loginId => logins.close(loginId),
    'login.refresh': (request, { signal }) => logins.refresh(request, signal),
    'login.forget': loginId => logins.forget(loginId),
  }
}

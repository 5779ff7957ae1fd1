// The Native port over the contract with the Electron shell, and the smaller one for a machine without a desktop; knows nothing of Electron.
import type { NativeContract } from '../../shared/contract/native.ts'
import { AppError } from '../../shared/errors.ts'
import type { Client } from '../../shared/rpc/client.ts'
import { disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Native } from '../ports.ts'

export function nativeOver(client: Client<NativeContract>, log: Logger): Native {
  return {
    notify: notification => client.call('notification.show', notification),
    onActed: listener => disposable(client.on('notification.acted', listener)),
    setTray: summary => {
      client.call('tray.set', summary).catch(error => log.debug('tray was not set', { error: String(error) }))
    },
    keyringStatus: () => client.call('keyring.status', undefined),
    keyringWrap: plain => client.call('keyring.wrap', new Uint8Array(plain)),
    keyringUnwrap: wrapped => client.call('keyring.unwrap', new Uint8Array(wrapped)),
    keepKey: key => client.call('vault.keepKey', key === null ? null : new Uint8Array(key)),
    keptKey: () => client.call('vault.keptKey', undefined),
    openLogin: (request, signal) => client.call('login.open', request, signal),
    closeLogin: loginId => client.call('login.close', loginId),
    refreshLogin: (request, signal) => client.call('login.refresh', request, signal),
    forgetLogin: loginId => client.call('login.forget', loginId),
  }
}

/** Without a desktop: notifications become log lines, and the vault opens by passphrase only. */
export function headlessNative(log: Logger): Native {
  const unavailable = (): never => {
    throw new AppError('VAULT_UNAVAILABLE', 'There is no desktop keyring here', { hint: 'Use a passphrase.' })
  }
  const noWindow = async (): Promise<never> => {
    throw new AppError('UNSUPPORTED', 'There is no desktop here to log in on', {
      hint: 'Log in in your own browser, export the cookies there and paste them.',
    })
  }
  return {
    notify: async ({ title, body }) => {
      log.warn(title, { body })
      return { shown: false, reason: 'There is no desktop here' }
    },
    onActed: () => disposable(() => {}),
    setTray: () => {},
    keyringStatus: async () => ({ available: false, reason: 'There is no desktop here' }),
    keyringWrap: async () => unavailable(),
    keyringUnwrap: async () => unavailable(),
    // nobody here outlives the engine: its passphrase is asked for at each start
    keepKey: async () => {},
    keptKey: async () => null,
    openLogin: noWindow,
    closeLogin: noWindow,
    refreshLogin: noWindow,
    forgetLogin: noWindow,
  }
}

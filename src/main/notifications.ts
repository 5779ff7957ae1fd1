// Desktop notifications with buttons: by the desktop's own bus on Linux, whose buttons Electron may drop, else by Electron. Knows nothing of why one is sent.
import type { BusNotifications } from './bus-notifications.ts'
import { createElectronNotifications } from './electron-notifications.ts'
import type { NotificationCallbacks, NotificationOptions, Notifications } from './notification-way.ts'

export function createNotifications(options: NotificationOptions): Notifications {
  const electron = createElectronNotifications({ ...options, acted: pressed(options) })
  let bus: Promise<BusNotifications> | null = null
  // Loaded with the first notification: nothing of it is needed to open a window.
  const desktopBus = (): Promise<BusNotifications> => {
    bus ??= import('./bus-notifications.ts').then(({ createBusNotifications }) =>
      createBusNotifications({ ...options, acted: pressed(options) }),
    )
    return bus
  }
  return {
    async show(notification) {
      if (process.platform !== 'linux') return electron.show(notification)
      const byBus = await (await desktopBus()).show(notification)
      if (byBus.shown) return byBus
      const byElectron = await electron.show(notification)
      if (byElectron.shown) return byElectron
      options.log.warn('notification was not shown', { bus: byBus.reason, electron: byElectron.reason })
      return byBus
    },
    async dispose() {
      await Promise.all([electron.dispose(), bus?.then(opened => opened.dispose())])
    },
  }
}

/** "Open" is the shell's own affair; all other buttons are somebody else's. */
function pressed({ open, acted }: NotificationCallbacks): NotificationCallbacks['acted'] {
  return (notification, action) => (action === 'open' ? open(notification.route) : acted(notification, action))
}

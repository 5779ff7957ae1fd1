// Desktop notifications by Electron: shown, replaced by id, clicked. Knows nothing of why one is sent.
import { Notification } from 'electron'
import type { NativeNotification } from '../shared/contract/native.ts'
import type { Log } from './log.ts'

export interface Notifications {
  show(notification: NativeNotification): Promise<{ shown: boolean; reason: string | null }>
  dispose(): void
}

const maxShown = 100
const answerLimit = 3000

/** `open` is called with the route of a notification that was clicked. */
export function createNotifications(options: { icon: string; open: (route: string) => void; log: Log }): Notifications {
  const shown = new Map<string, Notification>()

  const forget = (id: string, notification: Notification): void => {
    if (shown.get(id) === notification) shown.delete(id)
  }

  return {
    async show({ id, title, body, urgency, route }) {
      if (!Notification.isSupported()) return { shown: false, reason: 'This desktop shows no notifications' }
      const previous = shown.get(id)
      shown.delete(id)
      previous?.close()
      // References are kept, or the click would be lost with the collected object; the oldest go first.
      if (shown.size >= maxShown) shown.delete(shown.keys().next().value ?? '')
      const notification = new Notification({
        title,
        body: process.platform === 'linux' ? escapeMarkup(body) : body,
        urgency,
        icon: options.icon,
        timeoutType: urgency === 'critical' ? 'never' : 'default',
      })
      shown.set(id, notification)
      notification.on('click', () => {
        forget(id, notification)
        options.open(route)
      })
      notification.on('close', () => forget(id, notification))
      const result = await answerOf(notification)
      if (!result.shown) {
        forget(id, notification)
        options.log.warn('notification failed', { reason: result.reason })
      }
      return result
    },
    dispose() {
      for (const notification of shown.values()) notification.close()
      shown.clear()
    },
  }
}

// `isSupported` is true even without a notification daemon; only the events tell.
function answerOf(notification: Notification): Promise<{ shown: boolean; reason: string | null }> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve({ shown: false, reason: 'The desktop did not answer' }), answerLimit)
    const settle = (result: { shown: boolean; reason: string | null }): void => {
      clearTimeout(timer)
      resolve(result)
    }
    notification.once('show', () => settle({ shown: true, reason: null }))
    notification.once('failed', (_event, error) =>
      settle({ shown: false, reason: error || 'The desktop has no notification service' }),
    )
    notification.show()
  })
}

// The body is markup to notification daemons, and names and messages come from hosts.
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

// Desktop notifications by Electron: shown, replaced by id, clicked, with buttons where Electron has them. Knows nothing of why one is sent.
import { Notification } from 'electron'
import { escapeMarkup } from './notification-markup.ts'
import type { NotificationOptions, Notifications, ShowResult } from './notification-way.ts'

const maxShown = 100
const answerLimit = 3000

export function createElectronNotifications({ icon, open, acted, log }: NotificationOptions): Notifications {
  const shown = new Map<string, Notification>()

  const forget = (id: string, notification: Notification): void => {
    if (shown.get(id) === notification) shown.delete(id)
  }

  return {
    async show(asked) {
      const { id, title, body, urgency, route, actions } = asked
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
        icon,
        timeoutType: urgency === 'critical' ? 'never' : 'default',
        actions: actions.map(action => ({ type: 'button', text: action.title })),
      })
      shown.set(id, notification)
      notification.on('click', () => {
        forget(id, notification)
        open(route)
      })
      notification.on('action', (...event: unknown[]) => {
        const action = actions[indexOf(event)]
        if (action) acted(asked, action.id)
      })
      notification.on('close', () => forget(id, notification))
      const result = await answerOf(notification)
      if (!result.shown) {
        forget(id, notification)
        log.warn('notification failed', { reason: result.reason })
      }
      return result
    },
    async dispose() {
      for (const notification of shown.values()) notification.close()
      shown.clear()
    },
  }
}

/** Which button: the second argument, and on newer ones also part of the event. */
function indexOf([details, index]: unknown[]): number {
  if (typeof index === 'number') return index
  const { actionIndex } = details as { actionIndex?: unknown }
  return typeof actionIndex === 'number' ? actionIndex : -1
}

// `isSupported` is true even without a notification daemon; only the events tell.
function answerOf(notification: Notification): Promise<ShowResult> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve({ shown: false, reason: 'The desktop did not answer' }), answerLimit)
    const settle = (result: ShowResult): void => {
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

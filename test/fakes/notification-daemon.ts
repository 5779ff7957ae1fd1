// A desktop's notification service (org.freedesktop.Notifications) that keeps what it was given and can act as the person does.
import dbus from 'dbus-next'

export interface ShownNotification {
  readonly id: number
  readonly replaces: number
  readonly app: string
  readonly summary: string
  readonly body: string
  /** Key and label in turn. */
  readonly actions: readonly string[]
  readonly urgency: number | null
  readonly at: number
}

export interface NotificationDaemon {
  /** All that were ever shown, oldest first. */
  readonly shown: readonly ShownNotification[]
  /** Ids that were closed by the app or by the person. */
  readonly closed: readonly number[]
  /** Waits for one that matches, also among those already shown. */
  waitFor(matches: (notification: ShownNotification) => boolean, limit?: number): Promise<ShownNotification>
  /** The person clicks it, or one of its buttons. */
  click(id: number, action?: string): void
  dismiss(id: number): void
  stop(): void
}

const { Interface } = dbus.interface

/** Puts the service on the bus at this address. */
export async function startNotificationDaemon(address: string): Promise<NotificationDaemon> {
  const bus = dbus.sessionBus({ busAddress: address })
  const shown: ShownNotification[] = []
  const closed: number[] = []
  const waiting = new Set<() => void>()

  class Notifications extends Interface {
    Notify(
      app: string,
      replaces: number,
      _icon: string,
      summary: string,
      body: string,
      actions: string[],
      hints: Record<string, dbus.Variant>,
    ): number {
      const id = replaces === 0 ? shown.length + 1 : replaces
      const urgency = hints.urgency ? Number(hints.urgency.value) : null
      shown.push({ id, replaces, app, summary, body, actions, urgency, at: Date.now() })
      for (const check of [...waiting]) check()
      return id
    }
    CloseNotification(id: number): void {
      closed.push(id)
      this.NotificationClosed(id, 3)
    }
    GetCapabilities(): string[] {
      return ['actions', 'body', 'body-markup', 'persistence']
    }
    GetServerInformation(): string[] {
      return ['quarterdeck-test', 'Quarterdeck tests', '1', '1.2']
    }
    ActionInvoked(id: number, action: string): unknown[] {
      return [id, action]
    }
    NotificationClosed(id: number, reason: number): unknown[] {
      return [id, reason]
    }
  }
  Notifications.configureMembers({
    methods: {
      Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
      CloseNotification: { inSignature: 'u', outSignature: '' },
      GetCapabilities: { inSignature: '', outSignature: 'as' },
      GetServerInformation: { inSignature: '', outSignature: 'ssss' },
    },
    signals: {
      ActionInvoked: { signature: 'us' },
      NotificationClosed: { signature: 'uu' },
    },
  })
  const service = new Notifications('org.freedesktop.Notifications')
  bus.export('/org/freedesktop/Notifications', service)
  await bus.requestName('org.freedesktop.Notifications', 0)

  return {
    shown,
    closed,
    waitFor(matches, limit = 10_000) {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          const found = shown.find(matches)
          if (!found) return
          waiting.delete(check)
          clearTimeout(timer)
          resolve(found)
        }
        const timer = setTimeout(() => {
          waiting.delete(check)
          reject(new Error(`No such notification within ${limit} ms; shown: ${JSON.stringify(shown)}`))
        }, limit)
        waiting.add(check)
        check()
      })
    },
    click: (id, action = 'default') => void service.ActionInvoked(id, action),
    dismiss(id) {
      closed.push(id)
      service.NotificationClosed(id, 2)
    },
    stop: () => bus.disconnect(),
  }
}

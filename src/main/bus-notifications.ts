// Desktop notifications by org.freedesktop.Notifications on the session bus, whose buttons come back to us. Knows neither Electron nor why one is sent.
import { Message, type MessageBus, sessionBus, Variant } from 'dbus-next'
import type { NativeNotification } from '../shared/contract/native.ts'
import type { Log } from './log.ts'
import { escapeMarkup } from './notification-markup.ts'
import type { NotificationCallbacks, Notifications } from './notification-way.ts'

export type BusNotifications = Notifications

export interface BusNotificationOptions extends NotificationCallbacks {
  readonly icon: string
  readonly log: Log
  /** The session's bus unless told. */
  readonly address?: string
}

interface Connection {
  readonly bus: MessageBus
  /** Bodies are markup, and buttons are shown. */
  readonly markup: boolean
  readonly buttons: boolean
}

const service = 'org.freedesktop.Notifications'
const path = '/org/freedesktop/Notifications'
const answerLimit = 3000
const closeLimit = 500
const maxKept = 200
const urgencies = { low: 0, normal: 1, critical: 2 } as const
/** What a click on the notification itself is called. */
const click = 'default'

export function createBusNotifications(options: BusNotificationOptions): BusNotifications {
  const { log, icon } = options
  /** By the desktop's number; what a press of a button means. */
  const shown = new Map<number, NativeNotification>()
  let connection: Promise<Connection> | null = null
  /** The service that shows ours: nobody else on the bus may press their buttons. */
  let owner: string | null = null
  let turn: Promise<unknown> = Promise.resolve()
  let ended = false
  let asking = false
  const early: Message[] = []

  const numberOf = (id: string): number => [...shown].find(([, { id: other }]) => other === id)?.[0] ?? 0

  const onMessage = (message: Message): void => {
    if (message.interface !== service || message.path !== path) return
    // It may be about the very one whose number is on its way here.
    if (asking && early.length < maxKept) early.push(message)
    else obey(message)
  }

  const obey = (message: Message): void => {
    if (message.sender !== owner) return
    const [number, detail] = message.body as [unknown, unknown]
    const notification = typeof number === 'number' ? shown.get(number) : undefined
    if (!notification) return
    if (message.member === 'NotificationClosed') shown.delete(number as number)
    if (message.member !== 'ActionInvoked' || typeof detail !== 'string') return
    log.info('notification pressed', { id: notification.id, action: detail })
    if (detail === click) options.open(notification.route)
    else if (notification.actions.some(({ id }) => id === detail)) options.acted(notification, detail)
  }

  const open = async (): Promise<Connection> => {
    const bus = sessionBus(options.address === undefined ? {} : { busAddress: options.address })
    const lost = (): void => {
      connection = null
      shown.clear()
    }
    try {
      // A bus that breaks emits `error`, which would end the shell if nobody listened.
      const broken = new Promise<never>((_resolve, reject) => {
        bus.on('error', error => {
          lost()
          reject(error instanceof Error ? error : new Error(String(error)))
        })
      })
      broken.catch(() => {})
      bus.on('message', onMessage)
      const rule = `type='signal',interface='${service}',path='${path}'`
      await Promise.race([askBus(bus, 'AddMatch', 's', [rule]), broken])
      const [words] = (await Promise.race([ask(bus, 'GetCapabilities', '', []), broken])).body as [unknown]
      const able = new Set(Array.isArray(words) ? words : [])
      return { bus, markup: able.has('body-markup'), buttons: able.has('actions') }
    } catch (error) {
      bus.disconnect()
      throw error
    }
  }

  const notify = async (notification: NativeNotification): Promise<void> => {
    connection ??= open()
    const { bus, markup, buttons } = await connection
    const { id, title, body, urgency, actions } = notification
    const named = actions.flatMap(action => [action.id, action.title])
    const reply = await ask(bus, 'Notify', 'susssasa{sv}i', [
      'Quarterdeck',
      numberOf(id),
      icon,
      title,
      markup ? escapeMarkup(body) : body,
      buttons ? [click, 'Open', ...named] : [],
      {
        urgency: new Variant('y', urgencies[urgency]),
        'desktop-entry': new Variant('s', 'quarterdeck'),
      },
      urgency === 'critical' ? 0 : -1,
    ])
    owner = reply.sender
    const [number] = reply.body as [number]
    shown.delete(number)
    shown.set(number, notification)
    // A desktop that never says that one was closed must not cost memory without end.
    if (shown.size > maxKept) shown.delete(shown.keys().next().value ?? 0)
  }

  return {
    show(notification) {
      // One after the other, so that the second of an incident knows the number of the first.
      const result = turn.then(async () => {
        if (ended) return { shown: false, reason: 'Quarterdeck ends' }
        try {
          asking = true
          await notify(notification)
          return { shown: true, reason: null }
        } catch (error) {
          const reason = reasonOf(error)
          log.info('the desktop bus shows no notification', { reason })
          // The next one looks again: a desktop may start its service late.
          void connection?.then(
            ({ bus }) => bus.disconnect(),
            () => {},
          )
          connection = null
          return { shown: false, reason }
        } finally {
          asking = false
          for (const message of early.splice(0)) obey(message)
        }
      })
      turn = result
      return result
    },
    async dispose() {
      ended = true
      const numbers = [...shown.keys()]
      shown.clear()
      const opened = await connection?.catch(() => null)
      if (!opened) return
      const closed = Promise.allSettled(numbers.map(number => ask(opened.bus, 'CloseNotification', 'u', [number])))
      await Promise.race([closed, new Promise(resolve => setTimeout(resolve, closeLimit))])
      opened.bus.disconnect()
    },
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const type = error instanceof Error && 'type' in error ? String(error.type) : ''
  if (/ServiceUnknown|NameHasNoOwner/.test(type)) return 'The desktop has no notification service'
  return /ECONNREFUSED|ENOENT|unknown bus address|DBUS_SESSION_BUS_ADDRESS/i.test(text)
    ? 'There is no desktop session to show it on'
    : `The desktop refused it: ${text}`
}

const ask = (bus: MessageBus, member: string, signature: string, body: unknown[]): Promise<Message> =>
  answered(bus, new Message({ destination: service, path, interface: service, member, signature, body }))

const askBus = (bus: MessageBus, member: string, signature: string, body: unknown[]): Promise<Message> => {
  const name = 'org.freedesktop.DBus'
  return answered(
    bus,
    new Message({ destination: name, path: '/org/freedesktop/DBus', interface: name, member, signature, body }),
  )
}

async function answered(bus: MessageBus, message: Message): Promise<Message> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('No answer on the session bus')), answerLimit)
  })
  try {
    const reply = await Promise.race([bus.call(message), late])
    if (!reply) throw new Error('No answer on the session bus')
    return reply
  } finally {
    clearTimeout(timer)
  }
}

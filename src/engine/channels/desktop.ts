// Shows messages on this computer's own desktop, with buttons; how that is done is the shell's affair, and what a button does the runtime's.
import { z } from 'zod'
import type { NewsItem, Notification } from '../../shared/model/channel.ts'
import { clip, messageText } from '../domain/notification-text.ts'
import { passing, permanent } from '../lib/send-failure.ts'
import { channelType } from './channel.ts'

const spec = z.object({
  stayOnScreen: z.boolean().default(true).meta({
    title: 'Critical ones stay',
    description: 'They stay on the screen until you close them, where the desktop can do so',
  }),
})

const ongoing: readonly NewsItem['kind'][] = ['firing', 'repeat', 'flapping', 'escalated']
const maxNamed = 6

export const desktop = channelType({
  type: 'desktop',
  title: 'This desktop',
  description: 'Notifications on this computer, with Restart, Acknowledge and Open',
  spec,
  addable: false,
  async send(context, { stayOnScreen }, notification) {
    const { heading, items } = messageText(notification, context.clock.now())
    const [only] = notification.items
    const single = notification.items.length === 1
    const body = single
      ? (items[0]?.body ?? '')
      : [
          ...items.slice(0, maxNamed).map(item => `${item.mark} ${item.title}`),
          ...(items.length > maxNamed ? [`… and ${items.length - maxNamed} more`] : []),
        ].join('\n')
    try {
      const { shown, reason } = await context.native.notify({
        id: idOf(notification),
        // the mark is for channels without colours of their own
        title: clip(single && only ? (items[0]?.title ?? heading) : heading, 200),
        body: clip(body, 2000),
        urgency: urgencyOf(notification, stayOnScreen),
        route: routeOf(notification),
        actions: single && only ? actionsOf(only) : [],
      })
      return shown ? { ok: true } : permanent(`It was not shown: ${reason ?? 'the desktop did not say why'}`)
    } catch (error) {
      return passing(`The desktop could not be asked: ${error instanceof Error ? error.message : String(error)}`)
    }
  },
})

/** Newer news of an incident replaces the older; several together replace the earlier ones of their host. */
function idOf({ id, items }: Notification): string {
  const [first] = items
  const one = first && items.every(item => item.incidentId === first.incidentId)
  if (one && first.incidentId !== null) return `incident/${first.incidentId}`
  return first?.hostId && items.length > 1 ? `host/${first.hostId}` : `notification/${id}`
}

function routeOf({ items }: Notification): string {
  const [first] = items
  const incident = first?.incidentId
  if (incident && items.every(item => item.incidentId === incident)) return `/incidents/${encodeURIComponent(incident)}`
  return items.some(item => item.incidentId !== null) ? '/incidents' : '/'
}

function actionsOf(item: NewsItem): { id: string; title: string }[] {
  if (item.incidentId === null || !ongoing.includes(item.kind)) return []
  return [
    ...(item.unit === null ? [] : [{ id: 'restart', title: 'Restart' }]),
    { id: 'acknowledge', title: 'Acknowledge' },
    { id: 'open', title: 'Open' },
  ]
}

function urgencyOf({ items, severity }: Notification, stay: boolean): 'low' | 'normal' | 'critical' {
  if (severity === 'info') return 'low'
  return stay && severity === 'critical' && items.some(item => ongoing.includes(item.kind)) ? 'critical' : 'normal'
}

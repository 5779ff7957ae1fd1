// What a channel lets through, in a sentence; pure, so that it can be tested without a screen.
import type { Channel } from '../../../shared/model/channel.ts'
import { safeText } from '../../lib/safe-text.ts'

/** `Warnings and worse, tagged bots. Quiet from 22:00 to 07:00.` */
export function filterWords(channel: Pick<Channel, 'filter' | 'quietHours'>): string {
  const { filter, quietHours } = channel
  const severity = { info: 'Everything', warning: 'Warnings and worse', critical: 'Critical only' }[filter.minSeverity]
  const tags = filter.tags.length > 0 ? `, tagged ${filter.tags.map(tag => safeText(tag)).join(' or ')}` : ''
  const hosts =
    filter.hosts.length > 0 ? `, of ${filter.hosts.length === 1 ? '1 host' : `${filter.hosts.length} hosts`}` : ''
  const quiet = quietHours ? ` Quiet from ${quietHours.from} to ${quietHours.to}.` : ''
  return `${severity}${tags}${hosts}.${quiet}`
}

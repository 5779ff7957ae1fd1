// Which steps of a story belong together, for looking at some of them only. Pure.
import type { TimelineItem } from '../../../shared/model/incident.ts'

export type TimelineGroup = 'probes' | 'host' | 'messages' | 'actions'

export const timelineGroups: Record<TimelineGroup, ReadonlySet<TimelineItem['kind']>> = {
  probes: new Set(['probe', 'alert'] as const),
  host: new Set(['transition', 'connection', 'gap'] as const),
  messages: new Set(['notification'] as const),
  actions: new Set(['recovery', 'action', 'person', 'note'] as const),
}

const order = ['probes', 'host', 'messages', 'actions'] as const

/** The groups that there is something of, with how much. */
export function groupsOf(items: readonly TimelineItem[]): { group: TimelineGroup; count: number }[] {
  return order
    .map(group => ({ group, count: items.filter(item => timelineGroups[group].has(item.kind)).length }))
    .filter(({ count }) => count > 0)
}

const words: Record<TimelineGroup, readonly [one: string, many: string]> = {
  probes: ['probe', 'probes'],
  host: ['on the host', 'on the host'],
  messages: ['message', 'messages'],
  actions: ['action', 'actions'],
}

export function groupWord(group: TimelineGroup, count: number): string {
  return words[group][count === 1 ? 0 : 1]
}

/** Several steps may be of one moment and read the same: each gets a key of its own that stays when others are added. */
export function keyedItems(items: readonly TimelineItem[]): { key: string; item: TimelineItem }[] {
  const seen = new Map<string, number>()
  return items.map(item => {
    const own = `${item.at} ${item.kind} ${item.title}`
    const times = seen.get(own) ?? 0
    seen.set(own, times + 1)
    return { key: `${own} ${times}`, item }
  })
}

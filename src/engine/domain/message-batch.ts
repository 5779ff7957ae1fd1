// Makes one message out of the pieces of news that go together (semantics 14): the same pieces always give the same message. Pure.
import type { NewsItem, Notification, NotificationKind } from '../../shared/model/channel.ts'
import type { Severity } from '../../shared/model/check.ts'
import { groupTitle, quietTitle, severityRank } from './alert-text.ts'

/** A row of the outbox, as far as a message is made of it. */
export interface BatchRow {
  readonly batchId: string | null
  readonly kind: NotificationKind
  readonly severity: Severity
  readonly news: NewsItem
  readonly held: boolean
}

export function notificationOf(rows: readonly BatchRow[]): Notification {
  const items = newest(rows.map(row => row.news))
  const [first] = items
  const firing = items.filter(item => item.kind !== 'resolved').length
  const title =
    items.length === 1 && first
      ? first.title
      : rows.every(row => row.held)
        ? quietTitle(items.length)
        : groupTitle(sameHost(items), firing, items.length - firing)
  return {
    id: rows[0]?.batchId ?? '',
    severity: items.map(item => item.severity).reduce(worst, 'info'),
    title,
    items,
    at: Math.max(...items.map(item => item.at)),
  }
}

/** Of several pieces of news of one incident the last one says it all. */
function newest(items: readonly NewsItem[]): NewsItem[] {
  return items.filter(
    (item, index) =>
      item.incidentId === null || !items.slice(index + 1).some(later => later.incidentId === item.incidentId),
  )
}

function sameHost(items: readonly NewsItem[]): string | null {
  const name = items[0]?.hostName ?? null
  return items.every(item => item.hostName === name) ? name : null
}

const worst = (a: Severity, b: Severity): Severity => (severityRank[b] > severityRank[a] ? b : a)

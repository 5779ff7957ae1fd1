// Puts a notification into words, the same for all channels; each channel brings its own markup and limits. Pure: knows no service and no clock.
import type { NewsItem, Notification } from '../../shared/model/channel.ts'
import type { Severity } from '../../shared/model/check.ts'
import { safeText } from '../../shared/safe-text.ts'

/** One piece of news in words that are safe to look at, but not yet escaped for any markup. */
export interface ItemText {
  /** A picture of how bad it is. */
  readonly mark: string
  /** The same in a word: `Critical`, `Resolved` … */
  readonly word: string
  readonly title: string
  readonly body: string
  /** `12 s ago · 2026-01-31 10:00:00 UTC` */
  readonly when: string
}

export interface MessageText {
  /** One line that says it all, for subjects and titles. */
  readonly heading: string
  readonly items: readonly ItemText[]
}

/** How a channel writes. `escape` must work character by character, so that a text may be cut anywhere between two. */
export interface Markup {
  readonly limit: number
  /** What the limit counts; UTF-16 units unless told. */
  readonly measure?: (text: string) => number
  readonly escape: (text: string) => string
  /** Wraps text that is escaped already; its own marks count, too. */
  readonly strong: (escaped: string) => string
  readonly faint?: (escaped: string) => string
}

const severityWords: Record<Severity, string> = { info: 'Info', warning: 'Warning', critical: 'Critical' }
const severityMarks: Record<Severity, string> = { info: '🔵', warning: '🟠', critical: '🔴' }
const kindWords = {
  resolved: 'Resolved',
  flapping: 'Flapping',
  repeat: 'Still firing',
  escalated: 'Needs you',
  summary: 'Summary',
  test: 'Test',
  notice: 'Notice',
} as const

export const newsWord = ({ kind, severity }: Pick<NewsItem, 'kind' | 'severity'>): string =>
  kind === 'firing' ? severityWords[severity] : kindWords[kind]

export function newsMark({ kind, severity }: Pick<NewsItem, 'kind' | 'severity'>): string {
  if (kind === 'resolved') return '🟢'
  if (kind === 'test') return '🔵'
  return severityMarks[severity]
}

/** The notification in words. `zone` is the zone of exact times, this computer's unless told. */
export function messageText(notification: Notification, now: number, zone?: string): MessageText {
  const items = notification.items.map(item => ({
    mark: newsMark(item),
    word: newsWord(item),
    title: oneLine(item.title),
    body: safeText(item.body, { lines: true }).trim(),
    when: `${relativeTime(item.at, now)} · ${exactTime(item.at, zone)}`,
  }))
  const [only] = items
  const heading = items.length === 1 && only ? `${only.mark} ${only.word}: ${only.title}` : oneLine(notification.title)
  return { heading, items }
}

/** `just now`, `12 s ago`, `5 min ago`, `in 3 h`, `2 d ago`. */
export function relativeTime(at: number, now: number): string {
  const away = Math.abs(now - at)
  if (away < 1_000) return 'just now'
  const words = duration(away)
  return at <= now ? `${words} ago` : `in ${words}`
}

/** `12 s`, `5 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** `2026-01-31 10:00:00 GMT+1` */
export function exactTime(at: number, zone?: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(zone === undefined ? {} : { timeZone: zone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second} ${parts.timeZoneName}`
}

/** Without line breaks and surrounding space, for headers and titles. */
export function oneLine(text: string): string {
  return safeText(text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')).trim()
}

/**
 * The whole message within the limit: a long text is cut, and items that find no room are counted instead. `below` is for channels that show
 * the heading by themselves: it is not said again.
 */
export function renderMessage(message: MessageText, markup: Markup, place: 'whole' | 'below' = 'whole'): string {
  const measure = markup.measure ?? lengthOf
  const several = message.items.length > 1
  const [only] = message.items
  if (only && !several && place === 'below') return renderBelow(only, markup, markup.limit, '')
  const top = several && place === 'whole'
  let text = top ? markup.strong(escapeWithin(message.heading, markup, Math.floor(markup.limit / 4))) : ''
  for (const [index, item] of message.items.entries()) {
    const left = message.items.length - index
    const tail = left > 1 ? `\n\n${markup.escape(moreWords(left - 1))}` : ''
    const gap = text === '' ? '' : '\n\n'
    const room = markup.limit - measure(text + gap + tail)
    // each has its share, so that one long text does not cost the others their titles
    const block = renderItem(item, markup, Math.max(Math.min(room, leastShare), Math.floor(room / left)))
    if (index > 0 && measure(block) > room) return `${text}\n\n${markup.escape(moreWords(left))}`
    text += gap + block
  }
  return text
}

/** As much of `text` as fits into `room` once escaped, with an ellipsis where it was cut; never half a character or half an escape. */
export function escapeWithin(text: string, markup: Pick<Markup, 'escape' | 'measure'>, room: number): string {
  const measure = markup.measure ?? lengthOf
  const whole = markup.escape(text)
  if (measure(whole) <= room) return whole
  const ellipsis = markup.escape('…')
  const points = [...text]
  const budget = room - measure(ellipsis)
  if (budget < 0) return ''
  let used = 0
  let kept = 0
  for (const point of points) {
    used += measure(markup.escape(point))
    if (used > budget) break
    kept++
  }
  // what combines with the character before it goes with that character
  while (kept > 0 && joins(points[kept - 1], points[kept])) kept--
  return points.slice(0, kept).map(markup.escape).join('').trimEnd() + ellipsis
}

/** As `escapeWithin` for text without markup. */
export const clip = (text: string, limit: number): string => escapeWithin(text, { escape: same }, limit)

export const plainMarkup = (limit: number, measure: (text: string) => number = lengthOf): Markup => ({
  limit,
  measure,
  escape: same,
  strong: same,
})

function renderItem(item: ItemText, markup: Markup, room: number): string {
  const measure = markup.measure ?? lengthOf
  const lead = markup.escape(`${item.mark} ${item.word}: `)
  // a title never takes more than half of what there is, so that something of the reason is always told
  const titleRoom = Math.floor((room - measure(whenOf(item, markup))) / 2) - measure(markup.strong(lead))
  return renderBelow(item, markup, room, markup.strong(lead + escapeWithin(item.title, markup, titleRoom)))
}

function renderBelow(item: ItemText, markup: Markup, room: number, title: string): string {
  const measure = markup.measure ?? lengthOf
  const when = whenOf(item, markup)
  const body = item.body === '' ? '' : escapeWithin(item.body, markup, room - measure(title) - measure(when) - 2)
  return [title, body, when].filter(line => line !== '').join('\n')
}

const whenOf = ({ when }: ItemText, markup: Markup): string => (markup.faint ?? same)(markup.escape(when))

const leastShare = 200
const joiner = /^(?:\p{M}|\u200d|\ufe0e|\ufe0f|[\u{1f3fb}-\u{1f3ff}])$/u

function joins(before: string | undefined, after: string | undefined): boolean {
  return after !== undefined && (joiner.test(after) || before === '\u200d')
}

const moreWords = (count: number): string => `… and ${count} more`
const same = (text: string): string => text
const lengthOf = (text: string): number => text.length

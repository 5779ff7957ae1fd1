// Messages in words: times, severities, and cutting that no text can break, whatever the markup and its limit.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mailText } from '../../../../src/engine/domain/mail-text.ts'
import {
  duration,
  escapeWithin,
  exactTime,
  type Markup,
  messageText,
  newsMark,
  newsWord,
  oneLine,
  plainMarkup,
  relativeTime,
  renderMessage,
} from '../../../../src/engine/domain/notification-text.ts'
import { notificationKinds } from '../../../../src/shared/model/channel.ts'
import { at, harmless, hostileNews, news, notification } from '../channels/given.ts'

const markups: Record<string, Markup & { read: (text: string) => string }> = {
  plain: { ...plainMarkup(300), read: text => text },
  bytes: { ...plainMarkup(300, text => Buffer.byteLength(text)), read: text => text },
  html: {
    limit: 300,
    escape: text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
    strong: text => `<b>${text}</b>`,
    read: text =>
      text
        .replace(/<\/?b>/g, '')
        .replaceAll('&lt;', '<')
        .replaceAll('&amp;', '&'),
  },
  backslash: {
    limit: 300,
    escape: text => text.replace(/[\\*_]/g, '\\$&'),
    strong: text => `**${text}**`,
    read: text => text.replace(/\*\*/g, '').replace(/\\(.)/g, '$1'),
  },
}
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 500 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .array(fc.constantFrom('&', '<', '*', '👩‍👩‍👧', 'e\u0301', '世', '\n', 'x'), { maxLength: 400 })
    .map(parts => parts.join('')),
)

test.each(Object.keys(markups))('a cut text is within its room, and reads as the beginning of the whole (%s)', name => {
  const markup = markups[name] ?? expect.fail()
  const measure = markup.measure ?? ((text: string) => text.length)
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 400 }), (text, room) => {
      const cut = escapeWithin(text, markup, room)
      expect(measure(cut)).toBeLessThanOrEqual(room)
      if (measure(markup.escape(text)) <= room) {
        expect(cut).toBe(markup.escape(text))
        return
      }
      if (cut === '') return
      expect(cut.endsWith('…')).toBe(true)
      expect(text.startsWith(markup.read(cut.slice(0, -1)))).toBe(true)
      // no character is cut in two that was whole, nor parted from what combines with it
      expect(text.slice(markup.read(cut.slice(0, -1)).length)).not.toMatch(/^[\u200d\ufe0f\u0301]/)
    }),
  )
})

test.each(Object.keys(markups))('S34 a message is within its limit and harmless, whatever hosts say (%s)', name => {
  const markup = markups[name] ?? expect.fail()
  const measure = markup.measure ?? ((text: string) => text.length)
  fc.assert(
    fc.property(fc.array(fc.tuple(anyText, anyText), { minLength: 1, maxLength: 12 }), texts => {
      const items = texts.map(([title, body]) => news({ title, body }))
      const message = renderMessage(messageText(notification(items), at), markup)
      expect(measure(message)).toBeLessThanOrEqual(markup.limit)
      expect(harmless(message.replaceAll('\t', ''))).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('one long text does not cost the others their titles', () => {
  const items = [news({ body: 'x'.repeat(9000) }), news({ title: 'second failed' }), news({ title: 'third failed' })]
  const text = renderMessage(messageText(notification(items), at), plainMarkup(1000))
  expect(text).toContain('second failed')
  expect(text).toContain('third failed')
  expect(text.length).toBeLessThanOrEqual(1000)
})

test('each kind of news has its word and its mark', () => {
  const words = notificationKinds.map(
    kind => `${newsMark({ kind, severity: 'critical' })} ${newsWord({ kind, severity: 'critical' })}`,
  )
  expect(words).toEqual([
    ...['🔴 Critical', '🟢 Resolved', '🔴 Flapping', '🔴 Still firing', '🔴 Needs you'],
    ...['🔴 Summary', '🔵 Test', '🔴 Notice'],
  ])
  expect(newsWord({ kind: 'firing', severity: 'warning' })).toBe('Warning')
})

test('times are told both ways', () => {
  expect([0, 999, 1_000, 119_000, 300_000, 10_800_000, 200_000_000].map(ms => relativeTime(at - ms, at))).toEqual([
    ...['just now', 'just now', '1 s ago', '119 s ago', '5 min ago', '3 h ago', '2 d ago'],
  ])
  expect(relativeTime(at + 7_200_000, at)).toBe('in 2 h')
  expect(duration(7_199_000)).toBe('120 min')
  expect(exactTime(at, 'UTC')).toBe('2026-01-31 10:00:00 UTC')
  expect(exactTime(at, 'Asia/Kathmandu')).toBe('2026-01-31 15:45:00 GMT+5:45')
  // midnight is 00, in the very second that clocks change, too
  expect(exactTime(Date.UTC(2026, 2, 29, 0, 0, 0), 'UTC')).toBe('2026-03-29 00:00:00 UTC')
  expect(exactTime(Date.UTC(2026, 2, 29, 1, 0, 0), 'Europe/Berlin')).toMatch(/^2026-03-29 03:00:00 (CEST|GMT\+2)$/)
})

test('a letter is the same at every attempt, and its subject one line', () => {
  const hostile = notification([hostileNews()])
  const letter = mailText(hostile, '[Deck]')
  expect(mailText(hostile, '[Deck]')).toEqual(letter)
  expect(letter.subject).toMatch(/^\[Deck\] 🔴 Critical: @everyone /)
  expect(letter.subject).not.toMatch(/[\r\n]/)
  expect(letter.subject.length).toBeLessThanOrEqual(180)
  expect(oneLine(' a\r\n\r\n b\u2028c ')).toBe('a b c')
})

// Numbers and times read the same everywhere.
import { expect, test } from 'vitest'
import { errorText } from '../../../src/renderer/lib/error-text.ts'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatRelative,
} from '../../../src/renderer/lib/format.ts'

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
  [10.5 * 1024 ** 2, '10.5 MiB'],
  [345 * 1024 ** 3, '345 GiB'],
  [-2048, '−2.0 KiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('what is not known is a dash, never a zero', () => {
  for (const format of [formatBytes, formatRate, formatPercent, formatCount, formatDuration]) {
    expect(format(null)).toBe('–')
    expect(format(Number.NaN)).toBe('–')
  }
})

test.each([
  [0, '0 %'],
  [0.04, '0.0 %'],
  [9.94, '9.9 %'],
  [9.96, '10 %'],
  [99.6, '100 %'],
])('%d is %s', (percent, text) => {
  expect(formatPercent(percent)).toBe(text)
})

test.each([
  [0, '0 ms'],
  [480, '480 ms'],
  [1500, '1.5 s'],
  [59_000, '59 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('relative times have one unit and know the future', () => {
  const now = 1_700_000_000_000
  expect(formatRelative(now - 1000, now)).toBe('just now')
  expect(formatRelative(now - 300_000, now)).toBe('5 min ago')
  expect(formatRelative(now + 12_000, now)).toBe('in 12 s')
  expect(formatRelative(now - 400 * 86_400_000, now)).toBe('13 months ago')
})

test('an error and what to do about it are sentences of their own', () => {
  const said = (message: string, hint?: string): string =>
    errorText({ code: 'UNREACHABLE', message, ...(hint ? { hint } : {}) })
  expect(said('No route to db-1', 'Is the host up?')).toBe('No route to db-1. Is the host up?')
  expect(said('It is off.', 'Switch it on.')).toBe('It is off. Switch it on.')
  expect(said('No route to db-1')).toBe('No route to db-1')
})

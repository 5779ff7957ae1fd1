// A pattern made of a line finds that line, and its like with other numbers; one made of a selection finds just that.
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { patternOfLine, patternOfText } from '../../../src/renderer/lib/line-pattern.ts'

const finds = (pattern: string, text: string): boolean => RE2JS.compile(pattern).matcher(text).find()

test('what was selected is meant word for word', () => {
  expect(patternOfText(' failed (500) [x] a.b*c ')).toBe('failed \\(500\\) \\[x\\] a\\.b\\*c')
  expect(finds(patternOfText('status 500'), 'status 502')).toBe(false)
})

test('a whole line finds its like with other numbers', () => {
  const pattern = patternOfLine('2 updates lost (chat -1001), retry in 3.5 s')
  expect(finds(pattern, '17 updates lost (chat -1009), retry in 12.0 s')).toBe(true)
  expect(finds(pattern, '17 updates kept (chat -1009), retry in 12.0 s')).toBe(false)
})

test('of a traceback it takes the first line', () => {
  expect(patternOfLine('Traceback (most recent call last):\n  File "bot.py", line 3')).toBe(
    'Traceback \\(most recent call last\\):',
  )
})

test('whatever a host writes, the engine can read the pattern and finds the line again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), line => {
      expect(finds(patternOfText(line), line)).toBe(true)
      expect(finds(patternOfLine(line), line)).toBe(true)
    }),
  )
})

// Text from a host must not act on what shows it (semantics 34).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeShort, safeText } from '../../../src/renderer/lib/safe-text.ts'
import { isTypedName } from '../../../src/renderer/lib/typed-name.ts'

const esc = '\u001b'

test('S34 ordinary text, also not in Latin letters, is left as it is', () => {
  for (const text of ['', 'nginx.service', 'Grüße, 世界 👩‍💻', 'a\tb', '100 % → ok']) expect(safeText(text)).toBe(text)
})

test.each([
  ['colours', `${esc}[1;31mred${esc}[0m`, 'red'],
  ['8-bit CSI', '\u009b31mred\u009b0m', 'red'],
  ['cursor and screen', `${esc}[2J${esc}[10;10Hx`, 'x'],
  ['private modes', `${esc}[?1049hx`, 'x'],
  ['window title, ended by BEL', `${esc}]0;owned\u0007x`, 'x'],
  ['link, ended by ST', `${esc}]8;;http://evil${esc}\\link${esc}]8;;${esc}\\`, 'link'],
  ['clipboard by 8-bit OSC', '\u009d52;c;ZXZpbA==\u009cx', 'x'],
  ['device control string', `${esc}P1$r0m${esc}\\x`, 'x'],
  ['charset and reset', `${esc}(Bx${esc}cy`, 'xy'],
  ['an unfinished sequence at the end', `x${esc}[`, 'x'],
  ['a lone escape', `x${esc}`, 'x'],
])('S34 %s are removed', (_, hostile, shown) => {
  expect(safeText(hostile)).toBe(shown)
})

test('S34 half a character is shown as one that is missing, so that no service refuses the message for it', () => {
  expect(safeText('a\ud83db')).toBe('a\ufffdb')
  expect(safeText('\udc69\u200d👩‍💻')).toBe('\ufffd\u200d👩‍💻')
})

test('S34 an unfinished OSC hides no more than its own line', () => {
  expect(safeText(`a${esc}]0;never ended\nsecond line`, { lines: true })).toBe('a\nsecond line')
})

test('S34 other control characters are shown, not obeyed', () => {
  expect(safeText('a\u0000b\rc\u0008d\u007f')).toBe('a␀b␍c␈d␡')
  expect(safeText('one\ntwo')).toBe('one↵two')
  expect(safeText('one\ntwo', { lines: true })).toBe('one\ntwo')
})

test('S34 bidi controls are spelt out', () => {
  expect(safeText('\u202Etxt.exe')).toBe('⟨U+202E⟩txt.exe')
  expect(safeText('a\u2066b\u2069c\u200fd\u061ce')).toBe('a⟨U+2066⟩b⟨U+2069⟩c⟨U+200F⟩d⟨U+061C⟩e')
})

test('S34 nothing hostile is left of any text, and a second pass changes nothing', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        esc,
        '[',
        ']',
        ';',
        '\\',
        'P',
        'm',
        '\u0007',
        '\u009b',
        '\u009d',
        '\u009c',
        '\u202e',
        '\n',
        '\u2028',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 60,
  })
  fc.assert(
    fc.property(nasty, fc.boolean(), (text, lines) => {
      const clean = safeText(text, { lines })
      const left = lines ? clean.replaceAll('\n', '') : clean
      expect(left.replaceAll('\t', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
      expect(safeText(clean, { lines })).toBe(clean)
    }),
    { numRuns: 2000 },
  )
})

test('S34 a million escapes cost time in proportion', () => {
  expect(safeText(`${esc}]`.repeat(500_000)).length).toBeLessThan(10)
})

test('short texts end in an ellipsis where something was cut', () => {
  expect(safeShort('abcdef', 4)).toBe('abc…')
  expect(safeShort(`${esc}[31mabc${esc}[0m`, 4)).toBe('abc')
})

test('a name that is to be typed may be typed as it is shown, and as nothing else', () => {
  expect(isTypedName(' Trading bot ', 'Trading bot')).toBe(true)
  expect(isTypedName('trading bot', 'Trading bot')).toBe(false)
  expect(isTypedName('', 'Trading bot')).toBe(false)
  const hidden = 'bot\u202egnp.exe'
  expect(isTypedName(safeText(hidden), hidden)).toBe(true)
  expect(isTypedName('botgnp.exe', hidden)).toBe(false)
})

// Proves that words survive the way through a login shell, whichever is installed here; the shells of test hosts are tried there.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteArgv, quoteForAnyShell, quoteWord, remoteCommand } from '../../../../src/engine/parse/quote.ts'

const shells = ['/bin/sh', '/bin/bash', '/usr/bin/fish', '/usr/bin/tcsh', '/usr/bin/zsh'].filter(shell =>
  existsSync(shell),
)

const run = (shell: string, line: string): string =>
  execFileSync(shell, ['-c', line], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

test.each(shells)('S35 %s: a word of any characters arrives unchanged', shell => {
  const alphabet = [...'\'\\!"$`(){}[]<>|&;*?~#%^=\n\t \r-+,.:/@ab01üñ€😀\u001b\u0080']
  const word = fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }).map(chars => chars.join(''))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), words => {
      const expected = words.map(each => `[${each}]`).join('')
      expect(run(shell, remoteCommand(['printf', '[%s]', ...words]))).toBe(expected)
    }),
    { numRuns: 25 },
  )
})

test('S35 the line for the login shell never holds a newline', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ maxLength: 30 }).filter(word => !word.includes('\0')),
        { minLength: 1 },
      ),
      words => {
        expect(remoteCommand(['printf', ...words])).not.toContain('\n')
      },
    ),
  )
  expect(() => quoteForAnyShell('a\nb')).toThrow(/newline/)
})

test('S35 NUL, an empty program and one that starts with a dash are refused', () => {
  for (const argv of [['a\0b'], ['x', 'a\0'], ['x', 'a\0\n'], [''], [], ['-x']]) {
    expect(() => remoteCommand(argv)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  }
})

test('what people copy is quoted only where it must be', () => {
  expect(quoteArgv(['journalctl', '-u', 'a.service', '--since', '2026-01-01 10:00'])).toBe(
    "journalctl -u a.service --since '2026-01-01 10:00'",
  )
  expect([quoteWord(''), quoteWord("it's"), quoteWord('$x')]).toEqual(["''", "'it'\\''s'", "'$x'"])
})

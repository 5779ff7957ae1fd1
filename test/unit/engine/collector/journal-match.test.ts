// Proves where a filter is applied, that the places agree, and that no pattern can stall or break the engine.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileMatch } from '../../../../src/engine/collector/journal-match.ts'
import { readAbilities } from '../../../../src/engine/collector/journal-probe.ts'
import { journalCommand, journalTime, matchArgs } from '../../../../src/engine/parse/journal-command.ts'
import { hostGrep } from '../../../../src/engine/parse/journal-grep.ts'
import { type JournalEntry, JournalFilter } from '../../../../src/shared/model/journal.ts'
import { distros, fixture } from '../parse/fixtures.ts'

const filter = (fields: Partial<JournalFilter> = {}): JournalFilter => JournalFilter.parse({ hostId: 'h', ...fields })
const entry = (message: string): JournalEntry => ({
  hostId: 'h',
  cursor: 'c',
  at: 0,
  priority: 6,
  unit: null,
  identifier: null,
  pid: null,
  message,
  truncated: false,
})

describe('here', () => {
  const passes = (fields: Partial<JournalFilter>, message: string): boolean =>
    compileMatch(filter(fields), false).test?.(entry(message)) ?? true

  test('text, regex, case, inversion', () => {
    expect(passes({ text: 'A.B' }, 'xa.bx')).toBe(true)
    expect(passes({ text: 'A.B' }, 'xaxbx')).toBe(false)
    expect(passes({ text: 'A.B', caseSensitive: true }, 'xa.bx')).toBe(false)
    expect(passes({ text: 'A.B', regex: true }, 'xaxbx')).toBe(true)
    expect(passes({ text: 'A.B', regex: true, caseSensitive: true }, 'xaxbx')).toBe(false)
    expect(passes({ text: 'a.b', invert: true }, 'xa.bx')).toBe(false)
    expect(passes({ text: 'a.b', regex: true, invert: true }, 'none')).toBe(true)
    expect(passes({ text: 'ß', regex: true }, 'Grüße')).toBe(true)
    expect(passes({}, 'anything')).toBe(true)
    expect(passes({ text: '' }, 'anything')).toBe(true)
  })

  test.each(['(', '[a', 'a{2,1}', '(?=a)', '\\1', '*'])(
    '%s is refused, with and without a host that searches',
    pattern => {
      for (const grep of [true, false]) {
        const compile = (): unknown => compileMatch(filter({ text: pattern, regex: true }), grep)
        expect(compile).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      }
    },
  )

  test('S36 a pattern that would take other engines years is over at once', () => {
    expect(passes({ text: '(a*)*(a|aa)+(a+a+)+b', regex: true }, 'a'.repeat(5_000))).toBe(false)
  }, 20_000)
})

describe('on the host', () => {
  test('plain ASCII text and patterns that mean the same in PCRE', () => {
    const grep = (text: string, regex = true): string | null => hostGrep(filter({ text, regex }))
    expect(grep('a.b (c)', false)).toBe('a\\.b \\(c\\)')
    for (const same of [
      'error|failed',
      '^started .*ms$',
      'code=\\d+',
      '[a-f0-9]+x?',
      '(?:a|b)+c',
      'a\\.b',
      '\\bfail\\w*',
    ])
      expect(grep(same)).toBe(same)
    for (const other of [
      'a.b',
      'a{3}',
      'é',
      '\\p{L}',
      '[^a]b',
      'a*?',
      'a++',
      '(?i)a',
      '\\x41',
      '\\Aa',
      '(?P<n>a)',
      'a\nb',
    ])
      expect(grep(other)).toBeNull()
    expect(grep('Köln', false)).toBeNull()
    expect(hostGrep(filter({ text: 'a', invert: true }))).toBeNull()
  })

  test('a pattern that is left to the host finds there what it would find here', () => {
    const part = fc.constantFrom('a', 'b', ' ', '.*', '\\d+', 'x?', '(a|b)', '[ab]+', '^', '$', '\\w*', '\\.')
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.string({ maxLength: 30, unit: fc.constantFrom('a', 'b', 'x', '1', ' ', '.', 'é') }),
        (parts, message) => {
          const text = parts.join('')
          const pattern = hostGrep(filter({ text, regex: true }))
          fc.pre(pattern !== null)
          let here: boolean
          try {
            here =
              compileMatch(filter({ text, regex: true, caseSensitive: true }), false).test?.(entry(message)) ?? true
          } catch {
            return
          }
          // as PCRE without UTF sees it: bytes
          const bytes = Buffer.from(message).toString('latin1')
          expect(new RegExp(pattern ?? '').test(bytes)).toBe(here)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('is chosen where the host can', () => {
    expect(compileMatch(filter({ text: 'a' }), true)).toEqual({ onHost: true, test: null })
    expect(compileMatch(filter({ text: 'a' }), false).onHost).toBe(false)
    expect(matchArgs(filter({ text: 'a' }), { grep: true })).toEqual(['--grep=a', '--case-sensitive=no'])
    expect(matchArgs(filter({ text: 'a' }), { grep: false })).toEqual([])
  })
})

describe('as arguments and as a command', () => {
  test('every part of a filter', () => {
    const all = filter({
      units: ['a.service', 'b@x\\x2d1.service'],
      priority: 4,
      since: 1_000.5,
      until: 2_000,
      boot: -1,
    })
    expect(matchArgs(all, { grep: true })).toEqual([
      '--unit=a.service',
      '--unit=b@x\\x2d1.service',
      '--priority=4',
      '--boot=-1',
      '--since=@1.000500',
      '--until=@2.000000',
    ])
    expect(matchArgs(all, { grep: true, withoutSince: true })).not.toContain('--since=@1.000500')
    expect(journalCommand(all)).toBe(
      "journalctl -u a.service -u 'b@x\\x2d1.service' -p warning -b -1 --since '1970-01-01 00:00:01 UTC' --until '1970-01-01 00:00:02 UTC'",
    )
  })

  test("a user's", () => {
    expect(matchArgs(filter({ scope: 'user' }), { grep: true })).toEqual(['--user'])
    expect(matchArgs(filter({ scope: 'user', units: ['a.service'] }), { grep: true })).toEqual([
      '--user-unit=a.service',
    ])
    expect(journalCommand(filter({ scope: 'user', units: ['a.service'] }))).toBe('journalctl --user-unit a.service')
  })

  test('S35 text is quoted, and inverted by grep', () => {
    expect(journalCommand(filter({ text: "it's $(id)" }))).toBe(
      "journalctl -g 'it'\\''s \\$\\(id\\)' --case-sensitive=no",
    )
    expect(journalCommand(filter({ text: '-x|y', regex: true, invert: true, caseSensitive: true }))).toBe(
      "journalctl | grep -v -E -e '-x|y'",
    )
  })

  test('times to the microsecond', () => {
    expect(journalTime(1_795_330_939_441.962)).toBe('@1795330939.441962')
    expect(journalTime(-5)).toBe('@0.000000')
  })
})

describe('what a host can', () => {
  test.each(distros)('%s', distro => {
    const version = fixture(distro, 'journalctl-version.txt').toString()
    const answer = `${version}has zstd\nhas gzip\nuid 1000\nin deploy adm\ngroup systemd-journal\ngroup adm\nfile read\n`
    expect(readAbilities(answer)).toMatchObject({ grep: true, readable: true, groups: ['systemd-journal', 'adm'] })
    expect(readAbilities(answer.replace('file read', 'file refused'))).toMatchObject({ readable: false })
  })

  test('little', () => {
    expect(readAbilities('systemd 219\n+PAM -PCRE2\nuid 1000\nin me\n')).toEqual({
      grep: false,
      readable: false,
      groups: ['systemd-journal'],
      compressor: 'none',
    })
    expect(readAbilities('uid 0\nhas gzip\nfile refused\n')).toMatchObject({ readable: true, compressor: 'gzip' })
    expect(readAbilities('uid 7\nin a systemd-journal\ngroup systemd-journal\n').readable).toBe(true)
  })
})

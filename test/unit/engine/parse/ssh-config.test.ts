// Proves that a mistake in an ssh configuration is named by its line, and that correct files of all styles pass.
import { expect, test } from 'vitest'
import { parseSshConfig } from '../../../../src/engine/parse/ssh-config.ts'

test('keywords in any case, with = or spaces, quoted values, comments', () => {
  const text = `# comment
  HOSTNAME=example.com
port = 2222 # trailing
IdentityFile "~/my keys/id"
User\tbob
"ProxyJump" a,b
`
  expect(parseSshConfig(text, 'config')).toEqual([
    { line: 2, keyword: 'HostName', words: ['example.com'] },
    { line: 3, keyword: 'Port', words: ['2222'] },
    { line: 4, keyword: 'IdentityFile', words: ['~/my keys/id'] },
    { line: 5, keyword: 'User', words: ['bob'] },
    { line: 6, keyword: 'ProxyJump', words: ['a,b'] },
  ])
})

test.each([
  ['Host a\n  Port abc\n', 2, /not a port/],
  ['Host a\n\n  Port 70000\n', 3, /not a port/],
  ['Host\n', 1, /needs a value/],
  ['Host a\n  HostName\n', 2, /needs a value/],
  ['Host a\n  User "bob\n', 2, /quote/],
  ['Host a\n  this is not ssh\n', 2, /not a keyword/],
  ['= x\n', 1, /keyword was expected/],
  ['Host a\n  HostName one two\n', 2, /one value/],
])('%j is refused with its line', (text, line, why) => {
  const error = (() => {
    try {
      parseSshConfig(text, '/home/me/.ssh/config')
    } catch (caught) {
      return caught
    }
  })()
  expect(error).toMatchObject({ code: 'CONFIG', detail: { file: '/home/me/.ssh/config', line } })
  expect(String(error)).toMatch(why)
  expect(String(error)).toContain(`line ${line}`)
})

test("IgnoreUnknown lets vendors' keywords pass", () => {
  expect(parseSshConfig('IgnoreUnknown Foo*,Bar\nFooBar yes\nBar 1\n', 'c').map(({ line }) => line)).toEqual([1])
})

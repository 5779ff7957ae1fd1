// Proves how sudo's words are told from the command's, whatever the chunks, and what each of its refusals means (semantics 37).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SudoDialogue, sudoCommand, sudoFailure } from '../../../../src/engine/remote/sudo.ts'

const lecture = 'We trust you have received the usual lecture.\n\n'

/** Feeds text in pieces of the given sizes and says what came of it. */
function listen(dialogue: SudoDialogue, text: string, sizes: readonly number[]) {
  const bytes = Buffer.from(text)
  let [asks, wrongs, starts, at] = [0, 0, 0, 0]
  const output: Buffer[] = []
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    const news = dialogue.take(bytes.subarray(at, at + size))
    at += size
    asks += Number(news.ask)
    wrongs += Number(news.wrong)
    starts += Number(news.started)
    output.push(news.output)
  }
  return { asks, wrongs, starts, output: Buffer.concat(output).toString() }
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })

test("S37 the password is asked for once, by the own prompt, and the rest is the command's", () => {
  fc.assert(
    fc.property(sizes, pieces => {
      const command = sudoCommand('password', 'sam', ['id'], true)
      const said = `${lecture}${command.prompt}${command.mark}mine\n`
      expect(listen(new SudoDialogue(command), said, pieces)).toEqual({
        asks: 1,
        wrongs: 0,
        starts: 1,
        output: 'mine\n',
      })
    }),
  )
})

test('S37 a second prompt means a wrong password, never a second answer', () => {
  fc.assert(
    fc.property(sizes, pieces => {
      const command = sudoCommand('password', 'sam', ['id'], false)
      const said = `${command.prompt}Sorry, try again.\n${command.prompt}`
      const heard = listen(new SudoDialogue(command), said, pieces)
      expect(heard).toMatchObject({ asks: 1, starts: 0, output: '' })
      expect(heard.wrongs).toBeGreaterThan(0)
    }),
  )
})

test('S37 no prompt, no password: other prompts and what a command prints ask for nothing', () => {
  const command = sudoCommand('password', 'sam', ['id'], true)
  const said = `Password: [sudo] password for sam: ${command.mark}[quarterdeck-000000000000000000000000] Password:`
  expect(listen(new SudoDialogue(command), said, [7])).toMatchObject({ asks: 0, starts: 1 })
})

test('S37 a refusal that quotes the command is not its start', () => {
  const command = sudoCommand('password', 'sam', ['id'], true)
  const said = `${command.prompt}Sorry, user sam is not allowed to execute '/usr/bin/sh ${command.argv.slice(5).join(' ')}' as root on web-1.\n`
  expect(listen(new SudoDialogue(command), said, [9])).toMatchObject({ asks: 1, starts: 0, output: '' })
})

test('S37 each command has a nonce of its own, and what is held stays bounded', () => {
  const command = sudoCommand('password', 'sam', ['id'], true)
  expect(command.prompt).not.toBe(sudoCommand('password', 'sam', ['id'], true).prompt)
  expect(command.argv).toEqual(expect.arrayContaining(['sudo', '-S', '-p', command.prompt, '--']))
  const dialogue = new SudoDialogue(command)
  for (let n = 0; n < 100; n++) dialogue.take(Buffer.alloc(65_536, 'x'))
  expect(dialogue.held.length).toBeLessThanOrEqual(65_536)
})

test('S37 root runs as it is, without sudo it is refused, without a password sudo never waits', () => {
  expect(sudoCommand('none', 'root', ['id'], true)).toEqual({ argv: ['id'], prompt: null, mark: null })
  expect(() => sudoCommand('none', 'sam', ['id'], false)).toThrow(expect.objectContaining({ code: 'SUDO_MISSING' }))
  expect(sudoCommand('passwordless', 'sam', ['id'], false).argv).toEqual(['sudo', '-n', '--', 'id'])
})

test.each([
  ['sudo: a password is required\n', 1, 'SUDO_MISSING'],
  ['sudo: 1 incorrect password attempt\n', 1, 'SUDO_PASSWORD_WRONG'],
  ['Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt\n', 1, 'SUDO_PASSWORD_WRONG'],
  ['sam is not in the sudoers file.  This incident will be reported.\n', 1, 'SUDO_MISSING'],
  ["Sorry, user sam is not allowed to execute '/bin/id' as root on h.\n", 1, 'SUDO_MISSING'],
  ['sudo: sorry, you must have a tty to run sudo\n', 1, 'SUDO_MISSING'],
  ['sh: 1: exec: sudo: not found\n', 127, 'SUDO_MISSING'],
  ['sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\n', 1, 'SUDO_MISSING'],
  ['sudo: unable to resolve host h: Name or service not known\nsudo: a password is required\n', 1, 'SUDO_MISSING'],
])('S37 %j is understood', (said, exit, code) => {
  expect(sudoFailure('sam', exit, Buffer.from(said), true)).toMatchObject({ code })
})

test('S37 a failure of the command itself stays its own', () => {
  expect(sudoFailure('sam', 1, Buffer.from('Failed to restart x.service: Unit not found.\n'), true)).toBe(null)
  expect(sudoFailure('sam', 0, Buffer.from('sudo: a password is required\n'), true)).toBe(null)
  expect(sudoFailure('sam', 1, Buffer.from('sudo: a password is required\n'), false)).toBe(null)
  expect(sudoFailure('sam', null, Buffer.from('sudo: a password is required\n'), true)).toBe(null)
})

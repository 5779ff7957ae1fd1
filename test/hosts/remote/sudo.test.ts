// Becomes root on real hosts in each way, and proves that the password goes to sudo's own prompt only, and once (semantics 37).
import { expect, test } from 'vitest'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, err, out, ready } from './support.ts'

const host = sharedHost({ passwords: { sam: "p'as s\\w$ord!" } })
const sam = (password?: string) => ({
  user: 'sam' as const,
  sudo: 'password' as const,
  secrets: password === undefined ? {} : { sudoPassword: password },
})

test('S37 without a password: exec and live', async () => {
  const it = await ready(host(), { sudo: 'passwordless' })
  expect(out(await it.exec(['id', '-u'], { sudo: true }))).toBe('0\n')
  expect(out(await it.exec(['cat'], { sudo: true, stdin: Buffer.from('through') }))).toBe('through')
  expect(await it.exec(['sh', '-c', 'exit 1'], { sudo: true })).toMatchObject({ exit: 1 })
  const live = await it.spawn(['sh', '-c', 'id -u; cat'], { sudo: true })
  let heard = ''
  live.stdout.on('data', chunk => {
    heard += chunk
  })
  live.stdin.end('x\n')
  expect(await live.ended).toMatchObject({ exit: 0 })
  expect(heard).toBe('0\nx\n')
})

test('S37 with a password: the command gets its own stdin and stderr, and never the password', async () => {
  const it = await ready(host(), sam(host().passwords.sam))
  expect(out(await it.exec(['id', '-u'], { sudo: true }))).toBe('0\n')
  const result = await it.exec(['sh', '-c', 'cat; echo mine >&2'], {
    sudo: true,
    stdin: Buffer.from('for the command'),
  })
  expect(out(result)).toBe('for the command')
  expect(err(result)).toBe('mine\n')
  expect(out(await it.exec(['cat'], { sudo: true }))).toBe('')
  const live = await it.spawn(['sh', '-c', 'echo live >&2; cat'], { sudo: true })
  let [heard, errors] = ['', '']
  live.stdout.on('data', chunk => {
    heard += chunk
  })
  live.stderr.on('data', chunk => {
    errors += chunk
  })
  live.stdin.end('typed\n')
  expect(await live.ended).toMatchObject({ exit: 0 })
  expect([heard, errors]).toEqual(['typed\n', 'live\n'])
})

test('S37 a sudo that asks nothing gets nothing: the password is not handed to the command', async () => {
  const it = await ready(host(), { sudo: 'password', secrets: { sudoPassword: 'never to be seen' } })
  const result = await it.exec(['sh', '-c', 'cat'], { sudo: true, stdin: Buffer.from('mine') })
  expect(out(result) + err(result)).toBe('mine')
  expect(out(await it.exec(['id', '-u'], { sudo: true }))).toBe('0\n')
})

test('S37 a wrong password is given once', async () => {
  const it = await ready(host(), sam('wrong'))
  const cursor = await host().journalCursor()
  for (const work of [
    () => it.exec(['id'], { sudo: true }),
    () => it.exec(['cat'], { sudo: true, stdin: Buffer.from('wrong\nwrong\n') }),
    () => it.spawn(['id'], { sudo: true }),
  ]) {
    expect(await codeOf(work())).toBe('SUDO_PASSWORD_WRONG')
  }
  await expect
    .poll(() => host().output('journalctl -q -o cat -t sudo --no-pager | grep -c "1 incorrect password attempt"'), {
      timeout: 10_000,
    })
    .toBe('3')
  const failures = await host().output(['journalctl', '-q', '-o', 'cat', '-t', 'sudo', '--no-pager'])
  expect(cursor).not.toBe('')
  expect(failures.match(/pam_unix\(sudo:auth\): authentication failure/g)).toHaveLength(3)
})

test('S37 every other refusal is SUDO_MISSING with what to do', async () => {
  const none = await ready(host(), { user: 'norights', sudo: 'passwordless' })
  const wrongMode = await ready(host(), { ...sam(), sudo: 'passwordless' })
  const unset = await ready(host(), sam())
  const off = await ready(host())
  const notSudoer = await ready(host(), {
    user: 'norights',
    sudo: 'password',
    secrets: { sudoPassword: host().passwords.norights },
  })
  for (const it of [none, wrongMode, unset, off, notSudoer]) {
    for (const work of [() => it.exec(['id'], { sudo: true }), () => it.spawn(['id'], { sudo: true })]) {
      await expect(work()).rejects.toMatchObject({ code: 'SUDO_MISSING', hint: expect.stringMatching(/./) })
    }
  }
})

test('S37 no sudo on the host, or one that wants a terminal', async () => {
  const it = await ready(host(), { sudo: 'passwordless' })
  await host().writeFile('/etc/sudoers.d/zz-tty', 'Defaults:deploy requiretty\n', { mode: '440' })
  await expect(it.exec(['id'], { sudo: true })).rejects.toMatchObject({ code: 'SUDO_MISSING', message: /terminal/ })
  await host().exec(['rm', '/etc/sudoers.d/zz-tty'])
  await host().exec(['mv', '/usr/bin/sudo', '/usr/bin/sudo.away'])
  try {
    await expect(it.exec(['id'], { sudo: true })).rejects.toMatchObject({
      code: 'SUDO_MISSING',
      message: /not installed/,
    })
    await expect(it.spawn(['id'], { sudo: true })).rejects.toMatchObject({ code: 'SUDO_MISSING' })
  } finally {
    await host().exec(['mv', '/usr/bin/sudo.away', '/usr/bin/sudo'])
  }
})

test('S37 a sudoers file that allows one command is enough for that command', async () => {
  const file = '/etc/sudoers.d/zz-one'
  await host().writeFile(file, 'watcher ALL=(root) NOPASSWD: /usr/bin/systemctl is-active *\n', { mode: '440' })
  const it = await ready(host(), { user: 'watcher', sudo: 'passwordless' })
  expect(out(await it.exec(['systemctl', 'is-active', 'ssh.service'], { sudo: true }))).toBe('active\n')
  const live = await it.spawn(['systemctl', 'is-active', 'ssh.service'], { sudo: true })
  live.stdout.resume()
  expect(await live.ended).toMatchObject({ exit: 0 })
  await expect(it.exec(['id'], { sudo: true })).rejects.toMatchObject({ code: 'SUDO_MISSING' })
})

test('root needs no sudo', async () => {
  await host().exec('mkdir -p /root/.ssh; cp /home/deploy/.ssh/authorized_keys /root/.ssh/; chmod 700 /root/.ssh')
  const it = await ready(host(), { user: 'root' })
  expect(out(await it.exec(['id', '-u'], { sudo: true }))).toBe('0\n')
})

test('a fish user becomes root as well', async () => {
  const it = await ready(host(), { user: 'fishy', sudo: 'passwordless' })
  expect(out(await it.exec(['printf', '[%s]', "it's", 'a\nb'], { sudo: true }))).toBe("[it's][a\nb]")
})

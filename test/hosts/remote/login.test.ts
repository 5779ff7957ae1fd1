// Logs in to real hosts in every way that is offered, and runs commands there whichever the login shell is.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rsaPassphrase, suites } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { link, out, reached, ready } from './support.ts'

const awkward = [
  '',
  ' ',
  "it's",
  'a\\b',
  '\\\\',
  'wow! !! !$',
  'one\ntwo\n',
  '$HOME `id` $(id)',
  '*?[a]~',
  'ü€😀',
  '"quoted"',
  'a;b|c&d<e>f',
  '%s{x,y}',
  "\\'",
  '\t',
  '-n',
]

describe.each(suites)('%s', suite => {
  const host = sharedHost({ suite })

  test.each(['deploy', 'fishy'] as const)('%s: argv arrives unchanged whatever the login shell', async user => {
    const it = await ready(host(), { user })
    const result = await it.exec(['printf', '[%s]', ...awkward])
    expect(out(result)).toBe(awkward.map(word => `[${word}]`).join(''))
    expect(result).toMatchObject({ exit: 0, lost: false, truncated: false, generation: 1 })
    expect(out(await it.exec(['sh', '-c', 'echo $LC_ALL']))).toBe('C\n')
  })

  test('by RSA key with a passphrase, by ECDSA key, by password', async () => {
    const { keyFiles, passwords } = host()
    const rsa = await ready(host(), {
      auth: { kind: 'key', path: keyFiles.rsa },
      secrets: { passphrase: rsaPassphrase },
    })
    const ecdsa = await ready(host(), { auth: { kind: 'key', path: keyFiles.ecdsa } })
    const password = await ready(host(), {
      user: 'sam',
      auth: { kind: 'password' },
      secrets: { password: passwords.sam },
    })
    for (const it of [rsa, ecdsa]) expect(out(await it.exec(['id', '-un']))).toBe('deploy\n')
    expect(out(await password.exec(['id', '-un']))).toBe('sam\n')
    const log = await host().authLog()
    expect(log.attempts.at(-1)).toMatchObject({ outcome: 'accepted', method: 'password', user: 'sam' })
  })

  test('an empty home of knowledge, a csh user, and a script without a trailing newline', async () => {
    const it = await ready(host())
    const script = 'n=0\nwhile [ $n -lt 3 ]; do\n  n=$((n+1))\ndone\nprintf "%s" "$n"'
    expect(out(await it.exec(['sh', '-c', script]))).toBe('3')
  })
})

describe('keys, agents and passwords', () => {
  const host = sharedHost()

  test('keys in older and PKCS#8 form work, encrypted too', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qd-keys-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const make = (name: string, ...args: string[]): string => {
      const file = path.join(folder, name)
      execFileSync('ssh-keygen', ['-q', '-f', file, ...args])
      return file
    }
    const files: { file: string; passphrase?: string }[] = [
      { file: make('pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '') },
      {
        file: make('pem-locked', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'open sesame'),
        passphrase: 'open sesame',
      },
      { file: make('pkcs8', '-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', '') },
      { file: make('pkcs8-locked', '-t', 'ecdsa', '-m', 'PKCS8', '-N', 'open sesame'), passphrase: 'open sesame' },
      { file: make('ed-locked', '-t', 'ed25519', '-a', '8', '-N', 'öffne dich'), passphrase: 'öffne dich' },
    ]
    const pub = files.map(({ file }) => execFileSync('cat', [`${file}.pub`], { encoding: 'utf8' })).join('')
    await host().exec(['sh', '-c', 'cat >> /home/norights/.ssh/authorized_keys'], { input: pub })
    for (const { file, passphrase } of files) {
      const it = await ready(host(), {
        user: 'norights',
        auth: { kind: 'key', path: file },
        secrets: passphrase === undefined ? {} : { passphrase },
      })
      expect(out(await it.exec(['id', '-un']))).toBe('norights\n')
    }
  })

  test('by ssh-agent, and only its keys are tried', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qd-agent-'))
    const socket = path.join(folder, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    onTestFinished(() => {
      agent.kill()
      rmSync(folder, { recursive: true })
    })
    await expect.poll(() => addKey(socket, host().keyFiles.ecdsa), { timeout: 10_000 }).toBe(true)
    const cursor = await host().journalCursor()
    const it = await ready(host(), { auth: { kind: 'agent' }, agentSocket: socket })
    expect(out(await it.exec(['id', '-un']))).toBe('deploy\n')
    const { attempts } = await host().authLog(cursor)
    expect(attempts.map(attempt => attempt.method)).toEqual(['publickey'])
  })

  test('a password goes by keyboard-interactive where that is the only way', async () => {
    await host().writeFile(
      '/etc/ssh/sshd_config.d/00-kbd.conf',
      'PasswordAuthentication no\nKbdInteractiveAuthentication yes\n',
    )
    // Debian's sshd_config sets it before its includes on no release, so the first value is this one.
    await host().restartSshd({ dropSessions: false })
    onTestFinished(async () => {
      await host().exec(['rm', '/etc/ssh/sshd_config.d/00-kbd.conf'])
      await host().restartSshd({ dropSessions: false })
    })
    const cursor = await host().journalCursor()
    const it = await ready(host(), {
      user: 'sam',
      auth: { kind: 'password' },
      secrets: { password: host().passwords.sam },
    })
    expect(out(await it.exec(['id', '-un']))).toBe('sam\n')
    const { attempts } = await host().authLog(cursor)
    expect(attempts.map(({ method, outcome }) => [method, outcome])).toEqual([['keyboard-interactive/pam', 'accepted']])
    const wrong = await link(host(), { user: 'sam', auth: { kind: 'password' }, secrets: { password: 'not it' } })
    wrong.start()
    expect((await reached(wrong, ['auth-failed', 'backoff'])).state).toBe('auth-failed')
  })

  test('a host that knows only one kind of host key is asked for the key that is known', async () => {
    const rsaOnly = (await host().hostKeys()).filter(key => key.type === 'ssh-rsa')
    expect(rsaOnly).toHaveLength(1)
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'qd-known-')), 'known_hosts')
    writeFileSync(file, `# comment\n${host().address} ssh-rsa ${rsaOnly[0]?.key}\n`)
    const { createHostKeyBook, memoryKeyStore } = await import('../../../src/engine/remote/host-keys.ts')
    const { silentLogger } = await import('../../../src/engine/lib/log.ts')
    const keys = createHostKeyBook({ trusted: memoryKeyStore(), log: silentLogger, files: [file] })
    const it = await ready(host(), { keys })
    expect(it.status.state).toBe('ready')
  })
})

function addKey(socket: string, file: string): boolean {
  try {
    execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

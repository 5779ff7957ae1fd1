// Proves what is never sent and never repeated: no credential before the host key is trusted, no second try of a rejected one.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createHostKeyBook, memoryKeyStore } from '../../../src/engine/remote/host-keys.ts'
import type { ConnectionStatus } from '../../../src/shared/model/host.ts'
import { sharedHost } from '../lib/vitest.ts'
import { type LinkOptions, link, reached, ready, trusting } from './support.ts'

const host = sharedHost()
const ends = ['ready', 'backoff', 'host-key-unknown', 'host-key-changed', 'auth-failed', 'config'] as const

async function outcome(options: LinkOptions): Promise<ConnectionStatus & { history: string[] }> {
  const it = await link(host(), options)
  it.start()
  const status = await reached(it, ends)
  return { ...status, history: it.history.map(({ state }) => state) }
}

const nothingKnown = () => createHostKeyBook({ trusted: memoryKeyStore(), log: silentLogger, files: [] })

test('S5 an unknown host key asks with its fingerprint, and nothing was tried', async () => {
  const cursor = await host().journalCursor()
  const status = await outcome({ keys: nothingKnown() })
  expect(status).toMatchObject({ state: 'host-key-unknown', error: { code: 'HOST_KEY_UNKNOWN' } })
  const key = (await host().hostKeys()).find(({ type }) => type === 'ssh-ed25519')
  expect(status.offeredKey).toEqual(key)
  const log = await host().authLog(cursor)
  expect(log).toMatchObject({ connections: 1, attempts: [] })
})

test('S5 trusting exactly that key and starting again connects', async () => {
  const trusted = memoryKeyStore()
  const keys = createHostKeyBook({ trusted, log: silentLogger, files: [] })
  const it = await link(host(), { keys })
  it.start()
  const { offeredKey } = await reached(it, 'host-key-unknown')
  if (offeredKey) trusted.trust(host().address, 22, offeredKey)
  it.start()
  await reached(it, 'ready')
  expect(it.status).toMatchObject({ generation: 1, error: null, offeredKey: null })
})

test('S5 a changed host key: 0 authentication attempts, and the secret was never asked for', async () => {
  const before = await trusting(host())
  await host().swapHostKeys()
  await sleep(500)
  for (const auth of [{ kind: 'password' }, { kind: 'key', path: host().keyFiles.ed25519 }] as const) {
    const cursor = await host().journalCursor()
    const status = await outcome({ keys: before, auth, secrets: { password: host().passwords.deploy } })
    expect(status).toMatchObject({ state: 'host-key-changed', error: { code: 'HOST_KEY_CHANGED' } })
    expect(status.offeredKey?.fingerprint).toMatch(/^SHA256:/)
    expect(status.history).not.toContain('auth')
    await sleep(300)
    const log = await host().authLog(cursor)
    expect(log.attempts).toEqual([])
    expect(log.lines.join('\n')).not.toMatch(/Failed|Accepted|userauth/)
  }
})

test('S5 a revoked key blocks even where the same key is trusted', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'qd-known-')), 'known_hosts')
  const keys = await host().hostKeys()
  const trusted = memoryKeyStore()
  for (const key of keys) trusted.trust(host().address, 22, key)
  writeFileSync(file, keys.map(({ type, key }) => `@revoked * ${type} ${key}\n`).join(''))
  const status = await outcome({ keys: createHostKeyBook({ trusted, log: silentLogger, files: [file] }) })
  expect(status).toMatchObject({ state: 'host-key-changed', error: { code: 'HOST_KEY_REVOKED' } })
})

test('hashed entries that OpenSSH itself wrote are honoured', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'qd-known-')), 'known_hosts')
  writeFileSync(file, await host().knownHosts())
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
  const keys = createHostKeyBook({ trusted: memoryKeyStore(), log: silentLogger, files: [file] })
  const it = await ready(host(), { keys })
  expect(it.status.state).toBe('ready')
})

test('S5 a wrong password is tried exactly once, and never again by itself', async () => {
  const cursor = await host().journalCursor()
  const it = await link(host(), { user: 'sam', auth: { kind: 'password' }, secrets: { password: 'wrong horse' } })
  it.start()
  const status = await reached(it, ends)
  expect(status).toMatchObject({ state: 'auth-failed', error: { code: 'AUTH_FAILED' }, nextAttemptAt: null })
  expect(JSON.stringify(status)).not.toContain('wrong horse')
  it.probe()
  await sleep(4_000)
  expect(it.status.state).toBe('auth-failed')
  const log = await host().authLog(cursor)
  expect(log).toMatchObject({ connections: 1, failed: 1, accepted: 0 })
  expect(log.attempts[0]).toMatchObject({ method: 'password', user: 'sam' })
})

test('S5 a refused key: one attempt, no other method', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'qd-key-')), 'id')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  const cursor = await host().journalCursor()
  const status = await outcome({ auth: { kind: 'key', path: file }, secrets: { password: host().passwords.deploy } })
  expect(status).toMatchObject({ state: 'auth-failed', error: { code: 'AUTH_FAILED' } })
  expect(status.error?.hint).toContain('authorized_keys')
  const { attempts } = await host().authLog(cursor)
  expect(attempts.every(({ method }) => method === 'publickey')).toBe(true)
  expect(attempts.length).toBeLessThanOrEqual(1)
})

test('S5 what is wrong with a key file is said precisely and waits for the user', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qd-key-'))
  writeFileSync(path.join(folder, 'text'), 'hello')
  const cases: [LinkOptions, string, RegExp][] = [
    [{ auth: { kind: 'key', path: path.join(folder, 'none') } }, 'KEY_UNREADABLE', /no key file/],
    [{ auth: { kind: 'key', path: folder } }, 'KEY_UNREADABLE', /folder/],
    [{ auth: { kind: 'key', path: path.join(folder, 'text') } }, 'KEY_UNREADABLE', /not a private key/],
    [{ auth: { kind: 'key', path: `${host().keyFiles.ed25519}.pub` } }, 'KEY_UNREADABLE', /public key/],
    [{ auth: { kind: 'key', path: host().keyFiles.rsa } }, 'KEY_LOCKED', /passphrase/],
    [
      { auth: { kind: 'key', path: host().keyFiles.rsa }, secrets: { passphrase: 'not it' } },
      'KEY_PASSPHRASE_WRONG',
      /does not open/,
    ],
    [{ auth: { kind: 'password' } }, 'CONFIG', /No password/],
    [{ auth: { kind: 'agent' }, agentSocket: null }, 'AGENT_UNAVAILABLE', /SSH_AUTH_SOCK/],
    [{ auth: { kind: 'agent' }, agentSocket: path.join(folder, 'gone') }, 'AGENT_UNAVAILABLE', /does not answer/],
  ]
  for (const [options, code, message] of cases) {
    const status = await outcome(options)
    expect(status).toMatchObject({ state: 'config', error: { code }, nextAttemptAt: null })
    expect(status.error?.message).toMatch(message)
    expect(status.error?.hint).toBeTruthy()
    expect(JSON.stringify(status)).not.toContain('not it"')
  }
})

test('S4 what is wrong on the way is said precisely and tried again', async () => {
  const web = net.createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>(resolve => web.close(() => resolve())))
  const { port } = web.address() as net.AddressInfo
  const keys = nothingKnown()
  const cases: [LinkOptions, string][] = [
    [{ keys, port: 2 }, 'PORT_CLOSED'],
    [{ keys, address: 'no-such-host.invalid' }, 'RESOLVE_FAILED'],
    [{ keys, address: '127.0.0.1', port }, 'NOT_SSH'],
  ]
  for (const [options, code] of cases) {
    const status = await outcome(options)
    expect(status).toMatchObject({ state: 'backoff', error: { code }, generation: 0 })
    expect(status.error?.hint).toBeTruthy()
    expect(status.nextAttemptAt).toBeGreaterThan(Date.now() - 1000)
  }
})

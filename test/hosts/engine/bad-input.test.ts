// Proves what a person is told by a whole engine about what they entered or have not: the step that fails, why, and what to do about it.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../src/shared/errors.ts'
import {
  type ConnectionState,
  type ConnectionStep,
  connectionSteps,
  type HostDraft,
  type HostSecrets,
} from '../../../src/shared/model/host.ts'
import { sharedHost } from '../lib/vitest.ts'
import { draftFor, RunningEngine, until } from './running-engine.ts'

const host = sharedHost()
let app: RunningEngine
beforeAll(async () => {
  app = await RunningEngine.start()
})
afterAll(() => app.dispose())

async function trust(): Promise<void> {
  const { address, port } = host()
  for (const key of await host().hostKeys()) await app.client.call('host.trustKey', { address, port, key })
}

/** "Test connection" to its end: how each step ended. */
async function steps(draft: HostDraft, secrets: HostSecrets = {}): Promise<ConnectionStep[]> {
  const ended = new Map<string, ConnectionStep>()
  for await (const step of app.client.stream('host.test', { id: null, draft, secrets })) ended.set(step.step, step)
  return [...ended.values()]
}

/** An ordinary file of the test's own. */
function file(name: string, text: string, mode = 0o600): string {
  const at = path.join(app.directory, name)
  writeFileSync(at, text)
  chmodSync(at, mode)
  return at
}

interface Trouble {
  readonly draft: () => Partial<HostDraft>
  readonly secrets?: HostSecrets
  readonly step: ConnectionStep['step']
  readonly code: ErrorCode
  /** Where the host stays: what may mend itself is tried again, what only the person can mend waits for them. */
  readonly state: ConnectionState
  readonly says: RegExp
  readonly hint: RegExp
}

let web: net.Server
beforeAll(async () => {
  web = net.createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise<void>(resolve => web.close(() => resolve())))

const key = (file: string): Partial<HostDraft> => ({ auth: { kind: 'key', path: file } })

const troubles: Record<string, Trouble> = {
  'a wrong address': {
    draft: () => ({ address: 'no-such-host.invalid' }),
    step: 'resolve',
    code: 'RESOLVE_FAILED',
    state: 'backoff',
    says: /no-such-host\.invalid/,
    hint: /./,
  },
  'a closed port': {
    draft: () => ({ port: 2 }),
    step: 'tcp',
    code: 'PORT_CLOSED',
    state: 'backoff',
    says: /Nothing listens/,
    hint: /port/i,
  },
  'a port that is not SSH': {
    draft: () => ({ address: '127.0.0.1', port: (web.address() as net.AddressInfo).port }),
    step: 'host-key',
    code: 'NOT_SSH',
    state: 'backoff',
    says: /SSH/,
    hint: /./,
  },
  'a refused key': {
    draft: () => {
      const own = path.join(app.directory, `refused-${Math.random()}`)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own])
      return key(own)
    },
    step: 'auth',
    code: 'AUTH_FAILED',
    state: 'auth-failed',
    says: /refused/,
    hint: /authorized_keys/,
  },
  'a locked key': {
    draft: () => key(host().keyFiles.rsa),
    step: 'auth',
    code: 'KEY_LOCKED',
    state: 'config',
    says: /passphrase/,
    hint: /passphrase/i,
  },
  'a wrong passphrase': {
    draft: () => key(host().keyFiles.rsa),
    secrets: { passphrase: 'correct horse battery' },
    step: 'auth',
    code: 'KEY_PASSPHRASE_WRONG',
    state: 'config',
    says: /does not open/,
    hint: /./,
  },
  'a key file that is not there': {
    draft: () => key(path.join(app.directory, 'nowhere')),
    step: 'auth',
    code: 'KEY_UNREADABLE',
    state: 'config',
    says: /no key file/,
    hint: /./,
  },
  'a key file that is none': {
    draft: () => key(file('shopping-list', 'milk, eggs\n')),
    step: 'auth',
    code: 'KEY_UNREADABLE',
    state: 'config',
    says: /not a private key/,
    hint: /./,
  },
}

describe.each(Object.entries(troubles))('%s', (name, trouble) => {
  const { secrets = {}, step, code, state, says, hint } = trouble

  test('fails its own step of the test, and nothing is saved', async () => {
    await trust()
    const before = await app.client.call('host.list', undefined)
    const found = await steps(draftFor(host(), trouble.draft()), secrets)
    const at = connectionSteps.indexOf(step)
    expect(found.map(each => each.step)).toEqual([...connectionSteps])
    expect(found.slice(0, at).map(each => each.outcome)).toEqual(connectionSteps.slice(0, at).map(() => 'ok'))
    expect(found.slice(at + 1).every(each => each.outcome === 'skipped')).toBe(true)
    expect(found[at]).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(says),
      hint: expect.stringMatching(hint),
    })
    expect(await app.client.call('host.list', undefined)).toHaveLength(before.length)
    expect(JSON.stringify(found)).not.toContain('correct horse')
  })

  test('is told of the host that was added with it', async () => {
    const { id } = await app.client.call('host.add', { draft: draftFor(host(), { name, ...trouble.draft() }), secrets })
    const { connection } = await app.view(id, view => view.connection.state === state)
    expect(connection.error).toMatchObject({
      code,
      message: expect.stringMatching(says),
      hint: expect.stringMatching(hint),
    })
    expect(connection.nextAttemptAt === null).toBe(state !== 'backoff')
    await app.client.call('host.remove', { id })
    expect(JSON.stringify(connection) + app.logs.join('')).not.toContain('correct horse')
  })
})

test('no sudo: the test says which step, the host works but for what needs it', async () => {
  await trust()
  const draft = { user: 'norights', sudo: 'passwordless' } as const
  const found = await steps(draftFor(host(), draft))
  expect(found.find(({ step }) => step === 'sudo')).toMatchObject({
    outcome: 'failed',
    message: expect.stringMatching(/norights|sudo/),
    hint: expect.stringMatching(/./),
  })
  expect(found.find(({ step }) => step === 'rights')).toMatchObject({ outcome: 'warning', hint: expect.any(String) })
  const { id } = await app.add(host(), { name: 'no sudo', ...draft })
  const view = await app.ready(id)
  expect(view.facts?.rights).toBe('none')
  expect(view.units?.total).toBeGreaterThan(10)
  await host().installUnit('precious.service', '[Service]\nExecStart=/bin/sleep infinity\n')
  await host().exec(['systemctl', 'start', 'precious.service'])
  const pid = await host().pid('precious.service')
  const run = await app.act(id, 'precious.service', 'restart')
  expect(await host().pid('precious.service')).toBe(pid)
  expect(run.outcome).toBe('failed')
  expect(['SUDO_MISSING', 'ACCESS_DENIED']).toContain(run.error?.code)
  expect(run.error?.hint).toMatch(/./)
  await app.client.call('host.remove', { id })
})

test('no right to the journal: the group that is missing is named, everywhere that the journal is asked for', async () => {
  const { id } = await app.add(host(), { name: 'no journal', user: 'norights', sudo: 'none' })
  const view = await app.ready(id)
  const usermod = /usermod -aG systemd-journal norights/
  expect(view.facts?.journal).toMatchObject({
    readable: false,
    missingGroups: expect.arrayContaining(['systemd-journal', 'adm']),
  })
  expect(view.problems).toContainEqual({
    area: 'journal',
    error: expect.objectContaining({ code: 'JOURNAL_RIGHTS', hint: expect.stringMatching(usermod) }),
  })
  const refused = { code: 'JOURNAL_RIGHTS', hint: expect.stringMatching(usermod) }
  await expect(app.client.call('journal.page', { hostId: id })).rejects.toMatchObject(refused)
  const follow = app.client.stream('journal.follow', { filters: [{ hostId: id }] })[Symbol.asyncIterator]()
  await expect(follow.next()).rejects.toMatchObject(refused)
  await app.client.call('host.remove', { id })
})

test('no systemd: said in one sentence, and metrics work all the same', async () => {
  await trust()
  await host().hideSystemd()
  try {
    const found = await steps(draftFor(host()))
    expect(found.find(({ step }) => step === 'systemd')).toMatchObject({
      outcome: 'warning',
      message: 'This is not a systemd host',
      hint: expect.stringContaining('Metrics still work'),
    })
    expect(found.find(({ step }) => step === 'journal')?.outcome).toBe('skipped')
    const { id } = await app.add(host(), { name: 'no systemd' })
    const view = await app.view(id, ({ problems }) => problems.some(({ area }) => area === 'units'))
    expect(view.connection.state).toBe('ready')
    expect(view.facts).toMatchObject({ unitSource: 'none' })
    expect(view.problems).toEqual([
      { area: 'units', error: expect.objectContaining({ code: 'NOT_SYSTEMD', hint: expect.any(String) }) },
    ])
    const sample = await until(() => app.client.call('metric.latest', id))
    expect(sample.memory.totalBytes).toBeGreaterThan(0)
    expect(await app.client.call('unit.list', id)).toEqual([])
    await expect(app.client.call('journal.page', { hostId: id })).rejects.toMatchObject({ code: 'NOT_SYSTEMD' })
    await app.client.call('host.remove', { id })
  } finally {
    await host().showSystemd()
  }
})

test('a malformed ssh config: the line is named, and a mended one is read at once', async () => {
  const folder = path.join(app.directory, 'ssh')
  mkdirSync(folder, { recursive: true })
  expect(await app.client.call('host.importList', undefined)).toEqual([])
  const config = path.join(folder, 'config')
  writeFileSync(config, 'Host good\n  HostName 192.0.2.1\nHost bad\n  Prot 22\n')
  await expect(app.client.call('host.importList', undefined)).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining(`${config}, line 4`),
    hint: expect.any(String),
  })
  writeFileSync(config, 'Host good\n  HostName 192.0.2.1\n  Port 2222\n')
  expect(await app.client.call('host.importList', undefined)).toMatchObject([
    { alias: 'good', address: '192.0.2.1', port: 2222 },
  ])
})

test('what cannot be a host is refused before anything is tried', async () => {
  const drafts: Partial<HostDraft>[] = [
    { address: '-oProxyCommand=reboot' },
    { address: 'two words' },
    { port: 0 },
    { port: 70_000 },
    { user: 'a:b' },
    { name: '  ' },
    { auth: { kind: 'key', path: '' } },
    { jump: 'no-such-host' },
  ]
  const before = await app.client.call('host.list', undefined)
  for (const draft of drafts) {
    const outcome = app.client.call('host.add', { draft: draftFor(host(), draft), secrets: {} })
    await expect(outcome, JSON.stringify(draft)).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID_INPUT|NOT_FOUND)$/),
    })
  }
  expect(await app.client.call('host.list', undefined)).toHaveLength(before.length)
})

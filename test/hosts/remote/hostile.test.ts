// Proves that a host that floods, stalls, lies or never closes costs bounded memory and time and does not slow another host (semantics 36).
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import type { Host } from '../../../src/shared/model/host.ts'
import {
  badBytes,
  type HostileServer,
  type Manner,
  programs,
  startHostileServer,
} from '../../fakes/hostile-ssh-server.ts'
import { codeOf, gate, out, reached, secretsOf } from './support.ts'

const { echo, endless, endlessErrors, drip, neverCloses, neverStarts, ignoresWindow } = programs

async function server(manner: Manner = 'polite', noSessions = false): Promise<HostileServer> {
  const started = await startHostileServer(manner, noSessions)
  onTestFinished(() => started.dispose())
  return started
}

function linkTo({ port, key }: HostileServer): Link {
  const host: Host = {
    id: 'hostile',
    kind: 'ssh',
    name: 'hostile',
    address: '127.0.0.1',
    port,
    user: 'anyone',
    auth: { kind: 'password' },
    sudo: 'none',
    jump: null,
    userUnits: false,
    createdAt: 0,
    stored: { password: true, passphrase: false, sudoPassword: false },
  }
  const keys = {
    check: (_a: string, _p: number, offered: { key: string }) =>
      (offered.key === key ? 'trusted' : 'changed') as 'trusted' | 'changed',
    knownTypes: () => [],
  }
  const link = createSshLink({
    host,
    secrets: secretsOf({ password: 'x' }),
    keys,
    clock: systemClock,
    log: silentLogger,
    gate,
  })
  onTestFinished(() => link.dispose())
  link.start()
  return link
}

async function politeLink(): Promise<Link> {
  const link = linkTo(await server())
  await reached(link, 'ready')
  return link
}

/** Round trips of an echo in ms, one after the other, for `ms`. */
async function roundTrips(link: Link, ms: number): Promise<number[]> {
  const process = await link.spawn([echo])
  const times: number[] = []
  const end = performance.now() + ms
  while (performance.now() < end) {
    const began = performance.now()
    const answer = new Promise<void>(resolve => process.stdout.once('data', () => resolve()))
    process.stdin.write('ping')
    await answer
    times.push(performance.now() - began)
  }
  process.dispose()
  return times.sort((a, b) => a - b)
}

const p95 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN
const megabytes = (): number => process.memoryUsage().rss / 1e6

test('S36 endless output, read and unread, stdout and stderr: bounded memory, and another host is not slowed', async () => {
  const other = await politeLink()
  const flooded = await politeLink()
  await roundTrips(other, 300)
  const before = megabytes()
  const unread = await flooded.spawn([endless])
  const unreadErrors = await flooded.spawn([endlessErrors])
  const read = await flooded.spawn([endless])
  let bytes = 0
  read.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  const under = await roundTrips(other, 4_000)
  expect(bytes).toBeGreaterThan(1e6)
  expect(megabytes() - before).toBeLessThan(160)
  // Generous: several busy processes share two cores here. A starved loop would never answer.
  expect(p95(under)).toBeLessThan(2_000)
  for (const process of [unread, unreadErrors, read]) {
    process.dispose()
    await process.ended
  }
  expect(out(await flooded.exec([echo], { stdin: Buffer.from('still here') }))).toBe('still here')
})

test('S36 an endless command without a limit of its own ends by itself, cut', async () => {
  const link = await politeLink()
  const result = await link.exec([endless], { maxBytes: 1_000 })
  expect(result).toMatchObject({ truncated: true, exit: null, lost: true })
  expect(result.stdout.length).toBe(1_000)
})

test('S36 a host that ignores the window cannot fill memory: the link is cut', async () => {
  const link = await politeLink()
  const before = megabytes()
  await link.spawn([ignoresWindow])
  await reached(link, ['lost', 'backoff'])
  expect(link.status.error?.code).toBe('PROTOCOL')
  expect(megabytes() - before).toBeLessThan(150)
})

test('S7 a slow drip and a command that never closes end at their time', async () => {
  const link = await politeLink()
  const slow = await link.exec([drip], { timeout: 1_000 })
  expect(slow).toMatchObject({ timedOut: true, lost: true, exit: null })
  expect(out(slow)).toMatch(/^\.{5,40}$/)
  const unclosed = await link.exec([neverCloses], { timeout: 1_000 })
  expect(unclosed).toMatchObject({ timedOut: true, exit: 0 })
  expect(out(unclosed)).toBe('said\n')
  const live = await link.spawn([neverCloses])
  live.dispose()
  expect(await live.ended).toMatchObject({ exit: 0 })
  expect(link.status.state).toBe('ready')
})

test('S7 a command that is never started, and a channel that is never opened, time out', {
  timeout: 60_000,
}, async () => {
  const polite = await politeLink()
  const mute = linkTo(await server('polite', true))
  await reached(mute, 'ready')
  const began = performance.now()
  const codes = await Promise.all([
    codeOf(polite.exec([neverStarts])),
    codeOf(polite.spawn([neverStarts])),
    codeOf(mute.exec(['true'])),
  ])
  expect(codes).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT'])
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(out(await polite.exec([echo], { stdin: Buffer.from('x') }))).toBe('x')
})

test('S34 bytes come through as they are', async () => {
  const link = await politeLink()
  const result = await link.exec([programs.badBytes])
  expect(Buffer.from(result.stdout)).toEqual(badBytes)
})

test.each([
  ['garbage', /NOT_SSH/],
  ['long-greeting', /NOT_SSH/],
  ['hang-up', /UNREACHABLE/],
  ['silence', /NOT_SSH/],
  ['drip-banner', /NOT_SSH/],
] as const)(
  'S4 %s instead of a banner ends the attempt in bounded memory',
  { timeout: 60_000 },
  async (manner, code) => {
    const before = megabytes()
    const link = linkTo(await server(manner))
    await reached(link, 'backoff')
    expect(link.status.error?.code).toMatch(code)
    link.stop()
    await sleep(100)
    expect(megabytes() - before).toBeLessThan(100)
  },
)

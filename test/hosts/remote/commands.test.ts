// Proves how commands on a real host end: honestly, in bounds, in time, within sshd's limits.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, err, out, ready } from './support.ts'

const host = sharedHost()

test('S7 exit, signal, stdin, stderr', async () => {
  const it = await ready(host())
  expect(await it.exec(['sh', '-c', 'exit 3'])).toMatchObject({ exit: 3, signal: null, lost: false })
  expect(await it.exec(['sh', '-c', 'kill -KILL $$'])).toMatchObject({ exit: null, signal: 'SIGKILL', lost: false })
  const echo = await it.exec(['sh', '-c', 'cat; echo oops >&2'], { stdin: Buffer.from('ü\0bytes') })
  expect(Buffer.from(echo.stdout)).toEqual(Buffer.from('ü\0bytes'))
  expect(err(echo)).toBe('oops\n')
  expect(out(await it.exec(['cat']))).toBe('')
  expect(await it.exec(['no-such-program'])).toMatchObject({ exit: 127 })
  expect(await codeOf(it.exec(['echo', 'a\0b']))).toBe('INVALID_INPUT')
})

test('S7 a large stdin arrives whole', async () => {
  const it = await ready(host())
  const stdin = Buffer.alloc(12_000_000, 'abcdefghij')
  expect(out(await it.exec(['sh', '-c', 'cat | wc -c'], { stdin }))).toBe('12000000\n')
})

test('S7 a command over its time is ended on the host too', async () => {
  const it = await ready(host())
  const result = await it.exec(['sleep', '987'], { timeout: 500 })
  expect(result).toMatchObject({ timedOut: true, exit: null })
  await expect.poll(() => host().output('pgrep -fc "[s]leep 987" || true'), { timeout: 5_000 }).toBe('0')
})

test('S7 an abort closes the channel, ends the command and says CANCELLED', async () => {
  const it = await ready(host())
  const abort = new AbortController()
  const running = codeOf(it.exec(['sleep', '986'], { signal: abort.signal }))
  await sleep(300)
  abort.abort()
  expect(await running).toBe('CANCELLED')
  await expect.poll(() => host().output('pgrep -fc "[s]leep 986" || true'), { timeout: 5_000 }).toBe('0')
  expect(await codeOf(it.exec(['true'], { signal: AbortSignal.abort() }))).toBe('CANCELLED')
})

test('S36 output beyond the limit is cut and marked, and an endless command is ended', async () => {
  const it = await ready(host())
  const cut = await it.exec(['head', '-c', '100000', '/dev/zero'], { maxBytes: 1_000 })
  expect(cut).toMatchObject({ exit: 0, truncated: true })
  expect(cut.stdout.length).toBe(1_000)
  const exact = await it.exec(['head', '-c', '1000', '/dev/zero'], { maxBytes: 1_000 })
  expect(exact).toMatchObject({ exit: 0, truncated: false })
  const before = process.memoryUsage().rss
  const endless = await it.exec(['yes'])
  expect(endless).toMatchObject({ truncated: true, exit: null, timedOut: false })
  expect(endless.stdout.length).toBe(8 * 1024 * 1024)
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6)
})

test('more commands at once than MaxSessions allows all succeed', async () => {
  const it = await ready(host())
  const all = await Promise.all(Array.from({ length: 60 }, (_, n) => it.exec(['echo', String(n)])))
  expect(all.map(out)).toEqual(all.map((_, n) => `${n}\n`))
})

test('a host that allows fewer sessions is respected, and live streams leave room for commands', async () => {
  await host().writeFile('/etc/ssh/sshd_config.d/00-few.conf', 'MaxSessions 3\n')
  await host().restartSshd({ dropSessions: false })
  try {
    const it = await ready(host())
    const streams = [await it.spawn(['cat'])]
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => it.exec(['echo', String(n)])))
    expect(all.map(out)).toEqual(all.map((_, n) => `${n}\n`))
    for (const stream of streams) stream.dispose()
  } finally {
    await host().exec(['rm', '/etc/ssh/sshd_config.d/00-few.conf'])
    await host().restartSshd({ dropSessions: false })
  }
})

test('a live command: both directions, backpressure, its end on both sides', async () => {
  const it = await ready(host())
  const cat = await it.spawn(['cat'])
  let heard = ''
  cat.stdout.on('data', chunk => {
    heard += chunk
  })
  cat.stdin.write('one\n')
  await expect.poll(() => heard).toBe('one\n')
  cat.stdin.end('two\n')
  expect(await cat.ended).toEqual({ exit: 0, signal: null, lost: false })
  expect(heard).toBe('one\ntwo\n')

  const flood = await it.spawn(['sh', '-c', 'yes & yes >&2'])
  await sleep(1_500)
  const before = process.memoryUsage().rss
  await sleep(1_500)
  expect(process.memoryUsage().rss - before).toBeLessThan(30e6)
  flood.dispose()
  await flood.ended
  expect(out(await it.exec(['echo', 'alive']))).toBe('alive\n')
})

test('a stderr that nobody reads does not stall stdout', async () => {
  const it = await ready(host())
  const noisy = await it.spawn(['sh', '-c', 'head -c 5000000 /dev/zero >&2; echo done'])
  let heard = ''
  noisy.stdout.on('data', chunk => {
    heard += chunk
  })
  expect(await noisy.ended).toMatchObject({ exit: 0 })
  expect(heard).toBe('done\n')
})

test('a live command that is disposed of ends on the host', async () => {
  const it = await ready(host())
  const sleeper = await it.spawn(['sleep', '985'])
  await expect.poll(() => host().output('pgrep -fc "[s]leep 985" || true')).not.toBe('0')
  sleeper.dispose()
  await sleeper.ended
  await expect.poll(() => host().output('pgrep -fc "[s]leep 985" || true'), { timeout: 5_000 }).toBe('0')
})

test('a unix socket and a TCP port of the host, and what cannot be reached', async () => {
  const it = await ready(host())
  const bus = await it.openUnixSocket('/run/dbus/system_bus_socket')
  const answer = new Promise<string>(resolve => bus.once('data', chunk => resolve(String(chunk))))
  bus.write('\0AUTH EXTERNAL 31303031\r\n')
  expect(await answer).toMatch(/^OK [0-9a-f]{32}/)
  bus.destroy()
  const tcp = await it.openTcp('127.0.0.1', 22)
  expect(await new Promise<string>(resolve => tcp.once('data', chunk => resolve(String(chunk))))).toMatch(/^SSH-2\.0/)
  const closed = new Promise(resolve => tcp.once('close', resolve))
  tcp.destroy()
  await closed
  expect(await codeOf(it.openUnixSocket('/run/none'))).toBe('UNREACHABLE')
  expect(await codeOf(it.openTcp('127.0.0.1', 3))).toBe('PORT_CLOSED')
})

test('S7 a command whose channel was being opened when the link went is LINK_LOST, never INTERNAL', async () => {
  const it = await ready(host())
  const many = Array.from({ length: 40 }, () => codeOf(it.exec(['sleep', '60'])))
  await host().restartSshd()
  for (const outcome of await Promise.all(many)) {
    if (typeof outcome === 'string') expect(outcome).toBe('LINK_LOST')
    else expect(outcome).toMatchObject({ resolved: { lost: true, exit: null, signal: null } })
  }
})

test('streams end with LINK_LOST when the link goes', async () => {
  const it = await ready(host())
  const bus = await it.openUnixSocket('/run/dbus/system_bus_socket')
  const error = new Promise<unknown>(resolve => bus.once('error', resolve))
  await host().restartSshd()
  expect(await error).toMatchObject({ code: 'LINK_LOST' })
})

// Takes the link away from a ready connection in every way that happens, and watches states, times and generations (semantics 4 to 8).
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, out, reached, ready } from './support.ts'

const host = sharedHost()

afterEach(async () => {
  await host().unblackhole()
  await host().restoreLink()
  await host().thawSshd()
})

test('S6 sshd restarts: LOST, BACKOFF, READY with the next generation', async () => {
  const it = await ready(host())
  const running = it.exec(['sleep', '60'])
  const stream = await it.spawn(['cat'])
  await sleep(1_000)
  await host().restartSshd()
  expect(await running).toMatchObject({ exit: null, signal: null, lost: true, timedOut: false, generation: 1 })
  expect(await stream.ended).toEqual({ exit: null, signal: null, lost: true })
  await reached(it, 'backoff')
  expect(it.status.error?.code).toBe('LINK_LOST')
  expect(await codeOf(it.exec(['true']))).toBe('NOT_CONNECTED')
  await reached(it, 'ready')
  expect(it.status).toMatchObject({ generation: 2, error: null })
  expect(await it.exec(['true'])).toMatchObject({ exit: 0, generation: 2 })
  const states = it.history.map(({ state }) => state)
  expect(states).toEqual([
    ...['resolve', 'tcp', 'host-key', 'auth', 'ready', 'lost', 'backoff'],
    ...states.slice(7, -5).filter(state => state !== 'ready'),
    ...['resolve', 'tcp', 'host-key', 'auth', 'ready'],
  ])
})

test('S8 a half-open link is noticed within 16 s, and a lost command is lost', async () => {
  const it = await ready(host())
  const running = it.exec(['sleep', '60'], { timeout: 120_000 })
  await it.exec(['true'])
  await sleep(1_000)
  await host().blackhole()
  const began = performance.now()
  await reached(it, 'lost', 20_000)
  expect(performance.now() - began).toBeLessThan(16_000)
  expect(await running).toMatchObject({ lost: true, exit: null, signal: null })
  await host().unblackhole()
  await reached(it, 'ready', 90_000)
  expect(it.status.generation).toBe(2)
})

test('S8 a frozen sshd is noticed within 16 s', async () => {
  const it = await ready(host())
  await host().freezeSshd()
  const began = performance.now()
  await reached(it, 'lost', 20_000)
  expect(performance.now() - began).toBeLessThan(16_000)
})

test('S8 a probe at resume from sleep notices at once, and leaves a live link alone', async () => {
  const it = await ready(host())
  it.probe()
  await sleep(5_000)
  expect(it.status).toMatchObject({ state: 'ready', generation: 1 })
  await host().cutLink()
  it.probe()
  const began = performance.now()
  await reached(it, 'lost', 20_000)
  expect(performance.now() - began).toBeLessThan(6_000)
})

test('S4 a silent link is quiet: it stays READY over many keepalives', async () => {
  const it = await ready(host())
  await sleep(22_000)
  expect(it.history.filter(({ state }) => state === 'lost')).toEqual([])
  expect(out(await it.exec(['echo', 'still']))).toBe('still\n')
})

test('S4 stop ends it without an error and start begins anew', async () => {
  const it = await ready(host())
  const running = it.exec(['sleep', '60'])
  await sleep(500)
  it.stop()
  expect(it.status).toMatchObject({ state: 'idle', error: null })
  expect(await running).toMatchObject({ lost: true })
  await sleep(1_500)
  expect(it.status.state).toBe('idle')
  it.start()
  await reached(it, 'ready')
  expect(it.status.generation).toBe(2)
})

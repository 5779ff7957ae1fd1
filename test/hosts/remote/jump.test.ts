// Reaches a host that only another host can reach, and hears about that other host's troubles.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createHostKeyBook, memoryKeyStore } from '../../../src/engine/remote/host-keys.ts'
import { jumpOver } from '../../../src/engine/remote/jump.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import { sharedJumpPair } from '../lib/vitest.ts'
import { gate, hostRecord, link, out, reached, ready, secretsOf, trusting } from './support.ts'

const pair = sharedJumpPair()

test('a command through the jump host, with the login and host key of the target', async () => {
  const jump = await ready(pair().jump)
  const it = await ready(pair().target, { jump: jumpOver('jump', jump), user: 'fishy', sudo: 'passwordless' })
  expect(out(await it.exec(['hostname']))).toBe('target\n')
  expect(out(await it.exec(['id', '-u'], { sudo: true }))).toBe('0\n')
  const large = await it.exec(['head', '-c', '3000000', '/dev/zero'])
  expect(large.stdout.length).toBe(3_000_000)
  expect(it.history.map(({ state }) => state)).toEqual(['resolve', 'tcp', 'host-key', 'auth', 'ready'])
})

test("the target's own key is checked, whatever the jump host is", async () => {
  const jump = await ready(pair().jump)
  const book = await trusting(pair().jump, { address: pair().target.address, port: 22 })
  const cursor = await pair().target.journalCursor()
  const it = await link(pair().target, { jump: jumpOver('jump', jump), keys: book })
  it.start()
  expect((await reached(it, ['host-key-changed', 'ready'])).state).toBe('host-key-changed')
  expect((await pair().target.authLog(cursor)).attempts).toEqual([])
})

test('the jump host is lost: LOST, and back as soon as the jump host is', async () => {
  const jump = await ready(pair().jump)
  const it = await ready(pair().target, { jump: jumpOver('jump', jump) })
  await it.exec(['true'])
  const running = it.exec(['sleep', '60'])
  await sleep(1_000)
  await pair().jump.restartSshd()
  expect(await running).toMatchObject({ lost: true })
  await reached(it, 'backoff')
  await reached(jump, 'ready')
  await reached(it, 'ready')
  expect(it.status.generation).toBe(2)
})

test("the jump host's trouble is told in the error, and its repair brings the target", async () => {
  const trusted = memoryKeyStore()
  const jump = createSshLink({
    host: { ...hostRecord(pair().jump), id: 'jump' },
    secrets: secretsOf(),
    keys: createHostKeyBook({ trusted, log: silentLogger, files: [] }),
    clock: systemClock,
    log: silentLogger,
    gate,
    agentSocket: null,
  })
  onTestFinished(() => jump.dispose())
  const it = await link(pair().target, { jump: jumpOver('Bastion', jump) })
  it.start()
  await reached(it, 'backoff')
  expect(it.status.error).toMatchObject({ code: 'UNREACHABLE', message: 'jump host Bastion: it is disconnected' })
  jump.start()
  const { offeredKey } = await reached(jump, 'host-key-unknown')
  it.start()
  await reached(it, 'backoff')
  expect(it.status.error?.message).toMatch(/^jump host Bastion: The key of .* is not known yet/)
  expect(it.status.error?.detail).toMatchObject({ jumpCode: 'HOST_KEY_UNKNOWN' })
  if (offeredKey) trusted.trust(pair().jump.address, 22, offeredKey)
  jump.start()
  await reached(it, 'ready')
})

test('a port that is closed behind the jump host is said to be behind it', async () => {
  const jump = await ready(pair().jump)
  const it = await link(pair().target, { jump: jumpOver('Bastion', jump), port: 9 })
  it.start()
  await reached(it, 'backoff')
  expect(it.status.error?.message).toMatch(/^jump host Bastion: .*:9 cannot be reached from the host/)
})

// Tests connections step by step on real hosts, as a person does before saving one, and looks at what each step says.
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createHostKeyBook, memoryKeyStore } from '../../../src/engine/remote/host-keys.ts'
import { jumpOver } from '../../../src/engine/remote/jump.ts'
import { testConnection } from '../../../src/engine/remote/test-connection.ts'
import { type ConnectionStep, connectionSteps } from '../../../src/shared/model/host.ts'
import type { TestHost } from '../lib/index.ts'
import { sharedHost, sharedJumpPair } from '../lib/vitest.ts'
import { gate, hostRecord, type LinkOptions, ready, secretsOf, trusting } from './support.ts'

const host = sharedHost()

async function steps(of: TestHost, options: LinkOptions = {}): Promise<Record<string, ConnectionStep>> {
  const draft = hostRecord(of, options)
  const found: Record<string, ConnectionStep> = {}
  const order: string[] = []
  for await (const step of testConnection({
    hostId: 'draft',
    draft,
    jump: options.jump ?? null,
    secrets: secretsOf(options.secrets),
    keys: options.keys ?? (await trusting(of, draft)),
    clock: systemClock,
    gate,
    agentSocket: null,
  })) {
    if (step.outcome === 'running') order.push(step.step)
    found[step.step] = step
  }
  expect(Object.keys(found)).toEqual([...connectionSteps])
  expect(order).toEqual(connectionSteps.slice(0, order.length))
  return found
}

const outcomes = (found: Record<string, ConnectionStep>): string =>
  connectionSteps.map(name => `${name}:${found[name]?.outcome}`).join(' ')

test('R3 all is well', async () => {
  const found = await steps(host(), { sudo: 'passwordless' })
  expect(outcomes(found)).toBe('resolve:ok tcp:ok host-key:ok auth:ok shell:ok sudo:ok systemd:ok journal:ok rights:ok')
  expect(found.systemd?.message).toBe('systemd 252')
  expect(found.auth?.milliseconds).toBeGreaterThan(0)
})

test('R3 an unknown key stops the test and offers the key; once it is trusted the test goes on', async () => {
  const trusted = memoryKeyStore()
  const keys = createHostKeyBook({ trusted, log: silentLogger, files: [] })
  const cursor = await host().journalCursor()
  const found = await steps(host(), { keys })
  expect(outcomes(found)).toBe(
    'resolve:ok tcp:ok host-key:failed auth:skipped shell:skipped sudo:skipped systemd:skipped journal:skipped rights:skipped',
  )
  expect((await host().authLog(cursor)).attempts).toEqual([])
  const offered = found['host-key']?.offeredKey
  expect(offered?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
  if (offered) trusted.trust(host().address, 22, offered)
  expect((await steps(host(), { keys }))['host-key']?.outcome).toBe('ok')
})

test('R3 each trouble fails its own step with a hint', async () => {
  const cases: [LinkOptions, string, RegExp][] = [
    [{ address: 'no-such-host.invalid' }, 'resolve', /No such host|could not be looked up/],
    [{ port: 2 }, 'tcp', /Nothing listens/],
    [{ auth: { kind: 'password' }, secrets: { password: 'wrong' } }, 'auth', /password was refused/],
    [{ auth: { kind: 'key', path: host().keyFiles.rsa } }, 'auth', /passphrase/],
    [{ user: 'sam', sudo: 'password', secrets: { sudoPassword: 'wrong' } }, 'sudo', /refused the password/],
    [{ user: 'norights', sudo: 'passwordless' }, 'sudo', /password/],
  ]
  for (const [options, step, message] of cases) {
    const found = await steps(host(), options)
    expect(found[step]).toMatchObject({ outcome: 'failed', hint: expect.stringMatching(/./) })
    expect(found[step]?.message).toMatch(message)
    expect(JSON.stringify(found)).not.toContain('"wrong"')
  }
})

test('R3 a user without rights is told what is missing', async () => {
  const found = await steps(host(), { user: 'norights' })
  expect(outcomes(found)).toBe(
    'resolve:ok tcp:ok host-key:ok auth:ok shell:ok sudo:skipped systemd:ok journal:warning rights:warning',
  )
  expect(found.journal?.hint).toContain('usermod -aG systemd-journal norights')
  expect((await steps(host(), { user: 'watcher' })).journal?.outcome).toBe('ok')
  const sam = await steps(host(), { user: 'sam', sudo: 'password', secrets: { sudoPassword: host().passwords.sam } })
  expect(sam.journal).toMatchObject({ outcome: 'ok', message: expect.stringContaining('sudo') })
})

test('R3 an account that runs no commands, and a shell that talks', async () => {
  await host().exec(['usermod', '-s', '/usr/sbin/nologin', 'watcher'])
  const closed = await steps(host(), { user: 'watcher' })
  await host().exec(['usermod', '-s', '/bin/bash', 'watcher'])
  expect(closed.shell).toMatchObject({ outcome: 'failed', hint: expect.stringContaining('nologin') })
  expect(closed.rights?.outcome).toBe('skipped')
  await host().exec('printf "echo Welcome back\\n" > /home/watcher/.bashrc')
  const talking = await steps(host(), { user: 'watcher' })
  await host().exec(['rm', '/home/watcher/.bashrc'])
  expect(talking.shell).toMatchObject({ outcome: 'warning', message: expect.stringContaining('Welcome back') })
})

test('R3 whoever stops reading stops the test', async () => {
  const draft = hostRecord(host())
  const seen: string[] = []
  for await (const step of testConnection({
    hostId: 'draft',
    draft,
    secrets: secretsOf(),
    keys: await trusting(host()),
    clock: systemClock,
    gate,
  })) {
    seen.push(step.step)
    if (step.step === 'auth') break
  }
  expect(seen.at(-1)).toBe('auth')
  await expect.poll(() => host().output('pgrep -fc "^sshd.*: [d]eploy@notty" || true'), { timeout: 5_000 }).toBe('0')
})

test('R3 through a jump host', { timeout: 180_000 }, async () => {
  const jump = await ready(pair().jump)
  const found = await steps(pair().target, { jump: jumpOver('Bastion', jump) })
  expect(found.resolve).toMatchObject({ outcome: 'skipped', message: 'Bastion looks the name up' })
  expect(found.auth?.outcome).toBe('ok')
  jump.stop()
  const off = await steps(pair().target, { jump: jumpOver('Bastion', jump) })
  expect(off.tcp).toMatchObject({ outcome: 'failed', message: 'jump host Bastion: it is disconnected' })
})

const pair = sharedJumpPair()

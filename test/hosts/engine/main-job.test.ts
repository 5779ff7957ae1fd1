// Plays the main job on real hosts: add, see, crash, be told, restart, verified; for every suite, user and way in.
import { describe, expect, it } from 'vitest'
import type { HostDraft, HostSecrets } from '../../../src/shared/model/host.ts'
import { rsaPassphrase, suites, type TestHost } from '../lib/index.ts'
import { sharedHost, sharedJumpPair } from '../lib/vitest.ts'
import { playMaintenance } from './maintenance-case.ts'
import { RunningEngine, until } from './running-engine.ts'

const unit = 'echo-bot.service'
const unitFile = `[Unit]
Description=Echo bot
[Service]
ExecStart=/bin/sleep infinity
Restart=on-failure
RestartSec=300
`

async function play(host: TestHost, draft: Partial<HostDraft>, secrets: HostSecrets = {}): Promise<void> {
  await host.writeFile(`/etc/systemd/system/${unit}`, unitFile)
  await host.exec('systemctl daemon-reload && systemctl restart echo-bot.service')
  await using app = await RunningEngine.start()
  const { id } = await app.add(host, draft, secrets)
  await app.ready(id)
  const ref = { hostId: id, scope: 'system', name: unit } as const
  const before = await until(async () => {
    const found = (await app.client.call('unit.list', id)).find(item => item.name === unit)
    return found?.mainPid ? found : null
  })
  expect(before).toMatchObject({ activeState: 'active', description: 'Echo bot', mainPid: await host.pid(unit) })

  await host.killUnit(unit)
  const crashed = await until(async () => {
    const now = await app.client.call('unit.get', ref)
    return now.activeState !== 'active' ? now : null
  })
  expect(crashed.result).toBe('signal')
  const told = await until(() => app.notifications.find(item => item.title.startsWith('echo-bot failed')))
  expect(told).toMatchObject({ title: `echo-bot failed on ${host.name}`, urgency: 'critical' })
  expect(app.transitions.find(item => item.name === unit && item.toState === 'failed')).toMatchObject({
    fromState: 'active',
    reconstructed: false,
  })

  const run = await app.act(id, unit, 'restart')
  expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'verified', error: null })
  const pid = await host.pid(unit)
  expect(pid).toBeGreaterThan(0)
  expect(pid).not.toBe(before.mainPid)
  expect((await app.client.call('unit.get', ref)).mainPid).toBe(pid)
  const [entry] = await app.client.call('audit.list', { target: unit })
  expect(entry).toMatchObject({ verb: 'unit.restart', actor: 'person', outcome: 'verified', hostId: id })
  expect(entry?.finishedAt).not.toBeNull()
}

describe.each(suites)('on %s', suite => {
  const host = sharedHost({ suite })
  it('by key, with sudo that asks for nothing', () => play(host(), {}))
  it('by password, with sudo that asks for it', () =>
    play(
      host(),
      { user: 'sam', auth: { kind: 'password' }, sudo: 'password' },
      { password: host().passwords.sam, sudoPassword: host().passwords.sam },
    ))
  it('by a key with a passphrase, with fish as login shell', () =>
    play(host(), { user: 'fishy', auth: { kind: 'key', path: host().keyFiles.rsa } }, { passphrase: rsaPassphrase }))
  it('maintenance, also without python3, and without anything that knows SQLite', () => playMaintenance(host()), 60_000)
  it('without rights it says which are missing, and changes nothing', async () => {
    await host().writeFile(`/etc/systemd/system/${unit}`, unitFile)
    await host().exec('systemctl daemon-reload && systemctl restart echo-bot.service')
    const pid = await host().pid(unit)
    await using app = await RunningEngine.start()
    const { id } = await app.add(host(), { user: 'norights', sudo: 'none' })
    const view = await app.ready(id)
    const journal = view.problems.find(problem => problem.area === 'journal')
    expect(journal?.error).toMatchObject({ code: 'JOURNAL_RIGHTS', hint: expect.stringContaining('usermod -aG') })
    const run = await app.act(id, unit, 'restart')
    expect(run).toMatchObject({ outcome: 'failed', error: { code: 'ACCESS_DENIED', hint: expect.any(String) } })
    expect(await host().pid(unit)).toBe(pid)
  })
})

describe('through a jump host', () => {
  const pair = sharedJumpPair()
  it('does the same', async () => {
    const { jump, target } = pair()
    await target.writeFile(`/etc/systemd/system/${unit}`, unitFile)
    await target.exec('systemctl daemon-reload && systemctl restart echo-bot.service')
    await using app = await RunningEngine.start()
    const first = await app.add(jump)
    const { id } = await app.add(target, { jump: first.id })
    await app.ready(id)
    const run = await app.act(id, unit, 'restart')
    expect(run).toMatchObject({ outcome: 'verified' })
    expect(await target.property(unit, 'InvocationID')).toBe(run.invocationAfter)
  })
})

// Who may act on units and how: sudo in all its kinds, no rights at all, sshd and hosts that leave only the second or third way in.
import { beforeAll, describe, expect, it } from 'vitest'
import { collectFacts, readHostReport } from '../../../src/engine/collector/facts.ts'
import type { TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { hostRecord, type LinkOptions, reached, ready } from '../remote/support.ts'
import { sleeper, watch } from './watching.ts'

const host = sharedHost({ suite: 'bookworm' })

async function newRun(on: TestHost, act: () => Promise<unknown>): Promise<{ result: unknown; changed: boolean }> {
  const before = await on.property('subject.service', 'InvocationID')
  const result = await act()
  return { result, changed: before !== (await on.property('subject.service', 'InvocationID')) }
}

const done = { result: { kind: 'done', job: 'done' }, changed: true }

async function factsFor(options: LinkOptions) {
  const link = await ready(host(), options)
  return collectFacts(link, hostRecord(host(), options), () => readHostReport(link))
}

beforeAll(async () => {
  await host().installUnit('subject.service', sleeper())
  await host().installUnit('slow.service', '[Service]\nType=oneshot\nExecStart=/bin/sleep 4\n', { start: false })
})

describe('acting on a system unit', () => {
  it('with a sudo password', async () => {
    const options: LinkOptions = { user: 'sam', sudo: 'password', secrets: { sudoPassword: host().passwords.sam } }
    const { manager } = await watch(host(), options)
    expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
    expect((await factsFor(options)).rights).toBe('sudo')
  })

  it('with a wrong sudo password is refused as such, and nothing is done', async () => {
    const { manager } = await watch(host(), { user: 'sam', sudo: 'password', secrets: { sudoPassword: 'not it' } })
    const { result, changed } = await newRun(host(), () => manager.act('restart', 'subject.service'))
    expect(result).toMatchObject({ kind: 'refused', error: { code: 'SUDO_PASSWORD_WRONG' } })
    expect(changed).toBe(false)
  })

  it('from a login shell that is not POSIX', async () => {
    const { manager } = await watch(host(), { user: 'fishy', sudo: 'passwordless' })
    expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
  })

  it('as a user without rights is refused with the line that would allow it', async () => {
    const { manager } = await watch(host(), { user: 'norights' })
    const { result, changed } = await newRun(host(), () => manager.act('restart', 'subject.service'))
    expect(result).toMatchObject({
      kind: 'refused',
      error: {
        code: 'ACCESS_DENIED',
        hint: expect.stringContaining('norights ALL=(root) NOPASSWD: /usr/bin/systemctl restart subject.service'),
      },
    })
    expect(changed).toBe(false)
    const facts = await factsFor({ user: 'norights' })
    expect(facts).toMatchObject({
      rights: 'none',
      journal: { readable: false, missingGroups: ['systemd-journal', 'adm'] },
    })
  })

  it('and that very line is enough', async () => {
    await host().writeFile(
      '/etc/sudoers.d/just-this',
      'norights ALL=(root) NOPASSWD: /usr/bin/systemctl restart subject.service\n',
      { mode: '440' },
    )
    await host().exec(['visudo', '-c', '-q'])
    const { manager } = await watch(host(), { user: 'norights', sudo: 'passwordless' })
    expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
    const { result, changed } = await newRun(host(), () => manager.act('stop', 'subject.service'))
    expect(result).toMatchObject({ kind: 'refused', error: { code: 'ACCESS_DENIED' } })
    expect(changed).toBe(false)
    await host().exec(['rm', '/etc/sudoers.d/just-this'])
  })

  it('as root, over the bus and over the systemctl that needs none', async () => {
    await host().exec(
      'install -d -m 700 /root/.ssh && cp /home/deploy/.ssh/authorized_keys /root/.ssh/ && chown -R root: /root/.ssh',
    )
    for (const source of ['dbus-socket', 'systemctl'] as const) {
      const { manager } = await watch(host(), { user: 'root', sources: [source] })
      expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
    }
    expect((await factsFor({ user: 'root' })).rights).toBe('root')
  })

  it('leaves no process on the host when it ends', async () => {
    const bridges = async () => (await host().exec('pgrep -fc systemd-stdio-bridg[e]', { check: false })).stdout.trim()
    const { manager } = await watch(host(), { sudo: 'passwordless', sources: ['dbus-bridge'] })
    await manager.act('restart', 'subject.service')
    expect(Number(await bridges())).toBeGreaterThanOrEqual(2)
    await manager.dispose()
    expect(await manager.closed).toBe(null)
    await expect.poll(bridges, { timeout: 10_000 }).toBe('0')
  })

  it('S35 a name that is no unit name is sent nowhere', async () => {
    const { manager } = await watch(host(), { sudo: 'passwordless' })
    for (const name of ['--root=/x', 'a b.service', 'x;reboot', '', 'a\n.service', '$(id).service'])
      expect(await manager.act('restart', name)).toMatchObject({ kind: 'refused', error: { code: 'INVALID_INPUT' } })
  })

  it('S7 a link that breaks while the job runs is lost, not done, and the manager says that it ended', async () => {
    const { manager, link } = await watch(host(), { sudo: 'passwordless' })
    const acting = manager.act('restart', 'slow.service')
    await expect.poll(() => host().property('slow.service', 'ActiveState'), { timeout: 10_000 }).toBe('activating')
    await host().restartSshd()
    expect(await acting).toEqual({ kind: 'lost' })
    expect(await manager.closed).toMatchObject({ code: 'LINK_LOST' })
    await reached(link, 'ready')
    expect(await manager.act('start', 'slow.service')).toMatchObject({
      kind: 'refused',
      error: { code: 'NOT_CONNECTED' },
    })
  })

  it('waiting for a job can be given up', async () => {
    const { manager } = await watch(host(), { sudo: 'passwordless' })
    await host().exec(['systemctl', 'stop', 'slow.service'])
    const controller = new AbortController()
    const acting = manager.act('start', 'slow.service', { signal: controller.signal })
    await expect.poll(() => host().property('slow.service', 'ActiveState'), { timeout: 10_000 }).toBe('activating')
    controller.abort()
    await expect(acting).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe("the user's own units", () => {
  it.each(['dbus-socket', 'dbus-bridge', 'systemctl'] as const)(
    '%s: are watched and acted on without any right',
    async source => {
      await host().installUserUnit('norights', 'mine.service', sleeper())
      const { manager, life, until } = await watch(host(), { user: 'norights', scope: 'user', sources: [source] })
      const before = await manager.get('mine.service')
      expect(before).toMatchObject({ scope: 'user', activeState: 'active', description: 'Sleeps' })
      expect(await manager.act('restart', 'mine.service')).toEqual({ kind: 'done', job: 'done' })
      const after = await manager.get('mine.service')
      expect(after.mainPid).not.toBe(before.mainPid)
      await host().exec(['kill', '-KILL', String(after.mainPid)])
      await until(() => life('mine.service').at(-1) === 'failed/failed', 'failed')
      expect(await manager.act('enable', 'mine.service')).toEqual({ kind: 'done', job: null })
      expect((await manager.get('mine.service')).unitFileState).toBe('enabled')
    },
  )
})

describe('a host that leaves fewer ways', () => {
  it('without the bridge, sudo systemctl acts', async () => {
    await host().exec(['mv', '/usr/bin/systemd-stdio-bridge', '/usr/bin/away'])
    try {
      const { manager } = await watch(host(), { sudo: 'passwordless' })
      expect(manager.source).toBe('dbus-socket')
      expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
    } finally {
      await host().exec(['mv', '/usr/bin/away', '/usr/bin/systemd-stdio-bridge'])
    }
  })

  it('with forwarding off in sshd, the bridge serves', async () => {
    await host().writeFile('/etc/ssh/sshd_config.d/no-forwarding.conf', 'AllowStreamLocalForwarding no\n')
    await host().restartSshd()
    try {
      const { manager } = await watch(host(), { sudo: 'passwordless' })
      expect(manager.source).toBe('dbus-bridge')
      expect((await factsFor({ sudo: 'passwordless' })).unitSource).toBe('dbus-bridge')
      expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
    } finally {
      await host().exec(['rm', '/etc/ssh/sshd_config.d/no-forwarding.conf'])
      await host().restartSshd()
    }
  })

  it('without a bus, root is served by systemctl and a user is told what to do', async () => {
    await host().exec(['systemctl', 'stop', 'dbus.socket', 'dbus.service'])
    try {
      const { manager } = await watch(host(), { user: 'root' })
      expect(manager.source).toBe('systemctl')
      expect(await newRun(host(), () => manager.act('restart', 'subject.service'))).toEqual(done)
      await expect(watch(host(), { user: 'norights' })).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        hint: 'Install dbus on the host, or log in as root.',
      })
    } finally {
      await host().exec(['systemctl', 'start', 'dbus.socket'])
    }
  })

  it('a bus that goes away ends the manager with a reason', async () => {
    const { manager } = await watch(host(), { sudo: 'passwordless', sources: ['dbus-socket'] })
    await host().exec(['systemctl', 'restart', 'dbus.service'])
    expect(await manager.closed).toMatchObject({ code: 'LINK_LOST' })
  })

  it('without systemd it is not a systemd host', async () => {
    await host().hideSystemd()
    try {
      await expect(watch(host(), {})).rejects.toMatchObject({ code: 'NOT_SYSTEMD' })
      expect((await factsFor({})).unitSource).toBe('none')
    } finally {
      await host().showSystemd()
    }
  })
})

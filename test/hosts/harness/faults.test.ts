// Proves that each way to hurt a host does hurt, and heals; needs root.

import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { bootHost, run, type TestHost } from '../lib/index.ts'
import { sharedHost, sharedJumpPair } from '../lib/vitest.ts'

// The build machine is slow: these end as soon as what they wait for is there.
const patient = { timeout: 30_000, interval: 50 }

const host = sharedHost({ name: 'victim' })

// A test that fails must not leave the next one a broken host.
afterEach(async () => {
  await host().restoreLink()
  await host().unblackhole()
  await host().thawSshd()
})

/** What a new connection to sshd is greeted with within `ms`, or why not. */
async function greeting(of: TestHost, ms: number): Promise<string> {
  const socket = net.connect({ host: of.address, port: of.port })
  try {
    return await Promise.race([
      once(socket, 'data').then(([data]) => String(data).slice(0, 7)),
      new Promise<string>(resolve => setTimeout(resolve, ms, 'silence')),
    ])
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.destroy()
  }
}

test('a cut link answers nobody, and exec still works', async () => {
  await host().cutLink()
  expect(await greeting(host(), 400)).toMatch(/silence|EHOSTUNREACH/)
  expect(await host().output('ip -br link show eth0')).toContain('DOWN')
  await host().restoreLink()
  await expect.poll(() => greeting(host(), 1000), patient).toBe('SSH-2.0')
})

test('a blackhole is silent while the link is up', async () => {
  for (const direction of ['both', 'in', 'out'] as const) {
    await host().blackhole(direction)
    expect(await greeting(host(), 300)).toBe('silence')
    await host().unblackhole()
    expect(await greeting(host(), 3000)).toBe('SSH-2.0')
  }
})

test('a frozen sshd takes connections and says nothing', async () => {
  await host().freezeSshd()
  const socket = net.connect({ host: host().address, port: 22 })
  await once(socket, 'connect')
  socket.destroy()
  expect(await greeting(host(), 300)).toBe('silence')
  await host().thawSshd()
  expect(await greeting(host(), 5000)).toBe('SSH-2.0')
})

test('restarting sshd ends sessions, or keeps them if asked', async () => {
  const session = (seconds: number) => host().ssh(`echo ready; sleep ${seconds}; echo done`, { check: false })
  const sessions = async () => Number(await host().output(`pgrep -fc '^sshd.*: deploy@notty' || true`))
  const before = await host().pid('ssh.service')
  const killed = session(30)
  await expect.poll(sessions, patient).toBeGreaterThan(0)
  await host().restartSshd()
  expect(await host().pid('ssh.service')).not.toBe(before)
  expect((await killed).code).toBe(255)
  const kept = session(1)
  await expect.poll(sessions, patient).toBeGreaterThan(0)
  await host().restartSshd({ dropSessions: false })
  expect((await kept).stdout).toBe('ready\ndone\n')
})

test('swapped host keys are all new, and sshd shows them', async () => {
  const before = await host().hostKeys()
  expect(before.map(key => key.type).sort()).toEqual(['ecdsa-sha2-nistp256', 'ssh-ed25519', 'ssh-rsa'])
  const after = await host().swapHostKeys()
  expect(after.length).toBe(3)
  const old = new Set(before.map(key => key.fingerprint))
  for (const key of after) {
    expect(key.fingerprint).toMatch(/^SHA256:/)
    expect(old.has(key.fingerprint)).toBe(false)
  }
  await expect.poll(() => greeting(host(), 1000), patient).toBe('SSH-2.0')
})

test('a killed unit is known by its old pid and restarts as its unit says', async () => {
  await host().installUnit(
    'phoenix.service',
    '[Service]\nExecStart=/bin/sleep infinity\nRestart=on-failure\nRestartSec=50ms\n',
  )
  const pid = await host().pid('phoenix.service')
  expect(await host().killUnit('phoenix.service')).toBe(pid)
  await expect.poll(() => host().property('phoenix.service', 'NRestarts'), patient).toBe('1')
  await expect.poll(() => host().pid('phoenix.service'), patient).toBeGreaterThan(pid ?? 0)
})

test('a user unit runs without a login', async () => {
  await host().installUserUnit('norights', 'mine.service', '[Service]\nExecStart=/bin/sleep infinity\n')
  expect(await host().output(['systemctl', '--user', 'is-active', 'mine.service'], { user: 'norights' })).toBe('active')
})

test('a host gets exactly as many services as wanted', async () => {
  const count = () => host().output(`systemctl list-units --all --no-legend --plain '*.service' | wc -l`)
  for (const wanted of [87, 120]) {
    expect(await host().installUnits(wanted)).toBe(wanted)
    expect(Number(await count())).toBe(wanted)
  }
})

test('a small disk fills to the last byte and empties', async () => {
  await host().fillDisk('/srv/full', 2 << 20)
  const write = await host().exec('cp /etc/passwd /srv/full/x', { check: false })
  expect(write.stderr).toContain('No space left')
  await host().emptyDisk('/srv/full')
  await host().exec('cp /etc/passwd /srv/full/x')
  await host().fillDisk('/srv/half', 4 << 20, 50)
  expect(await host().output('df --output=pcent /srv/half | tail -1 | tr -d " "')).toBe('50%')
})

test('load comes and goes', async () => {
  const busy = async () => Number(await host().output(`pgrep -fc '[t]est-load.py' || true`))
  await host().shiftLoad({ busy: 1, memoryMb: 40 })
  await expect.poll(busy, patient).toBeGreaterThanOrEqual(2)
  const pid = await host().pid('test-load.service')
  await expect
    .poll(async () => Number(await host().output(`awk '/VmRSS/ {print $2}' /proc/${pid}/status`)), patient)
    .toBeGreaterThan(40_000)
  await host().shiftLoad()
  expect(await busy()).toBe(0)
})

test('a flood of so many lines arrives whole, a steady one until stopped', async () => {
  // More than journald's own rate limit lets through.
  await host().floodJournal('flood.service', { total: 60_000 })
  expect(await host().output(`journalctl -q -o cat --no-pager -u flood.service | grep -c ' took '`)).toBe('60000')
  await host().floodJournal('stream.service', { linesPerSecond: 500 })
  await expect.poll(async () => (await host().journal('stream.service')).length, patient).toBeGreaterThan(200)
  await host().stopFlood('stream.service')
  expect(await host().pid('stream.service')).toBe(undefined)
})

test('files are written with their mode and owner, and read back', async () => {
  await host().writeFile('/home/sam/deep/note', 'häh?\n', { mode: '640', owner: 'sam:sam' })
  expect(await host().readFile('/home/sam/deep/note')).toBe('häh?\n')
  expect(await host().output(['stat', '-c', '%a %U:%G', '/home/sam/deep/note'])).toBe('640 sam:sam')
})

test('two hosts have nothing in common but the machine', async () => {
  await using other = await bootHost()
  expect(other.address).not.toBe(host().address)
  await other.installUnit('phoenix.service', '[Service]\nExecStart=/bin/sleep infinity\n')
  const pid = await other.pid('phoenix.service')
  await host().exec(['systemctl', 'stop', 'phoenix.service'])
  expect(await other.pid('phoenix.service')).toBe(pid)
  const fingerprints = new Set((await host().hostKeys()).map(key => key.fingerprint))
  expect((await other.hostKeys()).some(key => key.type === 'ssh-ed25519' && fingerprints.has(key.fingerprint))).toBe(
    false,
  )
})

test('the CPU that a host uses is counted, and nothing else', async () => {
  const start = await host().cpuMs()
  await host().shiftLoad({ busy: 1 })
  await expect.poll(() => host().cpuMs(), patient).toBeGreaterThan(start + 300)
  await host().shiftLoad()
  // Guests do not see the accounting: like many a cheap VPS they have no CPU or memory figures per unit.
  expect(await host().property('ssh.service', 'CPUUsageNSec')).toBe('[not set]')
  expect(await host().property('ssh.service', 'MemoryCurrent')).toBe('[not set]')
})

test('a host without systemd has no tool of it, and gets it back', async () => {
  const look =
    'command -v systemctl journalctl; ls -d /run/systemd/system /run/dbus/system_bus_socket 2>/dev/null; id -un'
  await host().hideSystemd()
  expect((await host().ssh(look)).stdout).toBe('deploy\n')
  await host().showSystemd()
  expect((await host().ssh(look)).stdout.split('\n')).toHaveLength(6)
  expect((await host().ssh('systemctl is-active ssh.service')).stdout).toBe('active\n')
})

test('a command that takes too long is killed in the host, too', async () => {
  await expect(host().exec('sleep 4321 & sleep 4321', { timeoutMs: 200 })).rejects.toThrow()
  await expect.poll(() => host().output(`pgrep -fc '[s]leep 4321' || true`), patient).toBe('0')
})

test('an ssh-agent holds the keys that it is given', async () => {
  await using agent = await host().startAgent(['rsa', 'ecdsa'])
  const listed = await run(['ssh-add', '-l'], { env: { SSH_AUTH_SOCK: agent.socket, PATH: process.env.PATH ?? '' } })
  expect(listed.stdout).toMatch(/rsa@quarterdeck-test \(RSA\)\n.*ecdsa@quarterdeck-test \(ECDSA\)\n$/)
})

const pair = sharedJumpPair()

test('a target behind a jump host is reached through it and in no other way', async () => {
  const { jump, target } = pair()
  expect(await greeting(target, 1000)).toBe('EHOSTUNREACH')
  const [via, direct] = await Promise.all([target.ssh('hostname'), jump.ssh('hostname')])
  expect([via.stdout, direct.stdout]).toEqual(['target\n', 'jump\n'])
  expect((await target.authLog()).attempts[0]?.from).toBe(target.gateway)
})

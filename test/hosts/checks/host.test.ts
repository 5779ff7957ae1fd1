// Proves on real hosts what checks of services, disks and databases find, through SSH and with nothing installed for it there (R15).
import { describe, expect, test } from 'vitest'
import { diskSpace } from '../../../src/engine/checks/disk-space.ts'
import { hostResources } from '../../../src/engine/checks/host-resources.ts'
import { postgres } from '../../../src/engine/checks/postgres.ts'
import { redis } from '../../../src/engine/checks/redis.ts'
import { sqlite } from '../../../src/engine/checks/sqlite.ts'
import { systemdUnit } from '../../../src/engine/checks/systemd-unit.ts'
import { unitActivity } from '../../../src/engine/checks/unit-activity.ts'
import { unitResources } from '../../../src/engine/checks/unit-resources.ts'
import { discover } from '../../../src/engine/collector/discover.ts'
import { openMetricSampler } from '../../../src/engine/collector/metrics.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { sharedHost } from '../lib/vitest.ts'
import { hostRecord } from '../remote/support.ts'
import { probing, unitNow } from './context.ts'

const host = sharedHost({ suite: 'bookworm' })
const file = '/opt/trading-bot/trades.db'

async function sampled(link: Parameters<typeof openMetricSampler>[0], unit: string) {
  const sampler = await openMetricSampler(link, { clock: systemClock, log: silentLogger })
  try {
    sampler.watchUnits([{ scope: 'system', name: unit }])
    await sampler.sample()
    await new Promise(resolve => setTimeout(resolve, 300))
    return await sampler.sample()
  } finally {
    await sampler.dispose()
  }
}

describe('trading bot: three stores behind one SSH link', () => {
  test('a SQLite file that is whole, missing, damaged, too large, and what a query on it says', async () => {
    await host().installBot('trading-bot')
    const it = await probing(host())
    // the bot makes its table a moment after it listens
    await expect
      .poll(async () => (await it.probe(sqlite, { path: file, query: 'SELECT count(*) FROM trades' })).status, {
        timeout: 15_000,
      })
      .toBe('healthy')
    const whole = await it.probe(sqlite, { path: file, query: 'SELECT count(*) >= 0 FROM trades', expected: '1' })
    expect(whole).toMatchObject({ status: 'healthy', cause: null })
    expect(whole.message).toMatch(/trades\.db: .* MB, whole; \[RESULT\] \(1\) == 1/)
    expect(whole.numbers?.map(one => one.name)).toEqual(['size', 'result'])
    const other = await it.probe(sqlite, { path: file, query: 'SELECT 3', expected: '> 5' })
    expect(other).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('[RESULT] (3) > 5') })
    const large = await it.probe(sqlite, { path: file, maxMegabytes: 0 })
    expect(large).toMatchObject({ status: 'unhealthy', cause: 'disk', message: expect.stringContaining('[SIZE]') })
    const missing = await it.probe(sqlite, { path: '/opt/trading-bot/none of "these".db' })
    expect(missing).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('FileNotFound') })
    expect(await host().exec(['ls', '/opt/trading-bot'])).toMatchObject({
      stdout: expect.not.stringContaining('none of'),
    })
    const wrongQuery = await it.probe(sqlite, { path: file, query: 'SELECT * FROM absent' })
    expect(wrongQuery).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('no such table') })
    expect(sqlite.spec.safeParse({ path: file, query: 'DROP TABLE trades' }).success).toBe(false)
    await host().exec(
      `cp ${file} /opt/broken.db; chown deploy: /opt/broken.db; python3 - <<'P'
f = open('/opt/broken.db', 'r+b'); f.seek(4096); f.write(b'x' * 3000)
P`,
    )
    const broken = await it.probe(sqlite, { path: '/opt/broken.db' })
    expect(broken.status, broken.message).toBe('unhealthy')
  })

  test('SQLite without python3 by sqlite3, and without either it says what is missing', async () => {
    await host().installBot('trading-bot')
    const it = await probing(host())
    const hide = (name: string) => `if [ -e /usr/bin/${name} ]; then mv /usr/bin/${name} /usr/bin/${name}.hidden; fi`
    const show = (name: string) =>
      `if [ -e /usr/bin/${name}.hidden ]; then mv /usr/bin/${name}.hidden /usr/bin/${name}; fi`
    await host().exec(hide('python3'))
    try {
      const fake = `#!/bin/sh
case "$*" in *quick_check*) echo ok;; *) echo 42;; esac
`
      await host().exec(`${hide('sqlite3')}; true`)
      const none = await it.probe(sqlite, { path: file })
      expect(none).toMatchObject({ status: 'unknown', cause: 'host', message: expect.stringContaining('apt install') })
      await host().writeFile('/usr/bin/sqlite3', fake, { mode: '755' })
      const byShell = await it.probe(sqlite, { path: file, query: 'SELECT 42', expected: '42' })
      expect(byShell).toMatchObject({ status: 'healthy', message: expect.stringContaining('[RESULT] (42) == 42') })
    } finally {
      await host().exec(`rm -f /usr/bin/sqlite3; ${show('sqlite3')}; ${show('python3')}`)
    }
  })

  test('Postgres by SCRAM over TCP and by its socket: well, wrong password, no such database, stopped', async () => {
    await host().installBot('trading-bot')
    await host().exec(`cd /; runuser -u postgres -- psql -qc "ALTER ROLE deploy PASSWORD 'correct horse'"`)
    const it = await probing(host())
    const spec = { user: 'deploy', database: 'trading', query: 'SELECT count(*) FROM trades', expected: '>= 0' }
    const secrets = { password: 'correct horse' }
    // the bot makes its table a moment after it listens
    await expect
      .poll(async () => (await it.probe(postgres, spec, { secrets })).message, { timeout: 15_000 })
      .toMatch(/^\[RESULT\]/)
    const well = await it.probe(postgres, spec, { secrets })
    expect(well).toMatchObject({ status: 'healthy', cause: null, latencyMs: expect.any(Number) })
    expect(well.message).toMatch(/^\[RESULT\] \(\d+\) >= 0$/)
    expect(await it.probe(postgres, spec, { secrets: { password: 'wrong' } })).toMatchObject({
      status: 'unhealthy',
      cause: 'auth',
    })
    const none = await it.probe(postgres, { ...spec, database: 'nothing' }, { secrets: { password: 'correct horse' } })
    expect(none).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('does not exist') })
    const socket = await it.probe(postgres, { ...spec, address: '/var/run/postgresql' })
    expect(socket.status, socket.message).toBe('healthy')
    const slow = await it.probe(
      postgres,
      { ...spec, query: 'SELECT pg_sleep(20)' },
      { secrets: { password: 'correct horse' }, timeoutMs: 1_000 },
    )
    expect(slow).toMatchObject({ status: 'unhealthy', cause: 'health', message: expect.stringContaining('in time') })
    await host().exec("systemctl stop 'postgresql@*'")
    const gone = await it.probe(postgres, spec, { secrets: { password: 'correct horse' } })
    expect(gone).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('Nothing listens') })
    await host().exec('systemctl start postgresql')
  })

  test('Redis: well, with a password, over its memory, stopped', async () => {
    await host().installBot('trading-bot')
    const it = await probing(host())
    const well = await it.probe(redis, {})
    expect(well).toMatchObject({ status: 'healthy', message: expect.stringContaining('[PING] (PONG) == PONG') })
    expect(well.numbers?.map(one => one.name)).toContain('used_memory')
    await host().exec('redis-cli CONFIG SET requirepass secret')
    expect(await it.probe(redis, {})).toMatchObject({ status: 'unhealthy', cause: 'auth' })
    expect(await it.probe(redis, {}, { secrets: { password: 'wrong' } })).toMatchObject({ cause: 'auth' })
    const known = await it.probe(redis, {}, { secrets: { password: 'secret' } })
    expect(known.status, known.message).toBe('healthy')
    await host().exec(`redis-cli -a secret CONFIG SET requirepass ''; redis-cli CONFIG SET maxmemory 1mb`)
    expect(await it.probe(redis, { maxPercentOfLimit: 1 })).toMatchObject({ status: 'unhealthy', cause: 'resource' })
    await host().exec('redis-cli CONFIG SET maxmemory 0')
    await host().exec('systemctl stop redis-server')
    expect(await it.probe(redis, {})).toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('Nothing'),
    })
    await host().exec('systemctl start redis-server')
  })

  test('R7 finds ports by unit, endpoints, databases and files beside the unit', async () => {
    const bot = await host().installBot('trading-bot')
    const it = await probing(host(), { sudo: 'passwordless' })
    const record = hostRecord(host(), { sudo: 'passwordless' })
    const units = [{ scope: 'system', name: bot.unit } as const]
    const found = await discover(it.link, record, units, systemClock, AbortSignal.timeout(30_000))
    expect(found.endpoints).toEqual(expect.arrayContaining([{ port: 8020, path: '/health' }]))
    expect(found.ports.find(one => one.port === 8020)?.unit).toEqual({ scope: 'system', name: bot.unit })
    expect(found.ports.map(one => one.process)).toEqual(expect.arrayContaining(['postgres', 'redis-server', 'sshd']))
    expect(found.units[0]).toMatchObject({ folder: '/opt/trading-bot', files: [{ path: file, kind: 'sqlite' }] })
  })
})

describe('services and the host itself', () => {
  test('a service runs, was stopped, failed, and uses memory', async () => {
    const bot = await host().installBot('keepalive-bot', { restart: 'no' })
    const it = await probing(host())
    const unit = { scope: 'system', name: bot.unit } as const
    const now = async () => {
      const state = await unitNow(it, host(), unit)
      return { unit, unitState: () => state }
    }
    expect(await it.probe(systemdUnit, {}, await now())).toMatchObject({ status: 'healthy' })
    expect(await it.probe(systemdUnit, { expected: 'stopped' }, await now())).toMatchObject({ status: 'unhealthy' })
    const sample = await sampled(it.link, bot.unit)
    const measured = { ...(await now()), sample: () => sample }
    const fits = await it.probe(unitResources, { memoryMegabytes: 500 }, measured)
    expect(fits).toMatchObject({
      status: 'healthy',
      message: expect.stringMatching(/^\[MEMORY\] \(\d+ MB\) <= 500 MB$/),
    })
    expect(await it.probe(unitResources, { memoryMegabytes: 1 }, measured)).toMatchObject({ cause: 'resource' })
    await bot.crash()
    await expect.poll(() => host().property(bot.unit, 'ActiveState')).toBe('failed')
    const failed = await it.probe(systemdUnit, {}, await now())
    expect(failed).toMatchObject({ status: 'unhealthy', cause: 'unit', message: expect.stringContaining('code 1') })
    expect(await it.probe(unitResources, {}, { ...(await now()), sample: () => sample })).toMatchObject({
      status: 'unknown',
    })
  })

  test('a service that hangs is told by its silent journal', async () => {
    const bot = await host().installBot('keepalive-bot', { restart: 'no' })
    const it = await probing(host())
    const unit = { scope: 'system', name: bot.unit } as const
    const state = await unitNow(it, host(), unit)
    // the host's clock was asked for a moment ago, and our own goes on
    const context = { unit, unitState: () => state, memory: new Map() }
    expect(await it.probe(unitActivity, { minutes: 1 }, context)).toMatchObject({ status: 'healthy' })
    await bot.hang()
    const later = { ...context, clock: { ...systemClock, now: () => Date.now() + 120_000 } }
    const silent = await it.probe(unitActivity, { minutes: 1 }, later)
    expect(silent).toMatchObject({
      status: 'unhealthy',
      cause: 'health',
      message: expect.stringMatching(/^\[SILENT\]/),
    })
  })

  test('room on its disks, one that is not there, and its CPU and memory', async () => {
    const it = await probing(host())
    const sample = await sampled(it.link, 'ssh.service')
    const context = { sample: () => sample }
    const all = await it.probe(diskSpace, {}, context)
    expect(all).toMatchObject({
      status: 'healthy',
      message: expect.stringMatching(/^\[DISK \/\S*\] \(\d+ %\) <= 90 %/),
    })
    const tight = await it.probe(diskSpace, { mounts: ['/'], minFreeMegabytes: 1e9 }, context)
    expect(tight).toMatchObject({ status: 'unhealthy', cause: 'disk' })
    const missing = await it.probe(diskSpace, { mounts: ['/nowhere'] }, context)
    expect(missing).toMatchObject({ status: 'unhealthy', message: 'Nothing is mounted at /nowhere' })
    const host100 = await it.probe(hostResources, { cpuPercent: 100, memoryPercent: 100 }, context)
    expect(host100).toMatchObject({ status: 'healthy', message: expect.stringContaining('[MEMORY]') })
    expect((await it.probe(hostResources, { memoryPercent: 1, cpuPercent: null }, context)).status).toBe('unhealthy')
  })
})

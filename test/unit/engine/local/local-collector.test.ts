// Proves that this computer is watched as far as it can be, also where it is no Linux or has no systemd (R6).
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { createLocalCollector } from '../../../../src/engine/local/local-collector.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import { createLocalSampler, diskUses } from '../../../../src/engine/local/local-sampler.ts'
import type { Collector } from '../../../../src/engine/ports.ts'
import { Host } from '../../../../src/shared/model/host.ts'
import { JournalFilter, JournalPageQuery } from '../../../../src/shared/model/journal.ts'
import { HostSample } from '../../../../src/shared/model/metric.ts'

const link = createLocalLink({ clock: systemClock })
const host = Host.parse({
  id: 'local',
  kind: 'local',
  name: 'This computer',
  address: 'localhost',
  port: 22,
  user: 'me',
  auth: { kind: 'agent' },
  sudo: 'none',
  jump: null,
  userUnits: false,
  createdAt: 0,
  stored: { password: false, passphrase: false, sudoPassword: false },
})
const asked: string[] = []
const refuse = (name: string) => () => {
  asked.push(name)
  throw new Error('the collector was asked')
}
const collector = {
  facts: refuse('facts'),
  units: refuse('units'),
  metrics: refuse('metrics'),
  journal: () => ({ command: () => 'journalctl' }),
} as unknown as Collector

describe('without /proc and systemd', () => {
  const local = createLocalCollector(collector, { clock: systemClock, hasProc: false, hasSystemd: false })

  test('facts say that there are no services', async () => {
    const facts = await local.facts(link, host)
    expect(facts).toMatchObject({ unitSource: 'none', systemdVersion: null, journal: { readable: false } })
    expect(facts.hostname).not.toBe('')
    expect(facts.cpus).toBeGreaterThan(0)
  })

  test('units and journal are NOT_SYSTEMD, with what to expect', async () => {
    const error = { code: 'NOT_SYSTEMD', hint: expect.stringContaining('watched') }
    await expect(local.units(link, host, 'system')).rejects.toMatchObject(error)
    const journal = local.journal(link, host)
    await expect(journal.page(JournalPageQuery.parse({ hostId: 'local' }))).rejects.toMatchObject(error)
    await expect(journal.boots()).rejects.toMatchObject(error)
    const reading = journal.read(JournalFilter.parse({ hostId: 'local' }), { follow: true })
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toMatchObject(error)
  })

  test('metrics work', async () => {
    const sampler = await local.metrics(link, host)
    const one = await sampler.sample()
    const two = await sampler.sample()
    await sampler.dispose()
    expect(await sampler.closed).toBeNull()
    expect(HostSample.parse(one)).toMatchObject({ hostId: 'local', cpuPercent: null, cores: [], units: [] })
    expect(HostSample.parse(two).cpuPercent).toEqual(expect.any(Number))
    expect(two.memory.totalBytes).toBeGreaterThan(two.memory.availableBytes)
    expect(two.cores.length).toBeGreaterThan(0)
    expect(two.disks.some(disk => disk.mount === '/')).toBe(true)
    await expect(sampler.sample()).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
  })

  test('an abort is heard', async () => {
    const sampler = createLocalSampler({ hostId: 'local', clock: systemClock })
    await expect(sampler.sample(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
    await sampler.dispose()
  })
  expect(asked).toEqual([])
})

test('with both, the collector does it all', async () => {
  const local = createLocalCollector(collector, { clock: systemClock, hasProc: true, hasSystemd: true })
  await expect(local.facts(link, host)).rejects.toThrow('was asked')
  await expect(local.units(link, host, 'user')).rejects.toThrow('was asked')
  await expect(local.metrics(link, host)).rejects.toThrow('was asked')
  expect(asked).toEqual(['facts', 'units', 'metrics'])
})

test('volumes as a person knows them', () => {
  const volume = (fs: string, mount: string, size = 100) => ({ fs, mount, size, used: 60, available: 40 })
  const volumes = [
    volume('/dev/disk1s1', '/'),
    volume('/dev/disk1s2', '/System/Volumes/Data'),
    volume('/dev/disk2', '/Volumes/Backup'),
    volume('/dev/disk2', '/Volumes/Backup/again'),
    volume('none', '/empty', 0),
    volume('C:', 'C:'),
  ]
  expect(diskUses(volumes).map(disk => disk.mount)).toEqual(['/', '/Volumes/Backup', 'C:'])
  expect(diskUses(volumes)[0]).toEqual({
    mount: '/',
    device: '/dev/disk1s1',
    totalBytes: 100,
    usedBytes: 60,
    freeBytes: 40,
  })
})

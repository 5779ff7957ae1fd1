// What systemd, systemctl and the facts script say is read as it was recorded on real hosts, and nonsense is nobody's state.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitNameOf, unitPath } from '../../../../src/engine/parse/dbus-unit-path.ts'
import { parseHostReport } from '../../../../src/engine/parse/host-facts.ts'
import {
  parseAmount,
  parseSystemctlShow,
  parseTimespan,
  parseTimestamp,
} from '../../../../src/engine/parse/systemctl-show.ts'
import { actError, saysNotInstallable, systemctlFailure } from '../../../../src/engine/parse/systemd-error.ts'
import { nextElapse } from '../../../../src/engine/parse/timer-elapse.ts'
import { amount, invocationId, pid, wallMs } from '../../../../src/engine/parse/unit-fields.ts'
import { parseUnitFiles } from '../../../../src/engine/parse/unit-files.ts'
import { fixture } from './fixtures.ts'

const releases = ['debian-11', 'debian-12', 'debian-13'] as const

describe('object paths of units', () => {
  it('are those of systemd', () => {
    expect(unitPath('ssh.service')).toBe('/org/freedesktop/systemd1/unit/ssh_2eservice')
    expect(unitPath('7days.service')).toBe('/org/freedesktop/systemd1/unit/_37days_2eservice')
    expect(unitPath('getty@tty1.service')).toBe('/org/freedesktop/systemd1/unit/getty_40tty1_2eservice')
    expect(unitPath('systemd-fsck@dev-disk-by\\x2duuid.service')).toBe(
      '/org/freedesktop/systemd1/unit/systemd_2dfsck_40dev_2ddisk_2dby_5cx2duuid_2eservice',
    )
  })

  it('lead back to the name, and a made-up path leads nowhere', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,60}$/), name => {
        expect(unitNameOf(unitPath(name))).toBe(name)
      }),
    )
    const made = ['/other', '', '_', '_2', '_zz', '_00x', '_2fetc', 'a_0ab', '_ff', 'a'.repeat(800)]
    for (const tail of made) expect(unitNameOf(`/org/freedesktop/systemd1/unit/${tail}`)).toBe(null)
  })
})

describe.each(releases)('systemctl show on %s', release => {
  it('gives every service its fields', () => {
    const { units, complete } = parseSystemctlShow(fixture(release, 'systemctl-show-services.txt').toString(), 1_000)
    expect(complete).toBe(true)
    expect(units.length).toBeGreaterThan(40)
    for (const unit of units) {
      expect(unit.get('Id')).toMatch(/\.service$/)
      expect(unit.get('ActiveState')).toMatch(/^(active|inactive|failed|activating|deactivating)$/)
    }
    const ssh = units.find(unit => unit.get('Id') === 'ssh.service')
    expect(ssh?.get('SubState')).toBe('running')
    expect(parseAmount(ssh?.get('MainPID'))).toBeGreaterThan(1)
    expect(parseTimestamp(ssh?.get('StateChangeTimestamp'))).toBeGreaterThan(1_700_000_000_000)
    expect(ssh?.get('InvocationID')).toMatch(/^[0-9a-f]{32}$/)
    expect(parseAmount(ssh?.get('MemoryCurrent'))).toBe(null)
    const failed = units.find(unit => unit.get('Id') === 'qd-broken.service')
    expect(failed?.get('ActiveState')).toBe('failed')
    expect(failed?.get('Result')).toBe('exit-code')
    expect(failed?.get('ExecMainStatus')).toBe('1')
  })

  it('gives timers their times', () => {
    const { units } = parseSystemctlShow(fixture(release, 'systemctl-show-timers.txt').toString(), 1_000)
    const monotonic = units.find(unit => unit.get('Id') === 'qd-tick.timer')
    const calendar = units.find(unit => unit.get('Id') === 'qd-daily.timer')
    expect(parseTimespan(monotonic?.get('NextElapseUSecMonotonic'))).toBeGreaterThan(3_600_000)
    expect(parseTimestamp(monotonic?.get('LastTriggerUSec'))).toBeGreaterThan(1_700_000_000_000)
    const next = parseTimestamp(calendar?.get('NextElapseUSecRealtime'))
    expect(next === null ? null : new Date(next).toISOString().slice(11)).toBe('03:30:00.000Z')
  })

  it('has its refusals understood', () => {
    const said = (name: string) => fixture(release, `systemctl-errors/${name}.txt`).toString()
    const meant = (name: string, verb: 'start' | 'stop' | 'restart' | 'reload' | 'enable' | 'mask') =>
      systemctlFailure(said(name), verb, 'x.service')
    expect(meant('start-failed', 'start')).toEqual({ kind: 'job', job: 'failed' })
    expect(meant('start-dependency', 'start')).toEqual({ kind: 'job', job: 'dependency' })
    expect(meant('start-masked', 'start')).toMatchObject({ error: { code: 'CONFLICT', hint: 'Unmask it first.' } })
    expect(meant('start-missing', 'start')).toMatchObject({ error: { code: 'NOT_FOUND' } })
    expect(meant('reload-without', 'reload')).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    expect(meant('start-bad-setting', 'start')).toMatchObject({ error: { code: 'CONFLICT' } })
    expect(meant('restart-denied', 'restart')).toMatchObject({ error: { code: 'ACCESS_DENIED' } })
    expect(meant('enable-missing', 'enable')).toMatchObject({ error: { code: 'NOT_FOUND' } })
    expect(meant('mask-exists', 'mask')).toMatchObject({ error: { code: 'CONFLICT' } })
    expect(meant('start-timeout', 'start')).toEqual({ kind: 'job', job: 'timeout' })
    expect(saysNotInstallable(said('enable-no-install'))).toBe(true)
  })

  it('is one host whose facts are read', () => {
    const report = parseHostReport(fixture(release, 'facts.txt').toString())
    expect(report).toMatchObject({
      os: expect.stringContaining(`Debian GNU/Linux ${release.slice(-2)}`),
      uid: 1001,
      user: 'deploy',
      systemdVersion: { 'debian-11': 247, 'debian-12': 252, 'debian-13': 257 }[release],
      systemdRuns: true,
      systemBus: true,
      bridge: true,
      systemctl: true,
      journalReadable: true,
      journalGroups: ['systemd-journal', 'adm'],
    })
    expect(report.machineId).toMatch(/^[0-9a-f]{32}$/)
    expect(report.bootId).toMatch(/^[0-9a-f]{32}$/)
    expect(report.groups).toContain('adm')
    expect(report.cpus).toBeGreaterThan(0)
  })
})

describe('words and numbers', () => {
  it('timestamps', () => {
    expect(parseTimestamp('Sun 2026-11-22 06:34:03 UTC')).toBe(Date.UTC(2026, 10, 22, 6, 34, 3))
    expect(parseTimestamp('Sun 2026-11-22 06:34:03.250000 UTC')).toBe(Date.UTC(2026, 10, 22, 6, 34, 3, 250))
    for (const text of ['', 'n/a', 'Sun 2026-11-22 06:34:03 CET', '0', undefined])
      expect(parseTimestamp(text)).toBe(null)
  })

  it('spans', () => {
    expect(parseTimespan('1h 2min 3.5s')).toBe(3_723_500)
    expect(parseTimespan('1month 1d')).toBe(2_629_800_000 + 86_400_000)
    expect(parseTimespan('4ms 10us')).toBeCloseTo(4.01)
    expect(parseTimespan('0')).toBe(0)
    for (const text of ['', 'infinity', '5 parsecs', undefined]) expect(parseTimespan(text)).toBe(null)
  })

  it('what is not set is null', () => {
    expect(parseAmount('[not set]')).toBe(null)
    expect(parseAmount('18446744073709551615')).toBe(null)
    expect(parseAmount('4096')).toBe(4096)
    expect(amount(18_446_744_073_709_551_615n)).toBe(null)
    expect(amount(2n ** 60n)).toBe(2 ** 60)
    expect(invocationId(new Uint8Array(16))).toBe(null)
    expect(invocationId(new Uint8Array())).toBe(null)
    expect(invocationId(new Uint8Array(16).fill(0xab))).toBe('ab'.repeat(16))
    expect(pid(0)).toBe(null)
    expect(wallMs(0)).toBe(null)
    expect(wallMs(18_446_744_073_709_551_615n)).toBe(null)
    expect(wallMs(1_700_000_000_123_456)).toBe(1_700_000_000_123.456)
  })

  it('a timer runs at the earlier of its two times', () => {
    expect(nextElapse(null, null, 1_000)).toBe(null)
    expect(nextElapse(5_000, null, 1_000)).toBe(5_000)
    expect(nextElapse(null, 3_000, 1_000)).toBe(4_000)
    expect(nextElapse(5_000, 3_000, 1_000)).toBe(4_000)
    expect(nextElapse(null, 3_000, null)).toBe(null)
  })

  it('a hostile listing is bounded and harmless', () => {
    const text = Array.from({ length: 1_000 }, (_, index) => `Id=u${index}.service\nActiveState=active\n`).join('\n')
    expect(parseSystemctlShow(text, 100)).toMatchObject({ complete: false, units: { length: 100 } })
    fc.assert(fc.property(fc.string({ maxLength: 300 }), noise => void parseSystemctlShow(noise, 10)))
    fc.assert(fc.property(fc.string({ maxLength: 300 }), noise => void parseHostReport(noise)))
    const files =
      '/etc/systemd/system/a.service\n/usr/lib/systemd/system/a.service\n/x/tpl@.service\nrelative.service\n/x/b c.service\n/x/b.socket\n'
    expect(parseUnitFiles(files, 10)).toEqual([{ name: 'a.service', path: '/etc/systemd/system/a.service' }])
  })

  it('a refusal that nobody foresaw keeps its words, but not all of them', () => {
    const error = actError('org.example.Odd', 'x'.repeat(5_000), 'stop', 'a.service')
    expect(error.code).toBe('COMMAND_FAILED')
    expect(error.message.length).toBeLessThan(500)
    expect(actError('org.freedesktop.DBus.Error.AccessDenied', '', 'restart', 'a@b:c.service').hint).toContain(
      'NOPASSWD: /usr/bin/systemctl restart a@b\\:c.service',
    )
  })
})

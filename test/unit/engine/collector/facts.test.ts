// What is read of a host and what was tried on it make its facts.
import { describe, expect, it } from 'vitest'
import { factsOf } from '../../../../src/engine/collector/facts.ts'
import { parseHostReport } from '../../../../src/engine/parse/host-facts.ts'

const debian = [
  'uid=1003',
  'user=norights',
  'groups=norights',
  'kernel=6.1.0',
  'hostname=box',
  'machine=0123456789abcdef0123456789abcdef',
  'boot=01234567-89ab-cdef-0123-456789abcdef',
  'os="Debian GNU/Linux 12 (bookworm)"',
  'cpus=2',
  'systemd=yes',
  'systemctl=yes',
  'version=systemd 252 (252.39-1~deb12u2)',
  'bridge=yes',
  'systembus=yes',
  'group=systemd-journal',
  'group=adm',
]
const report = (...changes: string[]) => {
  const keys = changes.map(line => line.slice(0, line.indexOf('=') + 1))
  const kept = debian.filter(line => !keys.some(key => line.startsWith(key)))
  return parseHostReport([...kept, ...changes].join('\n'))
}
const tried = { socket: true, sudo: false }

describe('facts of a host', () => {
  it('say who we are there and what we may', () => {
    expect(factsOf(report(), tried)).toEqual({
      os: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.1.0',
      hostname: 'box',
      machineId: '0123456789abcdef0123456789abcdef',
      bootId: '0123456789abcdef0123456789abcdef',
      uid: 1003,
      cpus: 2,
      systemdVersion: 252,
      unitSource: 'dbus-socket',
      journal: { readable: false, missingGroups: ['systemd-journal', 'adm'] },
      rights: 'none',
    })
    expect(factsOf(report(), { socket: true, sudo: true }).rights).toBe('sudo')
    expect(factsOf(report('journal=yes'), tried).journal).toEqual({ readable: true, missingGroups: [] })
    expect(factsOf(report('uid=0'), tried)).toMatchObject({ rights: 'root', journal: { readable: true } })
  })

  it('say how units can be watched', () => {
    const source = (socket: boolean, ...changes: string[]) =>
      factsOf(report(...changes), { socket, sudo: false }).unitSource
    expect(source(true)).toBe('dbus-socket')
    expect(source(false)).toBe('dbus-bridge')
    expect(source(false, 'bridge=')).toBe('systemctl')
    expect(source(false, 'systembus=')).toBe('systemctl')
    expect(source(true, 'systemd=')).toBe('none')
    expect(source(false, 'systembus=', 'systemctl=')).toBe('none')
  })

  it('are null where a host says nothing, or nonsense', () => {
    const odd = factsOf(parseHostReport('uid=x\nmachine=; rm -rf /\nboot=\ncpus=-3\nversion=upstart 1.2\n'), {
      socket: false,
      sudo: false,
    })
    expect(odd).toMatchObject({
      uid: null,
      machineId: null,
      bootId: null,
      cpus: null,
      systemdVersion: null,
      unitSource: 'none',
    })
    expect(factsOf(report("os='Void'"), tried).os).toBe('Void')
    expect(factsOf(report('os="A \\"quoted\\" name"'), tried).os).toBe('A "quoted" name')
  })
})

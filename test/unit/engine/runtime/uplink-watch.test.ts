// Proves when this computer counts as offline (R18): at once by its own signs, by its hosts only where none stays reachable.
import { expect, it } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { UplinkWatch } from '../../../../src/engine/runtime/uplink-watch.ts'

function setUp() {
  const clock = new ManualClock()
  const told: [boolean, string][] = []
  const signs = { up: true, hosts: [true, true] as (boolean | null)[] }
  const watch = new UplinkWatch({
    clock,
    hosts: () => signs.hosts.map((reachable, n) => ({ id: `host-${n}`, reachable, jump: null })),
    interfacesUp: () => signs.up,
    onChange: (online, reason) => told.push([online, reason]),
  })
  return { clock, told, signs, watch }
}

it('believes the desktop and the interfaces at once', () => {
  const { clock, told, signs, watch } = setUp()
  watch.setDesktop(false)
  expect(told.map(([online]) => online)).toEqual([false])
  watch.setDesktop(true)
  signs.up = false
  clock.advance(2_500)
  signs.up = true
  clock.advance(2_500)
  expect(told.map(([online]) => online)).toEqual([false, true, false, true])
  watch.dispose()
  expect(clock.pending).toBe(0)
})

it('waits a little before all hosts together mean the own network: links that break together may be back at once', () => {
  const { clock, told, signs, watch } = setUp()
  signs.hosts = [false, false]
  watch.look()
  expect(watch.suspect).toBe(true)
  clock.advance(3_000)
  signs.hosts = [false, true]
  watch.look()
  expect(watch.suspect).toBe(false)
  signs.hosts = [false, false]
  clock.advance(5_000)
  expect(told).toEqual([])
  clock.advance(5_000)
  expect(told).toMatchObject([[false, expect.stringContaining('None of 2 hosts')]])
  signs.hosts = [true, false]
  clock.advance(2_500)
  expect(told.at(-1)?.[0]).toBe(true)
  watch.dispose()
})

it('one host alone proves nothing, nor does one that was not tried yet', () => {
  const { clock, told, signs, watch } = setUp()
  signs.hosts = [false]
  clock.advance(60_000)
  signs.hosts = [false, null]
  clock.advance(60_000)
  expect(told).toEqual([])
  watch.dispose()
})

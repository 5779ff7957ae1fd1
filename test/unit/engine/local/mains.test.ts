// Mains and network as this computer tells them: folders as Linux has them (Documentation/ABI/testing/sysfs-class-power), of computers of each kind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { mainsOf, onMains } from '../../../../src/engine/local/mains.ts'
import { namesOf, networkNames } from '../../../../src/engine/local/network.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarterdeck-power-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

type Supplies = Record<string, Record<string, string>>

function computer(supplies: Supplies): string {
  for (const [name, files] of Object.entries(supplies)) {
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), `${text}\n`)
  }
  return folder
}

const cell = (status: string) => ({ type: 'Battery', status, present: '1', capacity: '80' })
const plug = (online: string) => ({ type: 'Mains', online })
const mouse = { type: 'Battery', scope: 'Device', status: 'Discharging', present: '1', model_name: 'Mouse' }

const computers: [string, Supplies, boolean | null][] = [
  ['a laptop at its plug', { AC: plug('1'), BAT0: cell('Charging') }, true],
  ['a laptop on its battery', { AC: plug('0'), BAT0: cell('Discharging') }, false],
  ['a laptop at its plug whose battery is at its limit', { ADP1: plug('1'), BAT0: cell('Not charging') }, true],
  [
    'one of two batteries in use at a charger on USB',
    { BAT0: cell('Discharging'), BAT1: cell('Full'), 'ucsi-source-psy-USBC000:001': { type: 'USB', online: '1' } },
    true,
  ],
  ['a charger on USB that is not there', { BAT0: cell('Unknown'), usb: { type: 'USB', online: '0' } }, false],
  ['a battery that tells nothing, and no plug', { BAT0: cell('Unknown') }, null],
  ['a battery alone that is charged', { BAT0: cell('Charging') }, true],
  ['a desktop with a mouse', { hidpp_battery_0: mouse }, true],
  ['a bay without its battery', { AC: plug('1'), BAT1: { type: 'Battery', present: '0', status: 'Unknown' } }, true],
  ['a server', {}, true],
]

it.each(computers)('%s', async (_what, supplies, expected) => {
  expect(await mainsOf(computer(supplies))).toBe(expected)
})

it('a machine without such a folder runs on mains, and this one can be asked', async () => {
  expect(await mainsOf(join(folder, 'none'))).toBe(true)
  expect([true, false, null]).toContain(await onMains())
})

const neighbours = `IP address       HW type     Flags       HW address            Mask     Device
192.168.178.20   0x1         0x2         02:00:5e:10:00:14     *        wlan0
192.168.178.1    0x1         0x2         02:00:5E:10:00:01     *        wlan0
192.168.178.10   0x1         0x0         00:00:00:00:00:00     *        wlan0
`

it('names a network by its Wi-Fi, its router and the router’s address, the best first', async () => {
  expect(namesOf(['Home'], '192.168.178.1', neighbours)).toEqual(['Home', '02:00:5e:10:00:01', '192.168.178.1'])
  expect(namesOf([], '192.168.178.10', neighbours)).toEqual(['192.168.178.10'])
  expect(namesOf([''], '10.0.0.1', neighbours)).toEqual(['10.0.0.1'])
  expect(namesOf([], '', neighbours)).toEqual([])
  for (const name of await networkNames()) expect(name).not.toBe('')
})

// Of a host whose services fail without end: how many are told one by one, and that none of the person's own is only counted.
import { beforeEach, expect, it } from 'vitest'
import { mostHourly, mostOpen, mostOwnHourly, UnitOverflow } from '../../../../src/engine/runtime/unit-overflow.ts'

const hour = 3_600_000
let overflow: UnitOverflow
beforeEach(() => {
  overflow = new UnitOverflow()
})

const unit = (name: string) => ({ scope: 'system' as const, name })
const admits = (name: string, { open = 0, own = false, now = 0 } = {}): boolean =>
  overflow.admits('c', unit(name), { open, own, now })
const names = (): string[] => overflow.of('c').map(({ name }) => name)

it('counts with the rest what is over the bound, of those open and of an hour', () => {
  expect(admits('a', { open: mostOpen - 1 })).toBe(true)
  expect(admits('b', { open: mostOpen })).toBe(false)
  for (let at = 1; at < mostHourly; at++) expect(admits(`x${at}`)).toBe(true)
  expect(admits('late')).toBe(false)
  expect(admits('next', { now: hour })).toBe(true)
  expect(names()).toEqual(['b', 'late'])
  expect(overflow.verdict('c').message).toMatch(/^2 more services failed/)
})

it("tells each of the person's own by itself, whatever else fails, and lets them take no place from the others", () => {
  expect(admits('pinned', { open: mostOpen, own: true })).toBe(true)
  for (let at = 0; at < mostHourly; at++) admits(`x${at}`)
  expect(admits('other')).toBe(false)
  expect(admits('own', { own: true })).toBe(true)
  // it was pinned after it had been counted
  expect(admits('other', { own: true })).toBe(true)
  expect(names()).toEqual([])
})

it('bounds also what a host makes up of services that look like own ones', () => {
  for (let at = 0; at < mostOwnHourly; at++) expect(admits(`x${at}`, { own: true })).toBe(true)
  expect(admits('more', { own: true })).toBe(false)
  expect(admits('usual')).toBe(true)
  expect(names()).toEqual(['more'])
})

// Proves that lists of boots are read in each layout.
import { expect, test } from 'vitest'
import { parseBoots } from '../../../../src/engine/parse/journal-boots.ts'
import { distros, fixture } from './fixtures.ts'

test.each(distros)('%s', distro => {
  const boots = parseBoots(fixture(distro, 'list-boots.txt').toString())
  expect(boots).toMatchObject([{ index: 0, firstAt: Date.UTC(2026, 10, 22, 7, 0, 28) }])
  expect(boots[0]?.bootId).toMatch(/^[0-9a-f]{32}$/)
  expect(boots[0]?.lastAt).toBeGreaterThan(boots[0]?.firstAt ?? 0)
})

test('several, with and without a heading; nonsense is left out', () => {
  const id = 'a'.repeat(32)
  const text = `IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY
  0 ${id} Sun 2026-11-22 07:00:28 UTC Sun 2026-11-22 07:10:58 UTC
 -1 ${id} Sat 2026-11-21 07:00:28 UTC—Sun 2026-11-22 06:59:00 UTC
 -2 ${id} garbage
 -3 ${id} Sat 2026-99-99 07:00:28 UTC Sun 2026-11-22 06:59:00 UTC`
  expect(parseBoots(text).map(boot => boot.index)).toEqual([-1, 0])
})

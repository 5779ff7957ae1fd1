// A damaged database never stops the app and is never lost.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { auditEntry, createWorkplace, draft, start, type Workplace } from './lib.ts'

function scribble(path: string, offset: number, bytes: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(bytes, 0xa5), 0, bytes, offset)
  closeSync(file)
}

function filled(place: Workplace): void {
  const store = place.open()
  store.hosts.insert({ ...draft(), id: 'a', kind: 'ssh', createdAt: 1 })
  store.transaction(() => {
    for (let at = 0; at < 500; at++) store.audit.insert(auditEntry(at))
  })
  for (let look = 0; look < 400; look++) store.samples.write('a', start + look * 1000, new Map([['cpu', look]]))
  while (store.samples.maintain(start + 86_400_000));
  store.close()
}

for (const [what, damage] of [
  ['no database at all', (path: string) => writeFileSync(path, 'this was a database once'.repeat(1000))],
  ['a broken header', (path: string) => scribble(path, 0, 100)],
  ['corrupt pages', (path: string) => scribble(path, 4096 * 3, 4096 * 8)],
] as const)
  test(`${what}: set aside, nothing deleted, a fresh one works`, () => {
    const place = createWorkplace()
    filled(place)
    const path = join(place.directory, 'quarterdeck.db')
    damage(path)
    const damaged = readFileSync(path)
    const store = place.open()
    const aside = join(
      place.directory,
      `quarterdeck.damaged-${new Date(start).toISOString().slice(0, 19).replaceAll(':', '-')}.db`,
    )
    expect(store.setAside).toBe(aside)
    expect(readFileSync(aside).equals(damaged)).toBe(true)
    expect(statSync(aside).mode & 0o777).toBe(0o600)
    expect(store.hosts.list()).toEqual([])
    store.hosts.insert({ ...draft(), id: 'b', kind: 'ssh', createdAt: 1 })
    // History was not damaged and is still there.
    expect(store.samples.names('a')).toEqual(['cpu'])
    store.close()
    expect(place.lines.some(line => line.includes('damaged'))).toBe(true)

    // And again in the same second: neither overwrites the other.
    damage(path)
    const again = place.open()
    expect(again.setAside).not.toBe(aside)
    expect(existsSync(again.setAside ?? '')).toBe(true)
    expect(existsSync(aside)).toBe(true)
    place.dispose()
  })

test('the write-ahead log of a damaged database goes with it', () => {
  const place = createWorkplace()
  filled(place)
  const path = join(place.directory, 'quarterdeck.db')
  scribble(path, 0, 4096 * 4)
  writeFileSync(`${path}-wal`, 'a log')
  const store = place.open()
  expect(readFileSync(`${store.setAside}-wal`, 'utf8')).toBe('a log')
  place.dispose()
})

test('a history met damaged while running is reported, and set aside at the next start', () => {
  const place = createWorkplace()
  filled(place)
  const path = join(place.directory, 'history.db')
  const { size } = statSync(path)
  const store = place.open()
  const problems: (string | null)[] = []
  store.onProblem(problem => problems.push(problem?.code ?? null))
  scribble(path, 4096, size - 4096)
  const ask = () => store.samples.query({ hostId: 'a', series: ['cpu'], from: start, to: start + 400_000, points: 100 })
  expect(ask).toThrow(expect.objectContaining({ code: 'DATABASE_DAMAGED' }))
  expect(problems).toEqual(['DATABASE_DAMAGED'])
  expect(store.problem?.code).toBe('DATABASE_DAMAGED')
  // Watching goes on: a sample that cannot be kept is not an error of the one who measured.
  store.samples.write('a', start + 500_000, new Map([['cpu', 1]]))
  expect(store.samples.maintain(start + 86_400_000)).toBe(false)
  // Configuration is another file.
  expect(store.hosts.get('a')?.name).toBe('bots')
  store.close()
  const next = place.open()
  expect(next.setAside).toMatch(/history\.damaged-/)
  expect(next.problem).toBeNull()
  expect(next.hosts.get('a')?.name).toBe('bots')
  next.close()
  const after = place.open()
  expect(after.setAside).toBeNull()
  place.dispose()
})

test('a second engine on the same directory is refused, from this process and from another', () => {
  const place = createWorkplace()
  const store = place.open()
  expect(() => place.open()).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  const other = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../../../src/engine/store/store.ts'))}
       import { systemClock } from ${JSON.stringify(join(import.meta.dirname, '../../../../src/engine/lib/clock.ts'))}
       import { silentLogger } from ${JSON.stringify(join(import.meta.dirname, '../../../../src/engine/lib/log.ts'))}
       try { openStore({ directory: process.argv[1], clock: systemClock, log: silentLogger }); console.log('opened') }
       catch (error) { console.log(error.code) }`,
      place.directory,
    ],
    { encoding: 'utf8' },
  )
  expect(other.stdout.trim()).toBe('CONFLICT')
  store.close()
  place.open()
  expect(readdirSync(place.directory)).toContain('quarterdeck.lock')
  place.dispose()
  expect(place.clock.pending).toBe(0)
})

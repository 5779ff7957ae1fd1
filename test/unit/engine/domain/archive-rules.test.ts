// Semantics 33: which entries an archive may have, by themselves and after one another.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ArchiveEntry,
  ArchiveRules,
  inside,
  mostEntries,
  ratioProblem,
} from '../../../../src/engine/domain/archive-rules.ts'

const entry = (path: string, changes: Partial<ArchiveEntry> = {}): ArchiveEntry => ({
  path,
  kind: 'file',
  mode: 0o644,
  size: 0,
  target: '',
  ...changes,
})

test('S33 a million entries are let by, one more is not', () => {
  const rules = new ArchiveRules()
  const one = entry('same')
  let refused = 0
  for (let at = 0; at < mostEntries; at++) if (rules.judge(one) !== null) refused++
  expect(refused).toBe(0)
  expect(rules.judge(one)).toMatch(/more than 1,000,000 entries/)
})

test('S33 200 times its size is let by, more is not, and little is never a bomb', () => {
  expect(ratioProblem(100 * 1024 * 1024, (100 * 1024 * 1024) / 200)).toBeNull()
  expect(ratioProblem(100 * 1024 * 1024 + 1, (100 * 1024 * 1024) / 200)).toMatch(/200 times/)
  expect(ratioProblem(1024 * 1024, 10)).toBeNull()
})

test('S33 whatever path is let by stays inside, however it is written', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'b', '...', '..a', ' ')
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), parts => {
      const path = parts.join('/')
      const judged = inside(path)
      let depth = 0
      let left = path.startsWith('/') || path === ''
      for (const step of parts) {
        if (step === '..') depth--
        else if (step !== '.' && step !== '') depth++
        if (depth < 0) left = true
      }
      if (left) expect(judged).toBeNull()
      if (judged !== null) expect(judged.split('/')).not.toContain('..')
    }),
  )
})

test('S33 no order of entries lets one be written through a link', () => {
  const step = fc.record({
    kind: fc.constantFrom('file', 'folder', 'link', 'hard-link' as const),
    path: fc.constantFrom('a', 'a/b', 'a/b/c', './a//b', 'b', 'b/a'),
    target: fc.constantFrom('a', 'b', 'a/b', '../b', '.'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), steps => {
      const rules = new ArchiveRules()
      const links = new Set<string>()
      for (const { kind, path, target } of steps) {
        if (rules.judge(entry(path, { kind: kind as ArchiveEntry['kind'], target })) !== null) continue
        const name = inside(path) ?? ''
        for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1))
          expect(links.has(name.slice(0, at))).toBe(false)
        if (kind === 'link') links.add(name)
        else expect(links.has(name)).toBe(false)
      }
    }),
  )
})

test('what is refused is named without characters that speak for us', () => {
  const said = new ArchiveRules().judge(entry('/x\u001b[31m\u202e'))
  expect(said).toMatch(/leaves the folder/)
  expect([...(said ?? '')].every(char => (char.codePointAt(0) ?? 0) >= 32 && char !== '\u202e')).toBe(true)
})

// Proves that checks that wait for each other in a circle are found, with the circle named (semantics 18).
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findCycle } from '../../../../src/engine/domain/dependency.ts'

const checks = (graph: Record<string, string[]>) => Object.entries(graph).map(([id, dependsOn]) => ({ id, dependsOn }))

it.each<[string, Record<string, string[]>, string[] | null]>([
  ['nothing', {}, null],
  ['itself', { a: ['a'] }, ['a', 'a']],
  ['two', { a: ['b'], b: ['a'] }, ['a', 'b', 'a']],
  ['a circle behind a tail', { a: ['b'], b: ['c'], c: ['d'], d: ['b'] }, ['b', 'c', 'd', 'b']],
  ['a diamond is none', { bot: ['db', 'redis'], db: ['disk'], redis: ['disk'], disk: [] }, null],
  ['what is not there is none', { a: ['gone'], b: ['a', 'gone'] }, null],
  ['the second of two parts', { a: [], b: ['c'], c: ['b'] }, ['b', 'c', 'b']],
])('S18 %s', (_, graph, cycle) => {
  expect(findCycle(checks(graph))).toEqual(cycle)
})

it('S18 what depends only on what came before has no cycle, and a way back makes one that is truly there', () => {
  const sizes = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 2, maxLength: 40 })
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (edges, one, other) => {
      const graph = edges.map((list, index) => ({
        id: String(index),
        dependsOn: index === 0 ? [] : list.map(target => String(target % index)),
      }))
      expect(findCycle(graph)).toBeNull()
      const low = Math.min(one % graph.length, other % graph.length)
      const high = Math.max(one % graph.length, other % graph.length)
      const back = graph.map((check, index) => ({
        ...check,
        dependsOn: [
          ...check.dependsOn,
          ...(index === high ? [String(low)] : []),
          ...(index === low ? [String(high)] : []),
        ],
      }))
      const cycle = findCycle(back) ?? []
      expect(cycle.length).toBeGreaterThanOrEqual(2)
      expect(cycle.at(-1)).toBe(cycle[0])
      for (const [index, id] of cycle.slice(0, -1).entries())
        expect(back.find(check => check.id === id)?.dependsOn).toContain(cycle[index + 1])
    }),
  )
})

it('S18 a chain of thousands is no trouble', () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => ({ id: `${index}`, dependsOn: [`${index + 1}`] }))
  expect(findCycle(chain)).toBeNull()
})

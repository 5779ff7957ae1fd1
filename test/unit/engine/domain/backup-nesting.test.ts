// A folder and a database within it do not go into one backup: their ways back would undo each other.
import { expect, test } from 'vitest'
import { nestedSources } from '../../../../src/engine/domain/backup-nesting.ts'

const files = (path: string) => ({ type: 'files', spec: { path } })
const sqlite = (path: string) => ({ type: 'sqlite', spec: { path } })

test('a database within a folder is found, in either order', () => {
  expect(nestedSources([files('/opt/bot'), sqlite('/opt/bot/bot.db')])).toEqual({ outer: 0, inner: 1 })
  expect(nestedSources([sqlite('/opt/bot/data/bot.db'), files('/opt/bot/')])).toEqual({ outer: 1, inner: 0 })
  expect(nestedSources([files('/opt/bot'), files('/opt/bot')])).toEqual({ outer: 0, inner: 1 })
})

test('neighbours, like names and sources without a path are no such pair', () => {
  expect(nestedSources([files('/opt/bot'), sqlite('/opt/bot.db'), files('/opt/bots')])).toBeNull()
  expect(nestedSources([sqlite('/opt/bot/a.db'), sqlite('/opt/bot/b.db')])).toBeNull()
  expect(nestedSources([files('/opt'), { type: 'postgres', spec: { database: 'opt' } }])).toBeNull()
})

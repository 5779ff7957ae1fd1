// A source that stands for several becomes the parts that are there now, each with a key of its own that leads back to it.
import { expect, test } from 'vitest'
import type { SourceAccess } from '../../../../src/engine/runtime/source-access.ts'
import { dumpFailure, partsOf } from '../../../../src/engine/runtime/source-parts.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { SourceDraft } from '../../../../src/shared/model/backup.ts'
import { mostParts } from '../../../../src/shared/model/snapshot.ts'

const backup = {
  ...{ id: 'nightly', hostId: 'host' },
  sources: [
    { key: 'files', type: 'files', spec: { path: '/srv' } },
    { key: 'db', type: 'server', spec: { database: '' } },
    { key: 'one', type: 'server', spec: { database: 'one' } },
  ],
}

function access(names: () => readonly string[]): SourceAccess {
  const server = {
    label: () => 'all databases',
    expand: async (_context: unknown, spec: { database: string }) =>
      spec.database === '' ? names().map(database => ({ key: database, spec: { database } })) : null,
  }
  const typeOf = (type: string) => (type === 'server' ? server : {})
  const use = async (source: SourceDraft, _on: unknown, work: (open: unknown) => Promise<unknown>) =>
    work({ type: typeOf(source.type), spec: source.spec, context: {} })
  return { typeOf, use } as unknown as SourceAccess
}

const { signal } = new AbortController()

test('all databases are those that are there at that time', async () => {
  const there = ['app', 'shop']
  const keys = async () =>
    (
      await partsOf(
        access(() => there),
        backup,
        signal,
      )
    ).map(({ key, spec }) => [key, spec.database])
  expect(await keys()).toEqual([
    ['files', undefined],
    ['db.app', 'app'],
    ['db.shop', 'shop'],
    ['one', 'one'],
  ])
  there.push('younger')
  expect((await keys()).map(([key]) => key)).toContain('db.younger')
})

test('nothing at all, and more than a snapshot holds, are said and not passed over', async () => {
  await expect(
    partsOf(
      access(() => []),
      backup,
      signal,
    ),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const many = Array.from({ length: mostParts }, (_, n) => `db${n}`)
  await expect(
    partsOf(
      access(() => many),
      backup,
      signal,
    ),
  ).rejects.toMatchObject({ code: 'OUTPUT_LIMIT' })
})

test('one of several that cannot be read may be left out; one by itself, and a link that went, say no such thing', () => {
  const type = { leaveOut: 'Without', label: ({ database }: Record<string, unknown>) => String(database) }
  const part = { key: 'db.secret', type: 'server', spec: { database: 'secret' } }
  const denied = new AppError('ACCESS_DENIED', 'The role may not read it', { hint: 'Use another role.' })
  expect(dumpFailure(type, part, denied)).toMatchObject({
    ...{ code: 'ACCESS_DENIED', message: 'The role may not read it' },
    hint: 'Use another role. To back up the others, enter secret under “Without”.',
  })
  const lost = new AppError('LINK_LOST', 'The link is gone')
  expect(dumpFailure(type, part, lost)).toBe(lost)
  expect(dumpFailure(type, { ...part, key: 'db' }, denied)).toBe(denied)
})

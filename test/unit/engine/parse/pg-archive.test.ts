// pg_dump's custom format as it streams by: read in pieces of any size, cut at any byte, damaged anywhere.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  PgArchiveError,
  PgArchiveReader,
  PgArchiveUnknown,
  tableName,
} from '../../../../src/engine/parse/pg-archive.ts'

const encoder = new TextEncoder()
const int = (value: number): number[] => [
  value < 0 ? 1 : 0,
  ...[0, 8, 16, 24].map(shift => (Math.abs(value) >> shift) & 255),
]
const text = (value: string | null): number[] =>
  value === null ? int(-1) : [...int(encoder.encode(value).length), ...encoder.encode(value)]

function head(minor: number, entries: readonly { id: number; data: boolean; tag: string; kind: string }[]): number[] {
  const compression = minor >= 15 ? [0] : int(0)
  const created = [1, 2, 3, 4, 5, 126, 0].flatMap(int)
  const start = [...encoder.encode('PGDMP'), 1, minor, 0, 4, 8, 1, ...compression, ...created]
  const list = entries.flatMap(({ id, data, tag, kind }) => [
    ...[...int(id), ...int(data ? 1 : 0), ...text('1259'), ...text('16384'), ...text(tag), ...text(kind), ...int(2)],
    ...[
      ...text('CREATE …'),
      ...text(''),
      ...text(`COPY public.${tag} (n) FROM stdin;\n`),
      ...text('public'),
      ...text(''),
    ],
    ...(minor >= 14 ? text('heap') : []),
    ...(minor >= 16 ? int(114) : []),
    ...[...text('deploy'), ...text('false'), ...text('4'), ...text(null)],
    ...[1, 0, 0, 0, 0, 0, 0, 0, 0],
  ])
  return [...start, ...text('shop'), ...text('15.4'), ...text('15.4'), ...int(entries.length), ...list]
}
const block = (id: number, ...pieces: string[]): number[] => [...[1, ...int(id), ...pieces.flatMap(text), ...int(0)]]
const whole = (minor: number): Uint8Array =>
  Uint8Array.from([
    ...head(minor, [
      { id: 7, data: false, tag: 'orders', kind: 'TABLE' },
      { id: 9, data: true, tag: 'orders', kind: 'TABLE DATA' },
      { id: 300, data: true, tag: 'BLOBS', kind: 'BLOBS' },
    ]),
    ...block(9, '1\n', '22\n', '\\.\n\n\n'),
    ...[3, ...int(300), ...int(16_500), ...text('large'), ...text('object'), ...int(0), ...int(0)],
  ])

function read(
  bytes: Uint8Array,
  sizes: readonly number[] = [bytes.length],
): { story: string; reader: PgArchiveReader } {
  let story = ''
  const reader = new PgArchiveReader({
    begin: entry => (story += `<${tableName(entry)} ${entry.kind}>`),
    data: (_entry, piece) => (story += new TextDecoder().decode(piece)),
    end: () => (story += '</>'),
  })
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    reader.feed(bytes.subarray(at, at + size))
    at += size
  }
  reader.end()
  return { story, reader }
}
const told = '<public.orders TABLE DATA>1\n22\n\\.\n\n\n</><public.BLOBS BLOBS>largeobject</>'

test.each([12, 14, 15, 16])('format 1.%i is read in pieces of any size', minor => {
  expect(read(whole(minor)).story).toBe(told)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), sizes => {
      expect(read(whole(minor), sizes).story).toBe(told)
    }),
    { numRuns: 50 },
  )
  expect(read(whole(minor)).reader.head).toMatchObject({
    ...{ format: `1.${minor}`, compressed: false, database: 'shop', serverVersion: '15.4' },
  })
})

test('S29 cut at any byte it is told from a whole one', () => {
  const bytes = whole(16)
  for (let length = 0; length < bytes.length; length++)
    expect(() => read(bytes.subarray(0, length), [length || 1]), `${length}`).toThrow(PgArchiveError)
})

test('a block that the list does not name, a second one, another format and no dump at all are refused', () => {
  const bytes = whole(15)
  const more = (extra: number[]): Uint8Array => Uint8Array.from([...bytes, ...extra])
  expect(() => read(more(block(8, 'x')))).toThrow('number 8, which its list does not name')
  expect(() => read(more(block(9, 'x')))).toThrow('number 9')
  expect(() => read(more([5]))).toThrow('A block of kind 5 is unknown')
  expect(() => read(Uint8Array.from([...bytes.subarray(0, 6), 9, ...bytes.subarray(7)]))).toThrow('format is 1.9')
  expect(() => read(encoder.encode('-- PostgreSQL database dump'))).toThrow('no dump in the custom format')
})

test('an archive of a newer pg_dump is said to be that, and not to be damaged', () => {
  const bytes = whole(16)
  const newer = Uint8Array.from([...bytes.subarray(0, 6), 17, ...bytes.subarray(7)])
  expect(() => read(newer)).toThrow(PgArchiveUnknown)
  expect(() => read(newer)).toThrow('pg_dump wrote the format 1.17, and this version of Quarterdeck reads 1.12 to 1.16')
})

test('whatever the bytes are, it ends with an answer', () => {
  const bytes = whole(16)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ by
      try {
        read(damaged, [13])
      } catch (error) {
        expect(error).toBeInstanceOf(PgArchiveError)
      }
    }),
    { numRuns: 400 },
  )
})

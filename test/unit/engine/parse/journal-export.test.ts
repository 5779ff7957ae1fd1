// Proves that journal bytes mean the same however they are cut, and that hostile ones cost bounded memory.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entryFields, notAfter, parseCursor, toEntry } from '../../../../src/engine/parse/journal-entry.ts'
import { JournalExportReader } from '../../../../src/engine/parse/journal-export.ts'
import type { JournalEntry } from '../../../../src/shared/model/journal.ts'
import { distros, fixture } from './fixtures.ts'

function read(chunks: readonly Buffer[], valueBytes?: number): JournalEntry[] {
  const entries: JournalEntry[] = []
  const reader = new JournalExportReader(
    entryFields,
    (values, truncated) => {
      const entry = toEntry('host', values, truncated)
      if (entry) entries.push(entry)
    },
    valueBytes === undefined ? {} : { valueBytes },
  )
  for (const chunk of chunks) reader.push(chunk)
  return entries
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const marks = [...new Set(at.map(mark => mark % (bytes.length + 1)))].sort((a, b) => a - b)
  const chunks: Buffer[] = []
  let from = 0
  for (const mark of [...marks, bytes.length]) {
    chunks.push(bytes.subarray(from, mark))
    from = mark
  }
  return chunks
}

interface Field {
  name: string
  value: Buffer
}

/** As journald writes it: text where it can, else name, length and bytes. */
function exported(entries: readonly (readonly Field[])[]): Buffer {
  const parts: Buffer[] = []
  entries.forEach((fields, index) => {
    parts.push(Buffer.from(`__CURSOR=s=a;i=${index};b=b;m=0;t=0;x=0\n__REALTIME_TIMESTAMP=${1_000_000 + index}\n`))
    for (const { name, value } of fields) {
      if (value.every(byte => byte >= 32 && byte < 127)) parts.push(Buffer.from(`${name}=`), value, Buffer.from('\n'))
      else {
        const length = Buffer.alloc(8)
        length.writeBigUInt64LE(BigInt(value.length))
        parts.push(Buffer.from(`${name}\n`), length, value, Buffer.from('\n'))
      }
    }
    parts.push(Buffer.from('\n'))
  })
  return Buffer.concat(parts)
}

const anyField = fc.record({
  name: fc.constantFrom(...entryFields.slice(2), 'OTHER', '_LONG_NAME_OF_NO_INTEREST', 'M'),
  value: fc.oneof(
    fc.string({ maxLength: 40 }).map(text => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
    fc.nat(9_000).map(length => Buffer.alloc(length, 'x')),
    fc.nat(3_000).map(length => Buffer.from('é\n€😀'.repeat(length / 4))),
  ),
})
const anyEntries = fc.array(fc.array(anyField, { maxLength: 8 }), { minLength: 1, maxLength: 6 })

describe('recorded exports', () => {
  test.each(distros)('%s: entries as the host meant them', distro => {
    const entries = read([fixture(distro, 'journal.export')])
    const texts = entries.map(entry => entry.message)
    expect(texts).toContain('plain line')
    // the latin-1 byte is replaced, the rest of that message stays
    expect(texts).toContain('bell \u0007 and escape \u001b[31mred\u001b[0m and latin1 \ufffd')
    expect(entries.find(entry => entry.message.startsWith('bell'))).toMatchObject({
      priority: 4,
      identifier: 'qd-fixture',
    })
    // the manager's words about a unit belong to the unit
    const stopped = entries.find(entry => entry.message === 'Stopped qd-bot.service.')
    expect(stopped).toMatchObject({ unit: 'qd-bot.service', pid: 1, identifier: 'systemd' })
    expect(entries.every(entry => parseCursor(entry.cursor) !== null && entry.at > 1.7e12)).toBe(true)
  })

  test.each(distros)('%s: the same however it is cut', distro => {
    const bytes = fixture(distro, 'journal.export')
    const whole = read([bytes])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), marks => {
        expect(read(cut(bytes, marks))).toEqual(whole)
      }),
      { numRuns: 40 },
    )
    expect(read(cut(bytes, [...bytes.keys()]))).toEqual(whole)
  })
})

describe('any export', () => {
  test('is read back as it was written, in any pieces', () => {
    fc.assert(
      fc.property(anyEntries, fc.array(fc.nat(100_000), { maxLength: 30 }), (entries, marks) => {
        const bytes = exported(entries)
        const got = read(cut(bytes, marks))
        expect(got).toEqual(read([bytes]))
        expect(got.map(entry => entry.message)).toEqual(
          entries.map(fields => fields.find(field => field.name === 'MESSAGE')?.value.toString('utf8') ?? ''),
        )
      }),
      { numRuns: 150 },
    )
  })

  test('S36 values over the limit are cut at a character and marked, the same in any pieces', () => {
    fc.assert(
      fc.property(anyEntries, fc.array(fc.nat(100_000), { maxLength: 30 }), (entries, marks) => {
        const bytes = exported(entries)
        const got = read(cut(bytes, marks), 1000)
        expect(got).toEqual(read([bytes], 1000))
        for (const entry of got)
          expect(Buffer.byteLength(entry.message.replaceAll('\ufffd', '?'))).toBeLessThanOrEqual(1000)
      }),
      { numRuns: 150 },
    )
    const text = Buffer.from(`__CURSOR=c\n__REALTIME_TIMESTAMP=1\nMESSAGE=${'€'.repeat(10)}\n\n`)
    expect(read([text], 10)).toMatchObject([{ message: '€€€', truncated: true }])
  })

  test('S36 hostile bytes are refused or read, never more than that', () => {
    const hostile = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc
          .constantFrom(
            'MESSAGE\n',
            '__CURSOR=',
            '\n',
            '\n\n',
            'MESSAGE=',
            '\0\0\0\0\0\0\0\0',
            '=',
            '\x05\0\0\0\0\0\0\0',
          )
          .map(text => Buffer.from(text, 'latin1')),
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(hostile, chunks => {
        try {
          for (const entry of read(chunks.map(chunk => Buffer.from(chunk))))
            expect(entry.message.length).toBeLessThan(70_000)
        } catch (error) {
          expect(error).toMatchObject({ code: 'PROTOCOL' })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('S36 a field of impossible length is refused at once', () => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(2n ** 40n)
    expect(() => read([Buffer.from('MESSAGE\n'), length])).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })

  test('S36 a text without an end is refused where journald itself would have stopped', () => {
    const reader = new JournalExportReader(entryFields, () => {})
    const piece = Buffer.alloc(8 * 1024 * 1024, 'a')
    reader.push(Buffer.from('MESSAGE='))
    for (let i = 0; i < 95; i++) reader.push(piece)
    expect(() => [1, 2].map(() => reader.push(piece))).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })

  test('S36 a field of 300 MiB and a line without an end cost no more than what is kept', () => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(300 * 1024 * 1024))
    const piece = Buffer.alloc(1024 * 1024, 'a')
    const entries: JournalEntry[] = []
    const reader = new JournalExportReader(entryFields, (values, truncated) => {
      const entry = toEntry('h', values, truncated)
      if (entry) entries.push(entry)
    })
    const before = process.memoryUsage()
    reader.push(Buffer.concat([Buffer.from('__CURSOR=c\n__REALTIME_TIMESTAMP=1\nMESSAGE\n'), length]))
    for (let i = 0; i < 300; i++) reader.push(piece)
    reader.push(Buffer.from('\n_COMM='))
    for (let i = 0; i < 300; i++) reader.push(piece)
    const after = process.memoryUsage()
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(32 * 1024 * 1024)
    reader.push(Buffer.from('\n\n'))
    expect(entries).toHaveLength(1)
    expect(entries[0]?.message).toHaveLength(64 * 1024)
    expect(entries[0]?.truncated).toBe(true)
    expect(reader.atBoundary).toBe(true)
  })

  test('of a field that comes twice the first counts; unknown fields and prefixes of names do not', () => {
    const bytes = exported([
      [
        { name: 'MESSAGE', value: Buffer.from('one') },
        { name: 'MESSAGE', value: Buffer.from('two') },
        { name: 'MESSAGE_ID', value: Buffer.from('id') },
        { name: 'PRIORITY', value: Buffer.from('9') },
      ],
    ])
    expect(read([bytes])).toMatchObject([{ message: 'one', priority: 6, unit: null, pid: null, identifier: null }])
  })
})

describe('whose entry it is', () => {
  const of = (fields: Record<string, string>): JournalEntry | undefined =>
    read([exported([Object.entries(fields).map(([name, value]) => ({ name, value: Buffer.from(value) }))])])[0]

  test('a service by its own name, a claim by anyone else is no proof', () => {
    expect(of({ _SYSTEMD_UNIT: 'bot.service', UNIT: 'ssh.service', _PID: '77' })?.unit).toBe('bot.service')
    expect(of({ _SYSTEMD_UNIT: 'init.scope', UNIT: 'ssh.service', _PID: '1' })?.unit).toBe('ssh.service')
  })

  test("a user's unit before the user's manager", () => {
    expect(of({ _SYSTEMD_UNIT: 'user@1000.service', _SYSTEMD_USER_UNIT: 'bot.service' })?.unit).toBe('bot.service')
    const manager = { _SYSTEMD_UNIT: 'user@1000.service', _SYSTEMD_USER_UNIT: 'init.scope', USER_UNIT: 'bot.service' }
    expect(of(manager)?.unit).toBe('bot.service')
  })
})

test('cursors of one sequence are ordered, those of two are not compared', () => {
  const cursor = (s: string, i: string): string => `s=${s};i=${i};b=b;m=1;t=2;x=3`
  expect(notAfter(cursor('a', '9'), cursor('a', '10'))).toBe(true)
  expect(notAfter(cursor('a', '11'), cursor('a', '10'))).toBe(false)
  expect(notAfter(cursor('b', '9'), cursor('a', '10'))).toBe(false)
  expect(notAfter('nonsense', 'nonsense')).toBe(true)
  expect(parseCursor('s=1;i=zz')).toBeNull()
})

// The D-Bus codec keeps what it is given and is not shaken by bytes that a host makes up.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DbusMessage,
  decodeBody,
  decodeMessage,
  decodeValues,
  encodeMessage,
  maxMessageBytes,
  messageLength,
  messageTypes,
} from '../../../../src/engine/parse/dbus-codec.ts'
import { readProperties, readStructs } from '../../../../src/engine/parse/dbus-reader.ts'
import { parseSignature, WireError } from '../../../../src/engine/parse/dbus-signature.ts'
import type { Writable } from '../../../../src/engine/parse/dbus-writer.ts'

/** A value, the signature it is written with, and what it reads as. */
interface Sample {
  readonly signature: string
  readonly value: Writable
  readonly read: unknown
}

const text = fc.string({ unit: 'binary', maxLength: 40 }).map(value => value.replaceAll('\0', ''))
const path = fc.array(fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/), { maxLength: 4 }).map(parts => `/${parts.join('/')}`)
const wide = (value: bigint): number | bigint =>
  value >= -(2n ** 53n) + 2n && value < 2n ** 53n ? Number(value) : value
const plain = <T extends Writable>(signature: string, from: fc.Arbitrary<T>): fc.Arbitrary<Sample> =>
  from.map(value => ({ signature, value, read: value }))

const basic: fc.Arbitrary<Sample> = fc.oneof(
  plain('y', fc.integer({ min: 0, max: 255 })),
  plain('b', fc.boolean()),
  plain('n', fc.integer({ min: -32768, max: 32767 })),
  plain('q', fc.integer({ min: 0, max: 65535 })),
  plain('i', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  plain('u', fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  plain('d', fc.double({ noNaN: true })),
  plain('s', text),
  plain('o', path),
  plain('g', fc.constantFrom('', 's', 'a{sv}', '(yv)ai')),
  plain('h', fc.integer({ min: 0, max: 100 })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => ({ signature: 'x', value, read: wide(value) })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(value => ({ signature: 't', value, read: wide(value) })),
)

const { sample } = fc.letrec<{ sample: Sample }>(tie => ({
  sample: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    basic,
    fc.uint8Array({ maxLength: 20 }).map(value => ({ signature: 'ay', value, read: value })),
    fc.tuple(tie('sample'), fc.integer({ min: 0, max: 3 })).map(([{ signature, value, read }, count]) => ({
      signature: `a${signature === 'y' ? 'q' : signature}`,
      value: Array.from({ length: count }, () => value),
      read: Array.from({ length: count }, () => read),
    })),
    fc.array(tie('sample'), { minLength: 1, maxLength: 4 }).map(fields => ({
      signature: `(${fields.map(field => field.signature).join('')})`,
      value: fields.map(field => field.value),
      read: fields.map(field => field.read),
    })),
    tie('sample').map(({ signature, value, read }) => ({ signature: 'v', value: { signature, value }, read })),
    fc.tuple(fc.uniqueArray(text, { maxLength: 3 }), tie('sample')).map(([keys, { signature, value, read }]) => ({
      signature: `a{s${signature}}`,
      value: new Map(keys.map(key => [key, value])),
      read: new Map(keys.map(key => [key, read])),
    })),
  ),
}))

const samples = fc
  .array(sample, { maxLength: 4 })
  .filter(list => list.reduce((length, item) => length + item.signature.length, 0) <= 255)

function messageOf(list: readonly Sample[], little: boolean): Uint8Array {
  return encodeMessage({
    type: messageTypes.signal,
    serial: 7,
    path: '/a/b',
    interface: 'x.y',
    member: 'Z',
    sender: ':1.5',
    signature: list.map(item => item.signature).join(''),
    body: list.map(item => item.value),
    little,
  })
}

function decoded(bytes: Uint8Array): DbusMessage {
  const message = decodeMessage(bytes)
  if (!message.ok) throw new Error(message.problem)
  return message.value
}

describe('D-Bus messages', () => {
  it('come back as they were written, in both byte orders', () => {
    fc.assert(
      fc.property(samples, fc.boolean(), (list, little) => {
        const bytes = messageOf(list, little)
        expect(messageLength(bytes, 0)).toEqual({ ok: true, value: bytes.length })
        const message = decoded(bytes)
        expect(message).toMatchObject({ path: '/a/b', interface: 'x.y', member: 'Z', sender: ':1.5', serial: 7 })
        expect(decodeValues(message)).toEqual({ ok: true, value: list.map(item => item.read) })
      }),
      { numRuns: 400 },
    )
  })

  it('of random bytes are refused and never thrown at the caller', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 400 }), bytes => {
        const length = messageLength(bytes, 0)
        const message = decodeMessage(bytes)
        if (message.ok) decodeValues(message.value)
        return typeof length.ok === 'boolean'
      }),
      { numRuns: 2_000 },
    )
  })

  it('of which single bytes were changed are read or refused, never thrown', () => {
    fc.assert(
      fc.property(samples, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), (list, changes) => {
        const bytes = messageOf(list, true)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const message = decodeMessage(bytes)
        if (message.ok) decodeValues(message.value)
      }),
      { numRuns: 2_000 },
    )
  })

  it('that are cut short are refused', () => {
    const bytes = messageOf([{ signature: 's', value: 'hello', read: 'hello' }], true)
    for (let length = 16; length < bytes.length; length++)
      expect(decodeMessage(bytes.subarray(0, length)).ok, `${length} bytes`).toBe(false)
  })

  it('that claim to be huge are refused before they are kept', () => {
    const head = (body: number, fields: number): Uint8Array => {
      const bytes = new Uint8Array(16)
      bytes.set([0x6c, 2, 0, 1])
      new DataView(bytes.buffer).setUint32(4, body, true)
      new DataView(bytes.buffer).setUint32(12, fields, true)
      return bytes
    }
    expect(messageLength(head(maxMessageBytes, 8), 0)).toMatchObject({ ok: false })
    expect(messageLength(head(0xffff_ffff, 8), 0)).toMatchObject({ ok: false })
    expect(messageLength(head(0, 0xffff_ffff), 0)).toMatchObject({ ok: false })
    expect(messageLength(head(100, 8), 0)).toEqual({ ok: true, value: 124 })
    expect(messageLength(new TextEncoder().encode('HTTP/1.1 200 OK\r\n'), 0)).toMatchObject({ ok: false })
  })

  it.each([
    ['an array that runs past the end', 'as', [200, 0, 0, 0]],
    ['an array over the limit', 'ay', [255, 255, 255, 255]],
    ['a string that runs past the end', 's', [9, 0, 0, 0, 97, 0]],
    ['a string without NUL behind it', 's', [1, 0, 0, 0, 97, 98]],
    ['a string with NUL in it', 's', [3, 0, 0, 0, 97, 0, 98, 0]],
    ['a string that is not UTF-8', 's', [2, 0, 0, 0, 0xc3, 0x28, 0]],
    ['a boolean of 2', 'b', [2, 0, 0, 0]],
    ['a path without its slash', 'o', [1, 0, 0, 0, 97, 0]],
    ['padding that is not zero', 'yu', [1, 9, 9, 9, 1, 0, 0, 0]],
    ['a variant of two types', 'v', [2, 0x73, 0x73, 0, 0, 0, 0, 0]],
    ['bytes behind the body', 'y', [1, 2]],
  ])('refuse %s', (_, signature, body) => {
    const value: Record<string, Writable> = { as: [], ay: [], v: { signature: 'y', value: 1 }, b: true, o: '/', y: 1 }
    const values = signature === 'yu' ? [1, 1] : [value[signature] ?? 'a']
    const bytes = encodeMessage({
      type: 4,
      serial: 1,
      path: '/',
      interface: 'a.b',
      member: 'C',
      signature,
      body: values,
    })
    const { bodyStart } = decoded(bytes)
    const forged = new Uint8Array(bodyStart + body.length)
    forged.set(bytes.subarray(0, bodyStart))
    forged.set(body, bodyStart)
    new DataView(forged.buffer).setUint32(4, body.length, true)
    expect(decodeValues(decoded(forged)).ok).toBe(false)
  })

  it('survive variants in variants without end', () => {
    let value: Writable = 1
    let signature = 'y'
    for (let depth = 0; depth < 200; depth++) {
      value = { signature, value }
      signature = 'v'
    }
    const message = decoded(messageOf([{ signature: 'v', value: value, read: 0 }], true))
    expect(decodeValues(message)).toMatchObject({ ok: false })
  })

  it('yield only the properties that were asked for, and only of the type they should have', () => {
    const properties = new Map<Writable, Writable>([
      ['Name', { signature: 's', value: 'bot' }],
      ['Bomb', { signature: 'aay', value: [new Uint8Array(3)] }],
      ['Pid', { signature: 'aau', value: [[1], [2]] }],
      ['Size', { signature: 't', value: 2n ** 64n - 1n }],
    ])
    const message = decoded(messageOf([{ signature: 'a{sv}', value: properties, read: 0 }], false))
    const wanted = new Map([
      ['Name', 's'],
      ['Pid', 'u'],
      ['Size', 't'],
    ])
    const read = decodeBody(message, 'a{sv}', cursor => readProperties(cursor, wanted))
    expect(read).toEqual({
      ok: true,
      value: new Map<string, unknown>([
        ['Name', 'bot'],
        ['Size', 2n ** 64n - 1n],
      ]),
    })
    expect(decodeBody(message, 'as', cursor => cursor.string())).toMatchObject({ ok: false })
  })

  it('of 100,000 rows cost no more than the rows that are wanted', () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => [`unit-${index}.service`, 'x'])
    const message = decoded(messageOf([{ signature: 'a(ss)', value: rows, read: 0 }], true))
    const names: string[] = []
    const result = decodeBody(message, 'a(ss)', cursor =>
      readStructs(cursor, 20_000, each => {
        names.push(each.string())
        each.skipString()
      }),
    )
    expect(result).toEqual({ ok: true, value: { complete: false } })
    expect(names).toHaveLength(20_000)
    expect(names.at(-1)).toBe('unit-19999.service')
  })
})

describe('D-Bus signatures', () => {
  it.each(['a', '(', ')', '()', 'a{', 'a{s}', 'a{vs}', 'a{sss}', '{ss}', 'z', '(s', 'm', `${'a'.repeat(33)}y`])(
    'refuse %j',
    signature => {
      expect(() => parseSignature(signature)).toThrow(WireError)
    },
  )

  it('refuse what is too long or too deep, and random text costs nothing', () => {
    expect(() => parseSignature('y'.repeat(256))).toThrow(WireError)
    expect(() => parseSignature(`${'('.repeat(33)}y${')'.repeat(33)}`)).toThrow(WireError)
    expect(parseSignature(`${'a'.repeat(32)}y`)).toHaveLength(1)
    fc.assert(
      fc.property(fc.string({ maxLength: 255, unit: fc.constantFrom(...'ybsogvat(){}') }), signature => {
        try {
          parseSignature(signature)
        } catch (error) {
          if (!(error instanceof WireError)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

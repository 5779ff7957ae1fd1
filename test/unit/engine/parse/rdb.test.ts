// A Redis file as it streams by: keys counted in pieces of any size, every changed byte found by its checksum.
import { expect, test } from 'vitest'
import { RdbError, RdbReader } from '../../../../src/engine/parse/rdb.ts'

/** Of redis-server 7.0: SET a 1, SET b hello EX, SELECT 3, RPUSH l 1 2, HSET h f v; hand-made from its own notes on the format. */
function file(checksum = true): Uint8Array {
  const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)]
  const body = [
    ...new TextEncoder().encode('REDIS0010'),
    ...[0xfa, ...text('redis-ver'), ...text('7.0.15'), 0xfa, ...text('redis-bits'), 0xc0, 64],
    ...[0xfe, 0, 0xfb, 2, 1, 0, ...text('a'), 0xc0, 1, 0xfc, 1, 2, 3, 4, 5, 6, 7, 8, 0, ...text('b'), ...text('hello')],
    ...[
      0xfe,
      3,
      0xfb,
      2,
      0,
      18,
      ...text('l'),
      1,
      2,
      ...text('lp'),
      4,
      ...text('h'),
      1,
      ...text('f'),
      ...text('v'),
      0xff,
    ],
  ]
  const bytes = Uint8Array.from([...body, 0, 0, 0, 0, 0, 0, 0, 0])
  if (checksum) new DataView(bytes.buffer).setBigUint64(body.length, crc64(body), true)
  return bytes
}

/** The slow way, so that the quick one is held against something. */
function crc64(bytes: readonly number[]): bigint {
  let crc = 0n
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n
  }
  return crc
}

function read(bytes: Uint8Array, size = bytes.length) {
  const reader = new RdbReader()
  for (let at = 0; at < bytes.length; at += size) reader.feed(bytes.subarray(at, at + size))
  return reader.end()
}

test("the checksum is Redis's own: its test value", () => {
  expect(crc64([...new TextEncoder().encode('123456789')])).toBe(0xe9c6d914c4b8d9can)
})

test('keys are counted by database, in pieces of any size', () => {
  for (let size = 1; size <= file().length; size++) {
    const { keys, notes, version, checksum } = read(file(), size)
    expect([...(keys ?? [])], `${size}`).toEqual([
      [0, 2],
      [3, 2],
    ])
    expect([version, checksum, notes.get('redis-ver'), notes.get('redis-bits')]).toEqual([10, true, '7.0.15', '64'])
  }
  expect(read(file(false)).checksum).toBe(false)
})

test('S29 every changed bit and every cut is found', () => {
  const bytes = file()
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit)
      expect(() => read(damaged, 7), `${at}.${bit}`).toThrow(RdbError)
    }
    expect(() => read(bytes.subarray(0, at)), `${at}`).toThrow(RdbError)
  }
})

test('a kind of value that is not known leaves the count open and the checksum in charge', () => {
  const bytes = file(false)
  const at = bytes.indexOf(18)
  bytes[at] = 99
  expect(read(bytes)).toMatchObject({ keys: null, version: 10 })
})

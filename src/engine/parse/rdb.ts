// Reads a Redis RDB file as it streams by: its checksum over every byte, and how many keys each database has; knows no server and no file.

/** It is no RDB that a server could load; the message says why. */
export class RdbError extends Error {}

export interface RdbFacts {
  readonly version: number
  /** By database; null where a kind of value is in it that is not known here, so that only the checksum speaks. */
  readonly keys: ReadonlyMap<number, number> | null
  /** False where the server writes none (rdbchecksum no). */
  readonly checksum: boolean
  /** `redis-ver` and the like. */
  readonly notes: ReadonlyMap<string, string>
}

class Unknown extends Error {}

/** How many bytes are wanted next; a number below zero skips so many. */
type Want = Generator<number, void, Uint8Array>
type Part<T> = Generator<number, T, Uint8Array>

const tables = crcTables()

/** Feed it the file in pieces of any size, then call `end`, which says what it was or throws. */
export class RdbReader {
  #high = 0
  #low = 0
  #bytes = 0
  /** The last eight bytes are the checksum and not part of it. */
  #tail: Uint8Array = new Uint8Array(0)
  #version = 0
  readonly #notes = new Map<string, string>()
  readonly #keys = new Map<number, number>()
  #known = true
  #over = false
  readonly #parser: Want
  #want: number
  #held: Uint8Array = new Uint8Array(0)

  constructor() {
    this.#parser = this.#read()
    this.#want = Number(this.#parser.next().value)
  }

  feed(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    const all = joined(this.#tail, chunk)
    const cut = Math.max(0, all.length - 8)
    this.#sum(all.subarray(0, cut))
    this.#tail = all.slice(cut)
    if (this.#known && !this.#over) this.#parse(chunk)
  }

  end(): RdbFacts {
    if (this.#bytes < 18) throw new RdbError('It is too short for an RDB file')
    if (this.#version === 0) throw new RdbError('It is no RDB file')
    if (this.#known && !this.#over) throw new RdbError('It ends in the middle')
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    const view = new DataView(this.#tail.buffer, this.#tail.byteOffset, 8)
    const [low, high] = [view.getUint32(0, true), view.getUint32(4, true)]
    const checksum = low !== 0 || high !== 0
    if (checksum && `${hex(high)}${hex(low)}` !== `${hex(this.#high)}${hex(this.#low)}`)
      throw new RdbError('Its checksum is wrong')
    return { version: this.#version, keys: this.#known ? this.#keys : null, checksum, notes: this.#notes }
  }

  #sum(bytes: Uint8Array): void {
    let high = this.#high
    let low = this.#low
    const [highs, lows] = tables
    for (let at = 0; at < bytes.length; at++) {
      const index = (low ^ (bytes[at] ?? 0)) & 255
      low = ((low >>> 8) | (high << 24)) ^ (lows[index] ?? 0)
      high = (high >>> 8) ^ (highs[index] ?? 0)
    }
    this.#high = high
    this.#low = low
  }

  #parse(chunk: Uint8Array): void {
    let at = 0
    for (;;) {
      if (this.#want < 0) {
        const skipped = Math.min(-this.#want, chunk.length - at)
        at += skipped
        this.#want += skipped
        if (this.#want < 0) return
        this.#next(new Uint8Array(0))
      } else {
        const missing = this.#want - this.#held.length
        if (chunk.length - at < missing) {
          this.#held = joined(this.#held, chunk.subarray(at))
          return
        }
        const bytes = joined(this.#held, chunk.subarray(at, at + missing))
        at += missing
        this.#held = new Uint8Array(0)
        this.#next(bytes)
      }
      if (this.#over || !this.#known) return
    }
  }

  #next(bytes: Uint8Array): void {
    try {
      const { value, done } = this.#parser.next(bytes)
      if (done) this.#over = true
      else this.#want = value
    } catch (caught) {
      if (!(caught instanceof Unknown)) throw caught
      this.#known = false
    }
  }

  *#read(): Want {
    const magic = text(yield 9)
    if (!/^(REDIS\d{4}|VALKEY\d{3})$/.test(magic)) throw new RdbError('It is no RDB file')
    this.#version = Number(magic.replace(/\D/g, ''))
    let database = 0
    for (;;) {
      const kind = byteOf(yield 1)
      if (kind === 255) return
      if (kind === 250) {
        const name = yield* string()
        const value = yield* string()
        if (this.#notes.size < 20) this.#notes.set(name, value)
      } else if (kind === 254) {
        database = (yield* length()).value
      } else if (kind === 251) {
        yield* length()
        yield* length()
      } else if (kind === 244) for (let part = 0; part < 3; part++) yield* length()
      else if (kind === 253) yield 4
      else if (kind === 252) yield 8
      else if (kind === 249) yield 1
      else if (kind === 248) yield* length()
      else if (kind === 245) yield* skipString()
      else if (kind === 247) {
        yield* length()
        yield* length()
        yield* length()
        yield* moduleValue()
      } else {
        yield* skipString()
        yield* skipValue(kind)
        this.#keys.set(database, (this.#keys.get(database) ?? 0) + 1)
      }
    }
  }
}

function* length(): Part<{ value: number; special: boolean }> {
  const first = byteOf(yield 1)
  const kind = first >> 6
  if (kind === 0) return { value: first & 63, special: false }
  if (kind === 1) return { value: ((first & 63) << 8) | byteOf(yield 1), special: false }
  if (kind === 3) return { value: first & 63, special: true }
  const wide = first === 0x81
  const bytes = yield wide ? 8 : 4
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { value: wide ? Number(view.getBigUint64(0)) : view.getUint32(0), special: false }
}

/** The bytes that a string takes, behind its length. */
function* stringBytes(): Part<{ bytes: number; special: number | null }> {
  const { value, special } = yield* length()
  if (!special) return { bytes: value, special: null }
  if (value <= 2) return { bytes: 2 ** value, special: value }
  if (value !== 3) throw new RdbError('A string in it has an unknown form')
  const packed = (yield* length()).value
  yield* length()
  return { bytes: packed, special: value }
}

function* skipString(): Part<void> {
  const { bytes } = yield* stringBytes()
  if (bytes > 0) yield -bytes
}

/** Short ones only, such as names of notes. */
function* string(): Part<string> {
  const { bytes, special } = yield* stringBytes()
  if (bytes > 10_000) {
    yield -bytes
    return ''
  }
  const content = bytes === 0 ? new Uint8Array(0) : yield bytes
  if (special === null) return text(content)
  if (special === 3) return ''
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  return String(special === 0 ? view.getInt8(0) : special === 1 ? view.getInt16(0, true) : view.getInt32(0, true))
}

function* strings(count: number): Part<void> {
  for (let each = 0; each < count; each++) yield* skipString()
}

function* skipValue(kind: number): Part<void> {
  switch (kind) {
    case 0:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
    case 16:
    case 17:
    case 20:
      return yield* skipString()
    case 1:
    case 2:
    case 14:
      return yield* strings((yield* length()).value)
    case 4:
      return yield* strings((yield* length()).value * 2)
    case 3:
      for (let left = (yield* length()).value; left > 0; left--) {
        yield* skipString()
        const size = byteOf(yield 1)
        if (size < 253) yield -size
      }
      return
    case 5:
      for (let left = (yield* length()).value; left > 0; left--) {
        yield* skipString()
        yield 8
      }
      return
    case 7:
      yield* length()
      return yield* moduleValue()
    case 18:
      for (let left = (yield* length()).value; left > 0; left--) {
        yield* length()
        yield* skipString()
      }
      return
    case 15:
    case 19:
    case 21:
      return yield* skipStream(kind)
    case 24:
      yield 8
      for (let left = (yield* length()).value; left > 0; left--) {
        yield* length()
        yield* strings(2)
      }
      return
    case 25:
      yield 8
      return yield* skipString()
    default:
      throw new Unknown()
  }
}

function* lengths(count: number): Part<void> {
  for (let each = 0; each < count; each++) yield* length()
}

function* skipStream(kind: number): Part<void> {
  yield* strings((yield* length()).value * 2)
  yield* lengths(kind >= 19 ? 8 : 3)
  for (let groups = (yield* length()).value; groups > 0; groups--) {
    yield* skipString()
    yield* lengths(kind >= 19 ? 3 : 2)
    for (let pending = (yield* length()).value; pending > 0; pending--) {
      yield 24
      yield* length()
    }
    for (let consumers = (yield* length()).value; consumers > 0; consumers--) {
      yield* skipString()
      yield kind >= 21 ? 16 : 8
      for (let pending = (yield* length()).value; pending > 0; pending--) yield 16
    }
  }
}

function* moduleValue(): Part<void> {
  for (;;) {
    const { value } = yield* length()
    if (value === 0) return
    if (value === 1 || value === 2) yield* length()
    else if (value === 3) yield 4
    else if (value === 4) yield 8
    else if (value === 5) yield* skipString()
    else throw new Unknown()
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const byteOf = (bytes: Uint8Array): number => bytes[0] ?? 0

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}

/** CRC-64 as Redis has it (Jones, reflected), in halves of 32 bits. */
function crcTables(): readonly [Int32Array, Int32Array] {
  const polynomial = 0x95ac9329ac4bc9b5n
  const highs = new Int32Array(256)
  const lows = new Int32Array(256)
  for (let index = 0; index < 256; index++) {
    let value = BigInt(index)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
    highs[index] = Number(BigInt.asIntN(32, value >> 32n))
    lows[index] = Number(BigInt.asIntN(32, value))
  }
  return [highs, lows]
}

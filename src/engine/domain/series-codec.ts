// Packs sequences of integers and Float32 numbers into few bytes and back, without loss; knows nothing of what they measure.

/** Bits of the one NaN that stands for "no value". */
const absentBits = 0x7fc00000

/** Byte lengths that a 2-bit code can choose from; each packed sequence takes the table that suits it. */
const lengthTables: readonly (readonly [number, number, number, number])[] = [
  [0, 2, 3, 4],
  [0, 1, 2, 4],
]
/** For each table, the code for a number that needs 0 … 4 bytes. */
const codes = lengthTables.map(table => [0, 1, 2, 3, 4].map(bytes => table.findIndex(length => length >= bytes)))

const scratch = new DataView(new ArrayBuffer(4))

/** The Float32 numbers of `values`, NaN where there is none. One that is constant costs 5 bytes. */
export function packFloats(values: Float32Array): Uint8Array {
  const ordered = new Uint32Array(values.length)
  for (let index = 0; index < values.length; index++) ordered[index] = toOrdered(values[index] as number)
  const first = ordered[0] ?? 0
  if (ordered.every(value => value === first)) {
    const constant = new Uint8Array(values.length === 0 ? 1 : 5)
    if (values.length > 0) new DataView(constant.buffer).setUint32(1, first, true)
    return constant
  }
  const packed = packDeltas(ordered)
  const body = new Uint8Array(1 + packed.length)
  body[0] = 1
  body.set(packed, 1)
  return body
}

/** Reads `length` numbers of a packed sequence into `into`. */
export function unpackFloats(body: Uint8Array, length: number, into: Float32Array): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  if (body[0] === 0) {
    into.fill(length > 0 ? fromOrdered(view.getUint32(1, true)) : Number.NaN, 0, length)
    return
  }
  const bits = new Int32Array(into.buffer, into.byteOffset, length)
  unpackDeltas(body, 1, length, bits)
  // Ordered back to bits: the top bit turned where it is set, all bits where it is not.
  for (let index = 0; index < length; index++) {
    const value = bits[index] as number
    bits[index] = value ^ (~(value >> 31) | 0x80000000)
  }
}

/** Whole numbers of 0 … 2³²−1 that tend to be near their neighbours. */
export function packNumbers(values: Uint32Array): Uint8Array {
  return packDeltas(values)
}

/** Reads `length` numbers from `body` at `offset`; returns the offset behind them. */
export function unpackNumbers(body: Uint8Array, offset: number, length: number, into: Uint32Array): number {
  return unpackDeltas(body, offset, length, into)
}

export interface Ticks {
  /** Wall ms, ascending. */
  readonly at: Float64Array
  readonly reconstructed: Uint8Array
}

/** The times of looks at a host, which lie within 2³² ms of each other, and which of them were filled in later. */
export function packTicks(ticks: Ticks): Uint8Array {
  const { at, reconstructed } = ticks
  const steps = new Uint32Array(at.length)
  for (let index = 1; index < at.length; index++) steps[index] = (at[index] as number) - (at[index - 1] as number)
  const packed = packDeltas(steps)
  const marked = reconstructed.some(flag => flag !== 0)
  const flags = marked ? Math.ceil(at.length / 8) : 0
  const body = new Uint8Array(11 + flags + packed.length)
  const view = new DataView(body.buffer)
  view.setUint16(0, at.length, true)
  view.setFloat64(2, at[0] ?? 0, true)
  body[10] = marked ? 1 : 0
  for (let index = 0; marked && index < at.length; index++)
    if (reconstructed[index]) body[11 + (index >> 3)] = (body[11 + (index >> 3)] as number) | (1 << (index & 7))
  body.set(packed, 11 + flags)
  return body
}

export function unpackTicks(body: Uint8Array): Ticks {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const length = view.getUint16(0, true)
  const marked = body[10] === 1
  const steps = new Uint32Array(length)
  unpackDeltas(body, 11 + (marked ? Math.ceil(length / 8) : 0), length, steps)
  const at = new Float64Array(length)
  const reconstructed = new Uint8Array(length)
  let time = view.getFloat64(2, true)
  for (let index = 0; index < length; index++) {
    time += steps[index] as number
    at[index] = time
    if (marked) reconstructed[index] = ((body[11 + (index >> 3)] as number) >> (index & 7)) & 1
  }
  return { at, reconstructed }
}

/** Floats as unsigned integers in the same order, so that near numbers have near integers. */
function toOrdered(value: number): number {
  scratch.setFloat32(0, value)
  const bits = Number.isNaN(value) ? absentBits : scratch.getUint32(0)
  return (bits & 0x80000000 ? ~bits : bits ^ 0x80000000) >>> 0
}

function fromOrdered(ordered: number): number {
  scratch.setUint32(0, ordered & 0x80000000 ? ordered ^ 0x80000000 : ~ordered)
  return scratch.getFloat32(0)
}

/** Differences to the number before (modulo 2³²), small ones of either sign in few bytes: table | codes | bytes. */
function packDeltas(values: Uint32Array): Uint8Array {
  const { length } = values
  const deltas = new Uint32Array(length)
  const needs = new Uint32Array(5)
  let before = 0
  for (let index = 0; index < length; index++) {
    const value = values[index] as number
    const delta = (value - before) | 0
    const zigzag = ((delta << 1) ^ (delta >> 31)) >>> 0
    deltas[index] = zigzag
    needs[bytesOf(zigzag)] = (needs[bytesOf(zigzag)] as number) + 1
    before = value
  }
  let best = 0
  let bestSize = Number.POSITIVE_INFINITY
  for (const [table, lengths] of lengthTables.entries()) {
    let size = 0
    for (let bytes = 0; bytes <= 4; bytes++)
      size += (needs[bytes] as number) * (lengths[codes[table]?.[bytes] ?? 3] as number)
    if (size >= bestSize) continue
    best = table
    bestSize = size
  }
  const lengths = lengthTables[best] as readonly number[]
  const code = codes[best] as readonly number[]
  const head = 1 + Math.ceil(length / 4)
  const body = new Uint8Array(head + bestSize)
  body[0] = best
  let position = head
  for (let index = 0; index < length; index++) {
    const delta = deltas[index] as number
    const chosen = code[bytesOf(delta)] as number
    body[1 + (index >> 2)] = (body[1 + (index >> 2)] as number) | (chosen << ((index & 3) * 2))
    const bytes = lengths[chosen] as number
    for (let byte = 0; byte < bytes; byte++) body[position++] = delta >>> (8 * byte)
  }
  return body
}

function unpackDeltas(body: Uint8Array, offset: number, length: number, into: Uint32Array | Int32Array): number {
  const lengths = lengthTables[body[offset] as number] ?? lengthTables[0]
  const [, one, two] = lengths as readonly [number, number, number, number]
  let position = offset + 1 + Math.ceil(length / 4)
  let value = 0
  let control = 0
  for (let index = 0; index < length; index++) {
    if ((index & 3) === 0) control = body[offset + 1 + (index >> 2)] as number
    const code = control & 3
    control >>= 2
    let zigzag = 0
    if (code !== 0) {
      const bytes = code === 1 ? one : code === 2 ? two : 4
      zigzag = body[position] as number
      if (bytes > 1) zigzag |= (body[position + 1] as number) << 8
      if (bytes > 2) zigzag |= (body[position + 2] as number) << 16
      if (bytes > 3) zigzag |= (body[position + 3] as number) << 24
      position += bytes
    }
    value = (value + ((zigzag >>> 1) ^ -(zigzag & 1))) | 0
    into[index] = value
  }
  return position
}

function bytesOf(value: number): number {
  return value === 0 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4
}

// Reads journalctl's export format as bytes come, whichever way they are cut; pure, keeps wanted fields only, bounded whatever is sent.
import { AppError } from '../../shared/errors.ts'

/** Bytes of one value that are kept. */
const defaultValueBytes = 64 * 1024
/** journald itself stores no larger field. */
const largestField = 768 * 1024 * 1024
const longestName = 256
/** A line that is cut by a chunk's end is kept whole up to this; a longer one is read piece by piece. */
const longestCarry = 4096
const newline = 10
const equals = 61

/** Values of the wanted fields in the order they were asked for; the array is used again for the next entry. */
export type EntryListener = (values: readonly (string | undefined)[], truncated: boolean) => void

interface LongValue {
  readonly slot: number
  readonly kept: Buffer[]
  keptBytes: number
  seenBytes: number
  /** Bytes still to come of a binary field, then its line break; null for a text field, which ends at one. */
  left: number | null
}

/** Feed it with `push`; it calls back at each entry's end. Throws PROTOCOL on bytes that are no export format. */
export class JournalExportReader {
  readonly #names: readonly Uint8Array[]
  readonly #slots = new Map<number, number[]>()
  readonly #onEntry: EntryListener
  readonly #valueBytes: number
  readonly #values: (string | undefined)[]
  /** The value before in each slot: most fields repeat from entry to entry, so their strings are shared. */
  readonly #last: string[]
  #carry: Buffer | null = null
  #long: LongValue | null = null
  #inEntry = false
  #truncated = false

  constructor(fields: readonly string[], onEntry: EntryListener, options: { valueBytes?: number } = {}) {
    this.#names = fields.map(name => Buffer.from(name, 'latin1'))
    this.#values = new Array<string | undefined>(fields.length).fill(undefined)
    this.#last = new Array<string>(fields.length).fill('')
    this.#onEntry = onEntry
    this.#valueBytes = options.valueBytes ?? defaultValueBytes
    this.#names.forEach((name, slot) => {
      const hash = hashOf(name, 0, name.length)
      this.#slots.set(hash, [...(this.#slots.get(hash) ?? []), slot])
    })
  }

  /** Did the bytes end between entries? */
  get atBoundary(): boolean {
    return !this.#inEntry && this.#carry === null && this.#long === null
  }

  push(chunk: Buffer): void {
    let bytes = chunk
    if (this.#carry) {
      bytes = Buffer.concat([this.#carry, chunk])
      this.#carry = null
    }
    const end = bytes.length
    let at = 0
    while (at < end) {
      if (this.#long) {
        at = this.#continueLong(this.#long, bytes, at)
        continue
      }
      const stop = bytes.indexOf(newline, at)
      if (stop === at) {
        this.#endEntry()
        at++
        continue
      }
      const next = stop < 0 ? this.#partialLine(bytes, at) : this.#line(bytes, at, stop)
      if (next < 0) {
        // a copy: the chunk's memory may belong to a pool that is many times as large
        this.#carry = Buffer.from(bytes.subarray(at))
        return
      }
      at = next
    }
  }

  /** A whole line; answers where the next one starts, or -1 where more bytes are needed. */
  #line(bytes: Buffer, at: number, stop: number): number {
    let hash = 0
    let i = at
    for (; i < stop; i++) {
      const byte = bytes[i] as number
      if (byte === equals) break
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    if (i - at > longestName) return refuse('a field name without an end')
    const slot = this.#slotOf(hash, bytes, at, i)
    this.#inEntry = true
    if (i < stop) {
      if (slot >= 0) this.#set(slot, bytes, i + 1, stop)
      return stop + 1
    }
    // no "=": a binary field, its length in 8 bytes, the value, a line break
    if (bytes.length < stop + 9) return -1
    const length = bytes.readUInt32LE(stop + 1)
    if (bytes.readUInt32LE(stop + 5) !== 0 || length > largestField) return refuse('a field of impossible length')
    const start = stop + 9
    const after = start + length
    if (after < bytes.length) {
      if (bytes[after] !== newline) return refuse('a field longer than it says')
      if (slot >= 0) this.#set(slot, bytes, start, after)
      return after + 1
    }
    this.#long = { slot: this.#wanted(slot), kept: [], keptBytes: 0, seenBytes: 0, left: length }
    return start
  }

  /** The rest holds no line break: waits for one, unless the line is long already. */
  #partialLine(bytes: Buffer, at: number): number {
    if (bytes.length - at <= longestCarry) return -1
    const sign = bytes.indexOf(equals, at)
    if (sign < 0 || sign - at > longestName) return refuse('a field name without an end')
    let hash = 0
    for (let i = at; i < sign; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
    this.#inEntry = true
    this.#long = {
      slot: this.#wanted(this.#slotOf(hash, bytes, at, sign)),
      kept: [],
      keptBytes: 0,
      seenBytes: 0,
      left: null,
    }
    return sign + 1
  }

  #continueLong(long: LongValue, bytes: Buffer, at: number): number {
    let stop: number
    if (long.left === null) {
      stop = bytes.indexOf(newline, at)
      if (stop < 0) stop = bytes.length
      long.seenBytes += stop - at
      if (long.seenBytes > largestField) return refuse('a field without an end')
    } else {
      stop = Math.min(bytes.length, at + long.left)
      long.left -= stop - at
    }
    const room = this.#valueBytes - long.keptBytes
    if (long.slot >= 0 && room > 0 && stop > at) {
      const part = Buffer.from(bytes.subarray(at, Math.min(stop, at + room)))
      long.kept.push(part)
      long.keptBytes += part.length
    }
    if (stop - at > room && long.slot >= 0) this.#truncated = true
    if (stop === bytes.length || (long.left !== null && long.left > 0)) return stop
    if (bytes[stop] !== newline) return refuse('a field longer than it says')
    this.#long = null
    if (long.slot >= 0) {
      const value = Buffer.concat(long.kept)
      const length = value.length < this.#valueBytes ? value.length : endOfText(value, 0, value.length)
      this.#set(long.slot, value, 0, length)
    }
    return stop + 1
  }

  #endEntry(): void {
    if (!this.#inEntry) return
    this.#inEntry = false
    const truncated = this.#truncated
    this.#truncated = false
    this.#onEntry(this.#values, truncated)
    this.#values.fill(undefined)
  }

  #slotOf(hash: number, bytes: Buffer, from: number, to: number): number {
    const candidates = this.#slots.get(hash)
    if (candidates === undefined) return -1
    for (const slot of candidates) {
      const name = this.#names[slot]
      if (!name || name.length !== to - from) continue
      let i = 0
      while (i < name.length && name[i] === bytes[from + i]) i++
      if (i === name.length) return slot
    }
    return -1
  }

  #wanted(slot: number): number {
    return slot >= 0 && this.#values[slot] === undefined ? slot : -1
  }

  /** Of a field that comes more than once the first value counts. */
  #set(slot: number, bytes: Buffer, from: number, to: number): void {
    if (this.#values[slot] !== undefined) return
    let end = to
    if (to - from > this.#valueBytes) {
      end = endOfText(bytes, from, from + this.#valueBytes)
      this.#truncated = true
    }
    const last = this.#last[slot] as string
    if (sameAscii(last, bytes, from, end)) {
      this.#values[slot] = last
      return
    }
    const value = bytes.toString('utf8', from, end)
    this.#values[slot] = value
    if (value.length <= 128) this.#last[slot] = value
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  return hash
}

/** Where a cut text ends without half a character. */
function endOfText(bytes: Uint8Array, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const byte = bytes[to - back] as number
    if ((byte & 0xc0) === 0x80) continue
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needs > back ? to - back : to
  }
  return to
}

function sameAscii(text: string, bytes: Buffer, from: number, to: number): boolean {
  const length = to - from
  if (text.length !== length) return false
  // the end differs first in most values
  for (let i = length - 1; i >= 0; i--) {
    const byte = bytes[from + i] as number
    if (byte > 127 || text.charCodeAt(i) !== byte) return false
  }
  return true
}

function refuse(why: string): never {
  throw new AppError('PROTOCOL', `The host's journal cannot be understood: ${why}`)
}

// Takes basic D-Bus values off bytes that a host sent, trusting none of them; knows nothing of messages.
import { WireError } from './dbus-signature.ts'

/** The specification's limit for an array. */
const maxArrayBytes = 64 * 1024 * 1024
/** Variants in variants of our own limit: the specification allows 64 levels of any container. */
export const maxDepth = 64

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Unit lists repeat few short words thousands of times: they are made once. One slot per hash, so hostile words cost nothing. */
const internSlots = 1024
const internMax = 24
const interned: string[] = new Array(internSlots).fill('')

/** A position in one message's bytes. Every method throws WireError rather than read past the end. */
export class Cursor {
  readonly bytes: Uint8Array
  readonly little: boolean
  at: number
  end: number
  depth = 0
  readonly #view: DataView

  constructor(bytes: Uint8Array, little: boolean, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.little = little
    this.at = at
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Skips padding, which must be zero. Offsets count from the start of the message, where the bytes begin. */
  align(boundary: number): void {
    const next = (this.at + boundary - 1) & -boundary
    if (next > this.end) throw new WireError('padding runs past the end')
    for (; this.at < next; this.at++) if (this.bytes[this.at] !== 0) throw new WireError('padding is not zero')
  }

  byte(): number {
    if (this.at >= this.end) throw new WireError('value runs past the end')
    return this.bytes[this.at++] as number
  }

  uint16(): number {
    const at = this.#take(2)
    return this.#view.getUint16(at, this.little)
  }

  int16(): number {
    const at = this.#take(2)
    return this.#view.getInt16(at, this.little)
  }

  uint32(): number {
    const at = this.#take(4)
    return this.#view.getUint32(at, this.little)
  }

  int32(): number {
    const at = this.#take(4)
    return this.#view.getInt32(at, this.little)
  }

  boolean(): boolean {
    const value = this.uint32()
    if (value > 1) throw new WireError('a boolean is 0 or 1')
    return value === 1
  }

  double(): number {
    const at = this.#take(8)
    return this.#view.getFloat64(at, this.little)
  }

  /** A number where a number can hold it, else a bigint. */
  uint64(): number | bigint {
    const at = this.#take(8)
    const high = this.#view.getUint32(this.little ? at + 4 : at, this.little)
    if (high < 0x20_0000) return high * 0x1_0000_0000 + this.#view.getUint32(this.little ? at : at + 4, this.little)
    return this.#view.getBigUint64(at, this.little)
  }

  int64(): number | bigint {
    const at = this.#take(8)
    const high = this.#view.getInt32(this.little ? at + 4 : at, this.little)
    if (high < 0x20_0000 && high >= -0x1f_ffff)
      return high * 0x1_0000_0000 + this.#view.getUint32(this.little ? at : at + 4, this.little)
    return this.#view.getBigInt64(at, this.little)
  }

  /** A string as it stands at an aligned position. */
  string(): string {
    const length = this.uint32()
    return this.#text(length)
  }

  /** Passes over a string (or object path), with its frame checked and its text left alone. */
  skipString(): void {
    const length = this.uint32()
    this.#skipText(length)
  }

  signature(): string {
    return this.#text(this.byte())
  }

  skipSignature(): void {
    this.#skipText(this.byte())
  }

  objectPath(): string {
    const path = this.string()
    if (!isObjectPath(path)) throw new WireError('not an object path')
    return path
  }

  /** Reads an array's length and aligns to its first element; gives back where it ends. */
  arrayEnd(elementAlignment: number): number {
    const length = this.uint32()
    if (length > maxArrayBytes) throw new WireError('an array over 64 MiB')
    this.align(elementAlignment)
    const end = this.at + length
    if (end > this.end) throw new WireError('an array runs past the end')
    return end
  }

  enter(): void {
    if (++this.depth > maxDepth) throw new WireError('values nested too deep')
  }

  leave(): void {
    this.depth--
  }

  #take(size: number): number {
    this.align(size)
    const at = this.at
    if (at + size > this.end) throw new WireError('value runs past the end')
    this.at = at + size
    return at
  }

  #skipText(length: number): void {
    const stop = this.at + length
    if (stop >= this.end || this.bytes[stop] !== 0) throw new WireError('a string without its end')
    this.at = stop + 1
  }

  #text(length: number): string {
    const start = this.at
    this.#skipText(length)
    const { bytes } = this
    const stop = start + length
    if (length > internMax) {
      const text = this.#decode(start, stop)
      if (text.includes('\0')) throw new WireError('a string with NUL in it')
      return text
    }
    let hash = length
    let all = 0
    for (let at = start; at < stop; at++) {
      const byte = bytes[at] as number
      if (byte === 0) throw new WireError('a string with NUL in it')
      all |= byte
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    if (all >= 0x80) return this.#decode(start, stop)
    const slot = (hash ^ (hash >>> 11)) & (internSlots - 1)
    const known = interned[slot] as string
    if (known.length === length && this.#equals(known, start)) return known
    const text = this.#decode(start, stop)
    interned[slot] = text
    return text
  }

  #equals(text: string, start: number): boolean {
    for (let index = 0; index < text.length; index++)
      if (text.charCodeAt(index) !== this.bytes[start + index]) return false
    return true
  }

  #decode(start: number, stop: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, stop))
    } catch {
      throw new WireError('a string that is not UTF-8')
    }
  }
}

/** `/` or elements of `[A-Za-z0-9_]+` between slashes. */
export function isObjectPath(path: string): boolean {
  const { length } = path
  if (path.charCodeAt(0) !== 0x2f) return false
  if (length === 1) return true
  let previous = 0x2f
  for (let at = 1; at < length; at++) {
    const code = path.charCodeAt(at)
    const word =
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x30 && code <= 0x39) ||
      (code >= 0x41 && code <= 0x5a) ||
      code === 0x5f
    if (!word && (code !== 0x2f || previous === 0x2f)) return false
    previous = code
  }
  return previous !== 0x2f
}

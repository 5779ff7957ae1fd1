// Writes D-Bus values as bytes; knows nothing of messages, and throws only where our own code passes what does not fit.
import { isObjectPath } from './dbus-cursor.ts'
import {
  alignmentOf,
  type BasicCode,
  type DbusType,
  parseSignature,
  parseSingleType,
  WireError,
} from './dbus-signature.ts'

/** What a call sends for a variant: its type has to be said. */
export interface Variant {
  readonly signature: string
  readonly value: Writable
}

export type Writable =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | Variant
  | readonly Writable[]
  | ReadonlyMap<Writable, Writable>

const encoder = new TextEncoder()

/** Bytes that grow. */
export class Writer {
  readonly little: boolean
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  constructor(little = true, size = 256) {
    this.little = little
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#at
  }

  /** All that was written so far. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  align(boundary: number): void {
    const next = (this.#at + boundary - 1) & -boundary
    this.#room(next - this.#at)
    this.#at = next
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  uint32(value: number): void {
    this.align(4)
    this.#room(4)
    this.#view.setUint32(this.#at, value, this.little)
    this.#at += 4
  }

  /** Sets a length that was not known when its place was passed. */
  patchUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, this.little)
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  string(value: string): void {
    if (value.includes('\0')) throw new WireError('a string with NUL in it')
    const bytes = encoder.encode(value)
    this.uint32(bytes.length)
    this.raw(bytes)
    this.byte(0)
  }

  signature(value: string): void {
    parseSignature(value)
    this.byte(value.length)
    this.raw(encoder.encode(value))
    this.byte(0)
  }

  /** Values of all types of a signature, in order. */
  body(signature: string, values: readonly Writable[]): void {
    const types = parseSignature(signature)
    if (types.length !== values.length) throw new WireError('values do not match the signature')
    for (const [index, type] of types.entries()) this.value(type, values[index] as Writable)
  }

  value(type: DbusType, value: Writable): void {
    switch (type.kind) {
      case 'basic':
        this.#basic(type.code, value)
        return
      case 'variant': {
        const variant = value as Variant
        this.signature(variant.signature)
        this.value(parseSingleType(variant.signature), variant.value)
        return
      }
      case 'struct': {
        const fields = value as readonly Writable[]
        if (fields.length !== type.fields.length) throw new WireError('values do not match the struct')
        this.align(8)
        for (const [index, field] of type.fields.entries()) this.value(field, fields[index] as Writable)
        return
      }
      case 'array':
        this.#array(alignmentOf(type.element), () => {
          if (value instanceof Uint8Array) this.raw(value)
          else for (const element of value as readonly Writable[]) this.value(type.element, element)
        })
        return
      case 'dict':
        this.#array(8, () => {
          for (const [key, entry] of value as ReadonlyMap<Writable, Writable>) {
            this.align(8)
            this.#basic(type.key, key)
            this.value(type.value, entry)
          }
        })
    }
  }

  #array(alignment: number, elements: () => void): void {
    this.uint32(0)
    const lengthAt = this.#at - 4
    this.align(alignment)
    const start = this.#at
    elements()
    this.patchUint32(lengthAt, this.#at - start)
  }

  #basic(code: BasicCode, value: Writable): void {
    switch (code) {
      case 'y':
        this.byte(Number(value))
        return
      case 'b':
        this.uint32(value ? 1 : 0)
        return
      case 'n':
      case 'q':
        this.align(2)
        this.#room(2)
        this.#view.setUint16(this.#at, Number(value) & 0xffff, this.little)
        this.#at += 2
        return
      case 'i':
      case 'u':
      case 'h':
        this.uint32(Number(value) >>> 0)
        return
      case 'x':
      case 't':
        this.align(8)
        this.#room(8)
        this.#view.setBigUint64(this.#at, BigInt.asUintN(64, BigInt(value as number | bigint)), this.little)
        this.#at += 8
        return
      case 'd':
        this.align(8)
        this.#room(8)
        this.#view.setFloat64(this.#at, Number(value), this.little)
        this.#at += 8
        return
      case 's':
        this.string(String(value))
        return
      case 'o':
        if (!isObjectPath(String(value))) throw new WireError('not an object path')
        this.string(String(value))
        return
      case 'g':
        this.signature(String(value))
    }
  }

  #room(size: number): void {
    const needed = this.#at + size
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

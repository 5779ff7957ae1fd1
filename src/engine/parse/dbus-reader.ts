// Compiles D-Bus types into functions that read or pass over their values; knows nothing of messages.
import type { Cursor } from './dbus-cursor.ts'
import {
  alignmentOf,
  type BasicCode,
  type DbusType,
  parseSignature,
  parseSingleType,
  WireError,
} from './dbus-signature.ts'

/**
 * A value off the wire: numbers (bigint only past 2^53), booleans, strings, Uint8Array for `ay`, arrays for `a…` and structs, Map for
 * dictionaries; a variant is its content.
 */
export type DbusValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly DbusValue[]
  | ReadonlyMap<DbusValue, DbusValue>

export type Reader<T = DbusValue> = (cursor: Cursor) => T

const readers = new WeakMap<DbusType, Reader>()
const skippers = new WeakMap<DbusType, Reader<void>>()

/** The reader of one complete type. */
function readerOf(type: DbusType): Reader {
  let reader = readers.get(type)
  if (!reader) {
    reader = compileReader(type)
    readers.set(type, reader)
  }
  return reader
}

/** Passes over one value of a type, checking no more than is needed to find its end. */
function skipperOf(type: DbusType): Reader<void> {
  let skipper = skippers.get(type)
  if (!skipper) {
    skipper = compileSkipper(type)
    skippers.set(type, skipper)
  }
  return skipper
}

/** Reads all values of a body with this signature. */
export function bodyReader(signature: string): Reader<DbusValue[]> {
  const fields = parseSignature(signature).map(readerOf)
  return cursor => fields.map(read => read(cursor))
}

const readVariant: Reader = cursor => {
  const type = parseSingleType(cursor.signature())
  cursor.enter()
  const value = readerOf(type)(cursor)
  cursor.leave()
  return value
}

export const skipVariant: Reader<void> = cursor => {
  const type = parseSingleType(cursor.signature())
  cursor.enter()
  skipperOf(type)(cursor)
  cursor.leave()
}

/**
 * Reads of an `a{sv}` only what is wanted (name → signature), and passes over the rest, also over what has another type than it should:
 * a host cannot make us build values that we did not ask for.
 */
export function readProperties(cursor: Cursor, wanted: ReadonlyMap<string, string>): Map<string, DbusValue> {
  const result = new Map<string, DbusValue>()
  const end = cursor.arrayEnd(8)
  while (cursor.at < end) {
    cursor.align(8)
    const name = cursor.string()
    const expected = wanted.get(name)
    const signature = cursor.signature()
    const type = parseSingleType(signature)
    cursor.enter()
    if (signature === expected) result.set(name, readerOf(type)(cursor))
    else skipperOf(type)(cursor)
    cursor.leave()
  }
  checkEnd(cursor, end)
  return result
}

/** Calls `each` at the start of every element of an array of structs; it must read the whole element. Stops taking at `limit`. */
export function readStructs(cursor: Cursor, limit: number, each: (cursor: Cursor) => void): { complete: boolean } {
  const end = cursor.arrayEnd(8)
  for (let count = 0; cursor.at < end; count++) {
    if (count >= limit) {
      cursor.at = end
      return { complete: false }
    }
    cursor.align(8)
    each(cursor)
  }
  checkEnd(cursor, end)
  return { complete: true }
}

function checkEnd(cursor: Cursor, end: number): void {
  if (cursor.at !== end) throw new WireError('an array ends inside an element')
}

const basicReaders: Record<BasicCode, Reader> = {
  y: cursor => cursor.byte(),
  b: cursor => cursor.boolean(),
  n: cursor => cursor.int16(),
  q: cursor => cursor.uint16(),
  i: cursor => cursor.int32(),
  u: cursor => cursor.uint32(),
  x: cursor => cursor.int64(),
  t: cursor => cursor.uint64(),
  d: cursor => cursor.double(),
  s: cursor => cursor.string(),
  o: cursor => cursor.objectPath(),
  g: cursor => {
    const signature = cursor.signature()
    parseSignature(signature)
    return signature
  },
  h: cursor => cursor.uint32(),
}

function compileReader(type: DbusType): Reader {
  switch (type.kind) {
    case 'basic':
      return basicReaders[type.code]
    case 'variant':
      return readVariant
    case 'array':
      return type.element.kind === 'basic' && type.element.code === 'y' ? readBytes : arrayReader(type.element)
    case 'dict':
      return dictReader(type.key, type.value)
    case 'struct':
      return structReader(type.fields)
  }
}

const readBytes: Reader = cursor => {
  const end = cursor.arrayEnd(1)
  const bytes = cursor.bytes.slice(cursor.at, end)
  cursor.at = end
  return bytes
}

function arrayReader(element: DbusType): Reader {
  const alignment = alignmentOf(element)
  const read = readerOf(element)
  return cursor => {
    const end = cursor.arrayEnd(alignment)
    const values: DbusValue[] = []
    while (cursor.at < end) values.push(read(cursor))
    checkEnd(cursor, end)
    return values
  }
}

function dictReader(key: BasicCode, value: DbusType): Reader {
  const readKey = basicReaders[key]
  const readValue = readerOf(value)
  return cursor => {
    const end = cursor.arrayEnd(8)
    const map = new Map<DbusValue, DbusValue>()
    while (cursor.at < end) {
      cursor.align(8)
      const name = readKey(cursor)
      map.set(name, readValue(cursor))
    }
    checkEnd(cursor, end)
    return map
  }
}

function structReader(fields: readonly DbusType[]): Reader {
  const reads = fields.map(readerOf)
  return cursor => {
    cursor.align(8)
    return reads.map(read => read(cursor))
  }
}

function compileSkipper(type: DbusType): Reader<void> {
  switch (type.kind) {
    case 'basic':
      if (type.code === 's' || type.code === 'o') return cursor => cursor.skipString()
      if (type.code === 'g') return cursor => cursor.skipSignature()
      return basicReaders[type.code] as Reader<unknown> as Reader<void>
    case 'variant':
      return skipVariant
    case 'struct': {
      const skips = type.fields.map(skipperOf)
      return cursor => {
        cursor.align(8)
        for (const skip of skips) skip(cursor)
      }
    }
    case 'array':
    case 'dict': {
      const alignment = type.kind === 'dict' ? 8 : alignmentOf(type.element)
      return cursor => {
        cursor.at = cursor.arrayEnd(alignment)
      }
    }
  }
}

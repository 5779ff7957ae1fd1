// Turns D-Bus messages into bytes and back, and finds their borders in a stream; knows nothing of sockets and never throws on what a host sent.
import { Cursor } from './dbus-cursor.ts'
import { bodyReader, type DbusValue, type Reader, skipVariant } from './dbus-reader.ts'
import { WireError } from './dbus-signature.ts'
import { type Writable, Writer } from './dbus-writer.ts'

export const messageTypes = { call: 1, reply: 2, error: 3, signal: 4 } as const

/** The specification allows 128 MiB. No answer to what we ask comes near this bound of ours, unless the host means harm. */
export const maxMessageBytes = 32 * 1024 * 1024
const maxHeaderBytes = 64 * 1024

/** A message whose header was read and whose body still lies in its bytes. */
export interface DbusMessage {
  readonly type: number
  readonly serial: number
  readonly replySerial: number | null
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly errorName: string
  readonly sender: string
  readonly signature: string
  readonly bytes: Uint8Array
  readonly little: boolean
  readonly bodyStart: number
}

/** A result that says why instead of throwing. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }

/**
 * The length of the message that starts at `at`, from its first 16 bytes; 0 where fewer are there. Refuses what no sane bus sends before
 * anything is kept of it.
 */
export function messageLength(bytes: Uint8Array, at: number): Decoded<number> {
  if (bytes.length - at < 16) return { ok: true, value: 0 }
  const order = bytes[at]
  if (order !== 0x6c && order !== 0x42) return bad('byte order is neither little nor big')
  if (bytes[at + 3] !== 1) return bad('protocol version is not 1')
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16)
  const little = order === 0x6c
  const body = view.getUint32(4, little)
  const fields = view.getUint32(12, little)
  if (fields > maxHeaderBytes) return bad('message header too long')
  const header = (16 + fields + 7) & -8
  if (body > maxMessageBytes - header) return bad('message too long')
  return { ok: true, value: header + body }
}

/** Reads the header of one whole message. The bytes must be exactly the message's. */
export function decodeMessage(bytes: Uint8Array): Decoded<DbusMessage> {
  return guarded(() => {
    const little = bytes[0] === 0x6c
    const cursor = new Cursor(bytes, little)
    cursor.at = 1
    const type = cursor.byte()
    if (type === 0) throw new WireError('message type is 0')
    cursor.at = 4
    const bodyLength = cursor.uint32()
    const serial = cursor.uint32()
    if (serial === 0) throw new WireError('serial is 0')
    let path = ''
    let member = ''
    let interfaceName = ''
    let errorName = ''
    let sender = ''
    let signature = ''
    let replySerial: number | null = null
    const end = cursor.arrayEnd(8)
    while (cursor.at < end) {
      cursor.align(8)
      switch (cursor.byte()) {
        case 1:
          path = textField(cursor, 'o')
          break
        case 2:
          interfaceName = textField(cursor, 's')
          break
        case 3:
          member = textField(cursor, 's')
          break
        case 4:
          errorName = textField(cursor, 's')
          break
        case 5:
          if (cursor.signature() !== 'u') throw new WireError('a header field of the wrong type')
          replySerial = cursor.uint32()
          break
        case 7:
          sender = textField(cursor, 's')
          break
        case 8:
          signature = textField(cursor, 'g')
          break
        default:
          skipVariant(cursor)
      }
    }
    if (cursor.at !== end) throw new WireError('header fields run past their end')
    cursor.align(8)
    if (cursor.at + bodyLength !== bytes.length) throw new WireError('body length does not match')
    if (signature === '' && bodyLength > 0) throw new WireError('a body without a signature')
    const missing =
      (type === messageTypes.call && (path === '' || member === '')) ||
      (type === messageTypes.signal && (path === '' || member === '' || interfaceName === '')) ||
      (type === messageTypes.reply && replySerial === null) ||
      (type === messageTypes.error && (replySerial === null || errorName === ''))
    if (missing) throw new WireError('a required header field is missing')
    return {
      type,
      serial,
      replySerial,
      path,
      interface: interfaceName,
      member,
      errorName,
      sender,
      signature,
      bytes,
      little,
      bodyStart: cursor.at,
    }
  })
}

/** Reads a body with a reader made for it; `signature` is what that reader expects. */
export function decodeBody<T>(message: DbusMessage, signature: string, read: Reader<T>): Decoded<T> {
  if (message.signature !== signature) return bad(`body is "${message.signature}", not "${signature}"`)
  return guarded(() => {
    const cursor = new Cursor(message.bytes, message.little, message.bodyStart)
    const value = read(cursor)
    if (cursor.at !== message.bytes.length) throw new WireError('body is longer than its signature')
    return value
  })
}

/** Reads a whole body by the signature it came with. */
export function decodeValues(message: DbusMessage): Decoded<readonly DbusValue[]> {
  return guarded(() => {
    const read = bodyReader(message.signature)
    const cursor = new Cursor(message.bytes, message.little, message.bodyStart)
    const values = read(cursor)
    if (cursor.at !== message.bytes.length) throw new WireError('body is longer than its signature')
    return values
  })
}

export interface OutgoingMessage {
  readonly type: number
  readonly serial: number
  readonly flags?: number
  readonly path?: string
  readonly interface?: string
  readonly member?: string
  readonly errorName?: string
  readonly replySerial?: number
  readonly destination?: string
  readonly sender?: string
  readonly signature?: string
  readonly body?: readonly Writable[]
  readonly little?: boolean
}

/** The bytes of a message. Throws WireError where our own values do not fit their signature. */
export function encodeMessage(message: OutgoingMessage): Uint8Array {
  const writer = new Writer(message.little ?? true)
  writer.byte(writer.little ? 0x6c : 0x42)
  writer.byte(message.type)
  writer.byte(message.flags ?? 0)
  writer.byte(1)
  writer.uint32(0)
  writer.uint32(message.serial)
  const fields: Writable[] = []
  const field = (code: number, signature: string, value: string | number | undefined): void => {
    if (value !== undefined) fields.push([code, { signature, value }])
  }
  field(1, 'o', message.path)
  field(2, 's', message.interface)
  field(3, 's', message.member)
  field(4, 's', message.errorName)
  field(5, 'u', message.replySerial)
  field(6, 's', message.destination)
  field(7, 's', message.sender)
  field(8, 'g', message.signature || undefined)
  writer.body('a(yv)', [fields])
  writer.align(8)
  const start = writer.length
  if (message.signature) writer.body(message.signature, message.body ?? [])
  writer.patchUint32(4, writer.length - start)
  return writer.done()
}

function textField(cursor: Cursor, expected: string): string {
  if (cursor.signature() !== expected) throw new WireError('a header field of the wrong type')
  if (expected === 'g') return cursor.signature()
  return expected === 'o' ? cursor.objectPath() : cursor.string()
}

function guarded<T>(read: () => T): Decoded<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    // A stack that overflows is nesting that we did not foresee; everything else is a fault of ours and must show.
    if (error instanceof WireError || error instanceof RangeError) return bad(error.message)
    throw error
  }
}

function bad(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}

// A message bus with a systemd on it, made of a stream and a script; must not know what the tests prove.
import { Duplex } from 'node:stream'
import type { DbusStream } from '../../../../src/engine/collector/dbus-connection.ts'
import {
  type DbusMessage,
  decodeMessage,
  decodeValues,
  encodeMessage,
  messageLength,
  messageTypes,
} from '../../../../src/engine/parse/dbus-codec.ts'
import { unitPath } from '../../../../src/engine/parse/dbus-unit-path.ts'
import type { Writable } from '../../../../src/engine/parse/dbus-writer.ts'

export interface Call {
  readonly message: DbusMessage
  readonly member: string
  readonly values: readonly unknown[]
}

export type Answer =
  | { readonly signature: string; readonly body: readonly Writable[] }
  | { readonly error: string; readonly text?: string }
  | 'silence'

export const systemdOwner = ':1.0'

/** The far end of a connection. `answer` decides; what it leaves undefined is answered as a healthy bus would. */
export class FakeBus {
  readonly stream: DbusStream
  readonly calls: Call[] = []
  answer: (call: Call) => Answer | undefined = () => undefined
  login = 'OK 0123456789abcdef\r\n'
  /** What the client sent before the first message. */
  greeting = ''
  closed = false
  readonly #duplex: Duplex
  #received: Buffer = Buffer.alloc(0)
  #serial = 0

  constructor() {
    this.#duplex = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        this.#onData(chunk)
        done()
      },
      emitClose: true,
    })
    this.stream = {
      input: this.#duplex,
      output: this.#duplex,
      close: () => {
        this.closed = true
        this.#duplex.destroy()
      },
    }
  }

  push(bytes: Uint8Array): void {
    this.#duplex.push(bytes)
  }

  end(): void {
    this.#duplex.push(null)
  }

  signal(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    body: readonly Writable[],
    sender = systemdOwner,
  ): void {
    this.push(
      this.#encode({ type: messageTypes.signal, path, interface: interfaceName, member, sender, signature, body }),
    )
  }

  manager(member: string, signature: string, body: readonly Writable[], sender?: string): void {
    this.signal('/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', member, signature, body, sender)
  }

  /** PropertiesChanged of a unit. */
  changed(
    unit: string,
    kind: 'Unit' | 'Service',
    properties: Record<string, [string, Writable]>,
    options: { invalidated?: string[]; sender?: string } = {},
  ): void {
    const dict = new Map(Object.entries(properties).map(([name, [signature, value]]) => [name, { signature, value }]))
    this.signal(
      unitPath(unit),
      'org.freedesktop.DBus.Properties',
      'PropertiesChanged',
      'sa{sv}as',
      [`org.freedesktop.systemd1.${kind}`, dict, options.invalidated ?? []],
      options.sender,
    )
  }

  reply(call: Call, answer: Answer): void {
    if (answer === 'silence') return
    const common = { replySerial: call.message.serial, sender: systemdOwner }
    const message =
      'error' in answer
        ? { ...common, type: messageTypes.error, errorName: answer.error, signature: 's', body: [answer.text ?? ''] }
        : { ...common, type: messageTypes.reply, signature: answer.signature, body: answer.body }
    this.push(this.#encode(message))
  }

  #encode(message: Omit<Parameters<typeof encodeMessage>[0], 'serial'>): Uint8Array {
    this.#serial++
    return encodeMessage({ ...message, serial: this.#serial })
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.greeting === '') {
      const end = this.#received.indexOf('BEGIN\r\n')
      if (end < 0) return
      this.greeting = this.#received.subarray(0, end + 7).toString()
      this.#received = this.#received.subarray(end + 7)
      if (this.login !== '') this.push(Buffer.from(this.login))
      if (!this.login.startsWith('OK')) return
    }
    for (;;) {
      const length = messageLength(this.#received, 0)
      if (!length.ok) throw new Error(length.problem)
      if (length.value === 0 || this.#received.length < length.value) return
      const bytes = this.#received.subarray(0, length.value)
      this.#received = this.#received.subarray(length.value)
      const message = decodeMessage(Buffer.from(bytes))
      if (!message.ok) throw new Error(message.problem)
      const values = decodeValues(message.value)
      if (!values.ok) throw new Error(values.problem)
      const call: Call = { message: message.value, member: message.value.member, values: values.value }
      this.calls.push(call)
      this.reply(call, this.answer(call) ?? healthy(call))
    }
  }
}

const empty: Answer = { signature: '', body: [] }

function healthy(call: Call): Answer {
  switch (call.member) {
    case 'Hello':
      return { signature: 's', body: [':1.99'] }
    case 'GetNameOwner':
      return { signature: 's', body: [systemdOwner] }
    case 'ListUnitsByPatterns':
    case 'ListUnitsByNames':
      return listed([])
    case 'Get':
      return { signature: 'v', body: [{ signature: 's', value: '' }] }
    case 'GetAll':
      return { signature: 'a{sv}', body: [new Map()] }
    default:
      return empty
  }
}

/** The answer of ListUnits for these units: name, active state, sub state, load state. */
export function listed(units: readonly (readonly [string, string?, string?, string?])[]): Answer {
  const rows = units.map(([name, active = 'active', sub = 'running', load = 'loaded']) => [
    name,
    `About ${name}`,
    load,
    active,
    sub,
    '',
    unitPath(name),
    0,
    '',
    '/',
  ])
  return { signature: 'a(ssssssouso)', body: [rows] }
}

/** Lets what was pushed be read. */
export async function settle(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
}

// One D-Bus connection: its login, its bounds, its ends, and that nothing a host sends escapes them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallResult, type DbusConnection, noReply } from '../../../../src/engine/collector/dbus-connection.ts'
import { startDbus } from '../../../../src/engine/collector/dbus-start.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { type Call, FakeBus, settle } from './fake-bus.ts'

function open(bus = new FakeBus(), uid = 1001) {
  const clock = new ManualClock()
  const { connection, hello } = startDbus(bus.stream, { clock, uid })
  return { bus, clock, connection, hello }
}

function ask(connection: DbusConnection, member = 'Ask', timeout?: number): Promise<CallResult<undefined>> {
  return connection.call({ destination: 'a.b', path: '/', interface: 'a.b', member, timeout, reply: noReply })
}

describe('a D-Bus connection', () => {
  it('logs in with the remote uid, in one piece with what follows', async () => {
    const { bus, connection, hello, clock } = open()
    const asked = ask(connection)
    expect(await hello).toBe(null)
    expect(await asked).toEqual({ kind: 'reply', value: undefined })
    expect(bus.greeting).toBe('\0AUTH EXTERNAL 31303031\r\nBEGIN\r\n')
    expect(bus.calls.map(call => call.member)).toEqual(['Hello', 'Ask'])
    await connection.dispose()
    expect(await connection.closed).toBe(null)
    expect(bus.closed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['REJECTED EXTERNAL\r\n', 'ACCESS_DENIED'],
    ['HTTP/1.1 400 Bad Request\r\n', 'PROTOCOL'],
    ['x'.repeat(5_000), 'PROTOCOL'],
  ])('is refused by a bus that says %j', async (login, code) => {
    const bus = new FakeBus()
    bus.login = login
    const { hello, connection } = open(bus)
    expect(await hello).toMatchObject({ code })
    expect(await connection.closed).toMatchObject({ code })
    expect(bus.closed).toBe(true)
  })

  it('never has more than 64 calls in flight, answers all the same, and in any order', async () => {
    const bus = new FakeBus()
    const held: Call[] = []
    bus.answer = call => {
      if (call.member === 'Hello') return undefined
      held.push(call)
      return 'silence'
    }
    const { connection, hello } = open(bus)
    await hello
    const results = Promise.all(Array.from({ length: 300 }, (_, index) => ask(connection, `M${index}`)))
    let answered = 0
    while (answered < 300) {
      await settle(2)
      expect(held.length).toBeGreaterThan(0)
      expect(held.length).toBeLessThanOrEqual(64)
      const batch = held.splice(0).reverse()
      answered += batch.length
      for (const call of batch) bus.reply(call, { signature: '', body: [] })
    }
    expect(new Set((await results).map(result => result.kind))).toEqual(new Set(['reply']))
    await connection.dispose()
  })

  it('gives up waiting, and takes no harm from an answer that comes late', async () => {
    const bus = new FakeBus()
    bus.answer = call => (call.member === 'Slow' ? 'silence' : undefined)
    const { connection, hello, clock } = open(bus)
    await hello
    const slow = ask(connection, 'Slow', 1_000)
    await settle()
    clock.advance(1_000)
    expect(await slow).toEqual({ kind: 'timeout' })
    const call = bus.calls.at(-1)
    if (call) bus.reply(call, { signature: '', body: [] })
    expect(await ask(connection)).toEqual({ kind: 'reply', value: undefined })
    await connection.dispose()
    expect(clock.pending).toBe(0)
  })

  it('passes errors on by name, their words bounded', async () => {
    const bus = new FakeBus()
    bus.answer = call => (call.member === 'Ask' ? { error: 'a.b.No', text: 'n'.repeat(9_000) } : undefined)
    const { connection, hello } = open(bus)
    await hello
    const result = await ask(connection)
    expect(result).toMatchObject({ kind: 'error', name: 'a.b.No' })
    expect(result.kind === 'error' && result.message.length).toBe(1_000)
    await connection.dispose()
  })

  it('S7 that ends leaves calls that were sent open, and says of the others that they were not', async () => {
    const bus = new FakeBus()
    bus.answer = call => (call.member === 'Hello' ? undefined : 'silence')
    const { connection, hello, clock } = open(bus)
    await hello
    const results = Promise.all(Array.from({ length: 70 }, () => ask(connection)))
    await settle()
    bus.end()
    const sent = (await results).map(result => result.kind === 'closed' && result.sent)
    expect(sent).toEqual([...Array(64).fill(true), ...Array(6).fill(false)])
    expect(await connection.closed).toMatchObject({ code: 'LINK_LOST' })
    expect(await ask(connection)).toMatchObject({ kind: 'closed', sent: false })
    expect(clock.pending).toBe(0)
  })

  it('reads messages however they are cut', async () => {
    const { bus, connection, hello } = open()
    await hello
    const seen: string[] = []
    connection.onSignal(signal => seen.push(signal.member))
    const pieces: Buffer[] = []
    const push = bus.push
    bus.push = bytes => void pieces.push(Buffer.from(bytes))
    for (let index = 0; index < 20; index++) bus.signal('/a', 'a.b', `S${index}`, 's', ['x'.repeat(index * 7)])
    bus.push = push
    const all = Buffer.concat(pieces)
    for (let at = 0; at < all.length; at += 13) bus.push(all.subarray(at, at + 13))
    await settle(40)
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `S${index}`))
    await connection.dispose()
  })

  it('closes with PROTOCOL on whatever is not D-Bus, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 16, maxLength: 200 }), async noise => {
        const { bus, connection, hello, clock } = open()
        await hello
        const bytes = Uint8Array.from(noise)
        bytes[0] = 0x78
        bus.push(bytes)
        expect(await connection.closed).toMatchObject({ code: 'PROTOCOL' })
        expect(bus.closed).toBe(true)
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  it('closes on a reply of another type than the call has', async () => {
    const bus = new FakeBus()
    bus.answer = call => (call.member === 'Ask' ? { signature: 's', body: ['surprise'] } : undefined)
    const { connection, hello } = open(bus)
    await hello
    expect(await ask(connection)).toMatchObject({ kind: 'closed', error: { code: 'PROTOCOL' } })
  })

  it('S36 stops reading from a host that floods, until time has passed', async () => {
    const { bus, connection, hello, clock } = open()
    await hello
    let seen = 0
    connection.onSignal(() => seen++)
    const pieces: Buffer[] = []
    const push = bus.push
    bus.push = bytes => void pieces.push(Buffer.from(bytes))
    for (let index = 0; index < 1_000; index++) bus.signal('/a', 'a.b', 'S', '', [])
    bus.push = push
    const thousand = Buffer.concat(pieces)
    for (let times = 0; times < 150; times++) bus.push(thousand)
    await settle(400)
    expect(seen).toBeGreaterThan(90_000)
    expect(seen).toBeLessThan(101_000)
    const before = seen
    clock.advance(1_000)
    await settle(400)
    expect(seen - before).toBeGreaterThan(300)
    expect(seen - before).toBeLessThan(6_000)
    await connection.dispose()
    expect(clock.pending).toBe(0)
  })
})

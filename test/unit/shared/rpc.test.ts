// Proves what calls, events and streams promise over a port, and that a contract is checked at both ends.
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type Contract, command, event, query, stream } from '../../../src/shared/contract/define.ts'
import { AppError } from '../../../src/shared/errors.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { type Port, portPair } from '../../../src/shared/rpc/port.ts'
import { type Handlers, type ServeOptions, serve } from '../../../src/shared/rpc/server.ts'

const contract = {
  add: query(z.object({ a: z.number(), b: z.number().default(1) }), z.number()),
  ping: command(z.void(), z.void()),
  wait: command(z.void(), z.string()),
  broken: query(z.void(), z.object({ shown: z.string() })),
  changed: event(z.object({ name: z.string() })),
  count: stream(z.object({ to: z.number() }), z.number()),
} as const satisfies Contract

/** Both ends of a contract with a producer that tells how far it got. */
function make(overrides: Partial<Handlers<typeof contract>> = {}, options: ServeOptions = {}) {
  const seen = { produced: 0, returned: false, aborted: false }
  const [near, far] = portPair()
  const handlers: Handlers<typeof contract> = {
    add: ({ a, b }) => a + b,
    ping: () => {},
    wait: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          seen.aborted = true
          reject(signal.reason)
        })
      }),
    broken: () => ({ shown: 'yes', secret: 'no' }) as never,
    async *count({ to }) {
      try {
        for (let item = 0; item < to; item++) {
          seen.produced++
          yield item
        }
      } finally {
        seen.returned = true
      }
    },
    ...overrides,
  }
  const server = serve(contract, far, handlers, options)
  const client = connect(contract, near)
  return { seen, server, client, near, far }
}

async function caught(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => null,
    reason => reason,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

/** Sends raw messages as a bad peer would, and collects what comes back. */
function rawPeer(options: ServeOptions = {}, overrides: Partial<Handlers<typeof contract>> = {}) {
  const made = make(overrides, options)
  const [mine, theirs] = portPair()
  const replies: Record<string, unknown>[] = []
  serve(
    contract,
    theirs,
    {
      add: ({ a, b }) => a + b,
      ping: () => {},
      wait: () => new Promise(() => {}),
      broken: () => ({ shown: '' }),
      async *count() {
        yield* []
      },
      ...overrides,
    },
    options,
  )
  mine.listen(message => replies.push(message as Record<string, unknown>))
  made.client.dispose()
  return { post: (message: unknown) => mine.post(message), replies, settle: () => turn() }
}

describe('calls', () => {
  it('carry input with defaults filled in, and the answer', async () => {
    const { client } = make()
    expect(await client.call('add', { a: 2 })).toBe(3)
    expect(await client.call('add', { a: 2, b: 5 })).toBe(7)
    expect(await client.call('ping')).toBeUndefined()
  })

  it('have the types of the contract', () => {
    expectTypeOf<Parameters<Handlers<typeof contract>['add']>[0]>().toEqualTypeOf<{ a: number; b: number }>()
    const compiles = (): void => {
      const [port] = portPair()
      // @ts-expect-error a missing handler does not compile
      serve(contract, port, { add: () => 1 })
      const client = connect(contract, port)
      // @ts-expect-error nor does a wrong input
      void client.call('add', { a: '1' })
      // @ts-expect-error nor an event taken for a call
      void client.call('changed', { name: 'x' })
    }
    expect(compiles).toBeTypeOf('function')
  })

  it('with wrong input are refused before the handler, saying where', async () => {
    let called = false
    const { client } = make({
      add: () => {
        called = true
        return 0
      },
    })
    const error = await caught(client.call('add', { a: 'x' as never }))
    expect(error.code).toBe('INVALID_INPUT')
    expect(error.detail).toMatchObject({ issues: [{ path: 'a' }] })
    expect(called).toBe(false)
  })

  it('answer only what the contract names', async () => {
    const { client } = make()
    expect(await client.call('broken')).toEqual({ shown: 'yes' })
  })

  it('whose answer does not fit the contract fail at the server', async () => {
    const { client } = make({ add: () => 'seven' as never })
    expect((await caught(client.call('add', { a: 1 }))).code).toBe('INTERNAL')
  })

  it('whose answer does not fit the contract fail at the client too', async () => {
    const [near, far] = portPair()
    const client = connect(contract, near)
    far.listen(message => far.post({ t: 'ok', id: (message as { id: number }).id, value: 'seven' }))
    expect((await caught(client.call('add', { a: 1 }))).code).toBe('PROTOCOL')
  })

  it('whose answer makes the parser throw fail too', async () => {
    const throwing = {
      odd: query(
        z.void(),
        z.unknown().refine(value => (value as { deep: { deeper: boolean } }).deep.deeper),
      ),
    } as const satisfies Contract
    const [near, far] = portPair()
    const client = connect(throwing, near)
    far.listen(message => far.post({ t: 'ok', id: (message as { id: number }).id, value: 1 }))
    expect((await caught(client.call('odd'))).code).toBe('PROTOCOL')
  })

  it('carry a typed error with hint and detail', async () => {
    const { client } = make({
      add: () => {
        throw new AppError('AUTH_FAILED', 'no', { hint: 'try', detail: { attempts: 1 } })
      },
    })
    const error = await caught(client.call('add', { a: 1 }))
    expect(error.toShape()).toEqual({ code: 'AUTH_FAILED', message: 'no', hint: 'try', detail: { attempts: 1 } })
  })

  it('fail even when the detail of their error cannot be cloned', async () => {
    const { client } = make({
      add: () => {
        throw new AppError('CONFLICT', 'no', { detail: { bad: () => {} } })
      },
    })
    expect((await caught(client.call('add', { a: 1 }))).toShape()).toEqual({ code: 'CONFLICT', message: 'no' })
  })

  it('are cancelled by their signal, at the caller at once and at the handler', async () => {
    const { client, seen } = make()
    const abort = new AbortController()
    const promise = client.call('wait', undefined, abort.signal)
    await turn()
    abort.abort()
    expect((await caught(promise)).code).toBe('CANCELLED')
    await turn()
    expect(seen.aborted).toBe(true)
    const again = await caught(client.call('wait', undefined, abort.signal))
    expect(again.code).toBe('CANCELLED')
  })

  it('that cannot be sent fail alone', async () => {
    const { client } = make()
    expect((await caught(client.call('add', { a: (() => {}) as never }))).code).toBe('INVALID_INPUT')
    expect(await client.call('add', { a: 1 })).toBe(2)
  })
})

describe('a closed port', () => {
  it('rejects all that is pending with ENGINE_GONE, and everything after', async () => {
    const { client, server, seen } = make()
    const pending = client.call('wait')
    const reader = client.stream('count', { to: 1e9 })[Symbol.asyncIterator]()
    await reader.next()
    server.dispose()
    expect((await caught(pending)).code).toBe('ENGINE_GONE')
    await client.closed
    expect((await caught(client.call('ping'))).code).toBe('ENGINE_GONE')
    expect(seen.aborted).toBe(true)
    await turn()
    expect(seen.returned).toBe(true)
  })

  it('aborts the handlers when the caller goes', async () => {
    const { client, seen } = make()
    void client.call('wait').catch(() => {})
    await turn()
    client.dispose()
    await turn()
    expect(seen.aborted).toBe(true)
  })
})

describe('events', () => {
  it('reach every listener until it leaves, whatever another one does', async () => {
    const { client, server } = make()
    const seen: string[] = []
    client.on('changed', () => {
      throw new Error('bad listener')
    })
    const off = client.on('changed', ({ name }) => seen.push(name))
    server.emit('changed', { name: 'one' })
    await turn()
    off()
    server.emit('changed', { name: 'two' })
    await turn()
    expect(seen).toEqual(['one'])
  })

  it('that do not fit the contract are dropped at both ends', async () => {
    const { client, server, far } = make()
    const seen: unknown[] = []
    client.on('changed', payload => seen.push(payload))
    server.emit('changed', { name: 7 } as never)
    far.post({ t: 'event', name: 'changed', payload: { name: 7 } })
    far.post({ t: 'event', name: 'nothing', payload: 1 })
    far.post({ t: 'event', name: 'add', payload: 1 })
    await turn()
    expect(seen).toEqual([])
    expect(await client.call('add', { a: 1 })).toBe(2)
  })
})

describe('streams', () => {
  it('give all items in order and end', async () => {
    const { client, seen } = make()
    const items: number[] = []
    for await (const item of client.stream('count', { to: 1000 }, { credit: 7 })) items.push(item)
    expect(items).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    expect(seen.returned).toBe(true)
  })

  it('produce no more than was asked for while nobody reads', async () => {
    const { client, seen } = make()
    const reader = client.stream('count', { to: 1e9 }, { credit: 10 })[Symbol.asyncIterator]()
    for (let round = 0; round < 20; round++) await turn()
    expect(seen.produced).toBe(10)
    for (let taken = 0; taken < 5; taken++) await reader.next()
    for (let round = 0; round < 20; round++) await turn()
    expect(seen.produced).toBe(15)
    await reader.return?.()
  })

  it('are cancelled at the producer when the reader leaves the loop', async () => {
    const { client, seen } = make()
    for await (const item of client.stream('count', { to: 1e9 })) if (item === 3) break
    for (let round = 0; round < 5; round++) await turn()
    expect(seen.returned).toBe(true)
    expect(seen.produced).toBeLessThan(40)
  })

  it('end with CANCELLED when their signal aborts, also while waiting', async () => {
    let stopped = false
    const { client } = make({
      // A producer that never looks at its signal
      count: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return: () => {
            stopped = true
            return Promise.resolve({ done: true, value: undefined })
          },
        }),
      }),
    })
    const abort = new AbortController()
    const reader = client.stream('count', { to: 1 }, { signal: abort.signal })[Symbol.asyncIterator]()
    const next = reader.next()
    await turn()
    abort.abort()
    expect((await caught(next)).code).toBe('CANCELLED')
    await turn()
    await turn()
    expect(stopped).toBe(true)
    expect(await reader.next()).toEqual({ done: true, value: undefined })
  })

  it('carry the error of their producer, after what came before it', async () => {
    const { client } = make({
      async *count() {
        yield 1
        throw new AppError('LINK_LOST', 'gone')
      },
    })
    const items: number[] = []
    const run = async (): Promise<void> => {
      for await (const item of client.stream('count', { to: 1 })) items.push(item)
    }
    expect((await caught(run())).code).toBe('LINK_LOST')
    expect(items).toEqual([1])
  })

  it('with a wrong item fail, and are cancelled', async () => {
    const { client, seen } = make({
      async *count() {
        try {
          yield 'x' as never
        } finally {
          seen.returned = true
        }
      },
    })
    const reader = client.stream('count', { to: 1 })[Symbol.asyncIterator]()
    expect((await caught(reader.next() as Promise<unknown>)).code).toBe('INTERNAL')
    await turn()
    expect(seen.returned).toBe(true)
  })

  it('that send more than was asked for are refused by the reader', async () => {
    const [near, far] = portPair()
    const client = connect(contract, near)
    const sent: Record<string, unknown>[] = []
    far.listen(message => {
      sent.push(message as Record<string, unknown>)
      const { t, id } = message as { t: string; id: number }
      if (t === 'open') for (let item = 0; item < 5; item++) far.post({ t: 'item', id, item })
    })
    const reader = client.stream('count', { to: 1 }, { credit: 2 })[Symbol.asyncIterator]()
    await turn()
    expect((await caught(reader.next() as Promise<unknown>)).code).toBe('PROTOCOL')
    await turn()
    expect(sent.at(-1)).toMatchObject({ t: 'cancel' })
  })
})

describe('a bad peer', () => {
  it('is told that its messages are no requests, and costs nobody anything', async () => {
    const peer = rawPeer()
    const bad = [
      null,
      1,
      'text',
      [],
      {},
      { t: 'call' },
      { t: 'call', id: -1, name: 'add' },
      { t: 'call', id: 1.5, name: 'add' },
      { t: 'call', id: 1, name: 7 },
      { t: 'call', id: 1, name: 'x'.repeat(101) },
      { t: 'open', id: 1, name: 'count', input: { to: 1 } },
      { t: 'open', id: 1, name: 'count', input: { to: 1 }, credit: Number.POSITIVE_INFINITY },
      { t: 'credit', id: 1, credit: 0 },
      { t: 'boom', id: 1 },
    ]
    for (const message of bad) peer.post(message)
    await peer.settle()
    expect(peer.replies).toHaveLength(bad.length)
    for (const reply of peer.replies) expect(reply).toMatchObject({ t: 'refused', error: { code: 'PROTOCOL' } })
    peer.post({ t: 'call', id: 1, name: 'add', input: { a: 1 } })
    await peer.settle()
    expect(peer.replies.at(-1)).toEqual({ t: 'ok', id: 1, value: 2 })
  })

  it.each(['nothing', '__proto__', 'constructor', 'toString', 'changed', 'count', 'hasOwnProperty'])(
    'cannot call %s',
    async name => {
      const peer = rawPeer()
      peer.post({ t: 'call', id: 1, name, input: undefined })
      await peer.settle()
      expect(peer.replies).toMatchObject([{ t: 'fail', id: 1, error: { code: 'PROTOCOL' } }])
    },
  )

  it('cannot open a call as a stream', async () => {
    const peer = rawPeer()
    peer.post({ t: 'open', id: 1, name: 'add', input: { a: 1 }, credit: 1 })
    await peer.settle()
    expect(peer.replies).toMatchObject([{ t: 'fail', id: 1, error: { code: 'PROTOCOL' } }])
  })

  it('cannot hold more than its share of requests, nor use an id twice', async () => {
    const peer = rawPeer({ maxPending: 3 })
    for (let id = 0; id < 5; id++) peer.post({ t: 'call', id, name: 'wait' })
    peer.post({ t: 'call', id: 0, name: 'wait' })
    await peer.settle()
    expect(peer.replies.map(reply => [reply.t, reply.id])).toEqual([
      ['fail', 3],
      ['fail', 4],
      ['refused', undefined],
    ])
  })

  it('cannot send what is too large, however it is folded', async () => {
    const peer = rawPeer({ maxRequestBytes: 10_000 })
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    let deep: unknown = 1
    for (let depth = 0; depth < 1000; depth++) deep = [deep]
    let wide: unknown = 'x'
    for (let depth = 0; depth < 20; depth++) wide = [wide, wide, wide, wide, wide, wide, wide, wide]
    const large = [
      'x'.repeat(10_001),
      new Array(4_000_000_000),
      new Uint8Array(10_001),
      new Map(Array.from({ length: 2000 }, (_, key) => [key, key])),
      new Set(Array.from({ length: 2000 }, (_, key) => key)),
      { ['k'.repeat(10_001)]: 1 },
      cyclic,
      deep,
      wide,
    ]
    for (const [id, input] of large.entries()) peer.post({ t: 'call', id, name: 'add', input })
    await peer.settle()
    expect(peer.replies).toHaveLength(large.length)
    for (const reply of peer.replies) expect(reply).toMatchObject({ t: 'fail', error: { code: 'PROTOCOL' } })
  })

  it('that answers nonsense is ignored by the client', async () => {
    const [near, far] = portPair()
    const client = connect(contract, near)
    far.listen(message => {
      const { id } = message as { id: number }
      for (const nonsense of [null, 7, {}, { t: 'ok' }, { t: 'fail', id, error: 'x' }, { t: 'ok', id: 99, value: 1 }]) {
        far.post(nonsense)
      }
      far.post({ t: 'ok', id, value: 3 })
    })
    expect(await client.call('add', { a: 1 })).toBe(3)
  })
})

describe('portPair', () => {
  it('keeps what comes before anybody listens, and tells a late listener of the end', async () => {
    const [near, far] = portPair()
    const seen: unknown[] = []
    near.post(1)
    near.post(2)
    await turn()
    far.listen(message => seen.push(message))
    near.post(3)
    await turn()
    expect(seen).toEqual([1, 2, 3])
    near.close()
    await turn()
    const ended = await new Promise<boolean>(resolve =>
      (far as Port).listen(
        () => {},
        () => resolve(true),
      ),
    )
    expect(ended).toBe(true)
  })
})

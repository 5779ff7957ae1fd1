// Throws 10,000 payloads at every call of every contract, as a page gone bad would: each is refused with a typed error or valid, and the server lives on.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Contract } from '../../../src/shared/contract/define.ts'
import { engineContract } from '../../../src/shared/contract/engine.ts'
import { nativeContract } from '../../../src/shared/contract/native.ts'
import { shellContract } from '../../../src/shared/contract/shell.ts'
import { errorCodes } from '../../../src/shared/errors.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { portPair, SimplePort } from '../../../src/shared/rpc/port.ts'
import { type Handlers, serve } from '../../../src/shared/rpc/server.ts'

const payloads = 10_000

type Reply = { t: string; id?: number; error?: { code: string; message: string } }

/** A server whose handlers take whatever passes the schema, and a way to throw raw messages at it without cloning each one. */
function target(contract: Contract) {
  const handlers: Record<string, unknown> = {}
  const inputs: unknown[] = []
  for (const [name, definition] of Object.entries(contract)) {
    if (definition.kind === 'event') continue
    handlers[name] = (input: unknown) => {
      inputs.push(input)
      if (definition.kind === 'stream') return { async *[Symbol.asyncIterator]() {} }
      throw new Error('reached')
    }
  }
  const replies: Reply[] = []
  const port = new SimplePort({ send: message => replies.push(message as Reply), end: () => {} })
  serve(contract, port, handlers as unknown as Handlers<Contract>, { maxPending: payloads + 1 })
  return { port, replies, inputs }
}

// Values as structured clone lets them through: also what JSON does not know.
const anything = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
      maxDepth: 2,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      undefined,
      null,
      Number.NaN,
      -0,
      '',
      '\0',
      '__proto__',
      '../../etc/passwd',
      '-rf',
      2 ** 53,
      new Array(4e9),
      new Uint8Array(9),
      /x/,
      new Error('x'),
    ),
  },
)

/** Values of the right shape in which something may be wrong: what gets furthest into a parser. */
function near(schema: z.ZodType): fc.Arbitrary<unknown> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return fromJsonSchema(json)
}

interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
}

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    'local',
    'web-1',
    'bot.service',
    '/hosts/web-1',
    'a'.repeat(300),
    '-x',
    'a b',
    '\u202e\u0000',
    'ssh-ed25519',
    'system',
    'restart',
  ),
)

function fromJsonSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...choices.map(fromJsonSchema))
  if (schema.enum) return fc.oneof(fc.constantFrom(...schema.enum), text)
  if ('const' in schema) return fc.oneof(fc.constant(schema.const), text)
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {}).map(
      ([key, value]) => [key, spoiled(fromJsonSchema(value))] as const,
    )
    return fc.record(Object.fromEntries([...fields, ['unexpected', anything] as const]), { requiredKeys: [] })
  }
  if (schema.type === 'array') return fc.array(fromJsonSchema(schema.items ?? {}), { maxLength: 3 })
  if (schema.type === 'integer' || schema.type === 'number')
    return fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 22, -1))
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'string') return text
  if (schema.type === 'null') return fc.constant(null)
  return anything
}

const spoiled = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 7, arbitrary }, { weight: 1, arbitrary: anything })

// Made once: it is the making that takes the time.
const wild = fc.sample(anything, { numRuns: payloads / 2, seed: 20_240_602 })

const codes = new Set<string>(errorCodes)

describe.each([
  ['engine', engineContract as Contract],
  ['shell', shellContract as Contract],
  ['native', nativeContract as Contract],
])('%s contract', (_name, contract) => {
  const calls = Object.entries(contract).flatMap(([name, definition]) =>
    definition.kind === 'event' ? [] : [[name, definition] as const],
  )

  it.each(calls)(
    '%s refuses what is wrong and lives on',
    async (name, definition) => {
      const { port, replies, inputs } = target(contract)
      const shaped = fc.sample(near(definition.input), { numRuns: payloads - wild.length, seed: 20_240_601 })
      let sent = 0
      for (const input of [...wild, ...shaped]) {
        const id = sent++
        port.deliver(
          definition.kind === 'stream' ? { t: 'open', id, name, input, credit: 1 } : { t: 'call', id, name, input },
        )
      }
      await new Promise(resolve => setImmediate(resolve))
      expect(replies).toHaveLength(payloads)
      const accepted = replies.filter(reply => reply.t === 'end' || reply.error?.message === 'reached').length
      expect(inputs).toHaveLength(accepted)
      for (const reply of replies) {
        if (reply.t === 'end') continue
        expect(reply.t === 'fail' && codes.has(reply.error?.code ?? '')).toBe(true)
      }
      // Whatever a handler was given is what the contract says; nothing slips in beside it.
      for (const input of inputs) expect(definition.input.safeParse(input).success).toBe(true)
      expect(Object.prototype).not.toHaveProperty('polluted')
      port.deliver({ t: 'call', id: payloads, name: 'no such call' })
      expect(replies.at(-1)).toMatchObject({ t: 'fail', id: payloads, error: { code: 'PROTOCOL' } })
    },
    60_000,
  )
})

describe('messages that are no requests', () => {
  it('are refused, 10,000 of them, over a real channel too', async () => {
    const contract = { echo: { kind: 'query', input: z.string(), output: z.string() } } as const
    const { port, replies } = target(contract)
    const message = fc.oneof(
      anything,
      fc.record(
        {
          t: fc.oneof(fc.constantFrom('call', 'open', 'cancel', 'credit', 'ok', 'event'), anything),
          id: fc.oneof(fc.integer({ min: 0, max: 50 }), anything),
          name: fc.oneof(fc.constantFrom('echo', '__proto__', 'constructor'), anything),
          input: anything,
          credit: fc.oneof(fc.integer(), anything),
        },
        { requiredKeys: [] },
      ),
    )
    for (const value of fc.sample(message, { numRuns: payloads, seed: 7 })) port.deliver(value)
    await new Promise(resolve => setImmediate(resolve))
    for (const reply of replies) expect(codes.has(reply.error?.code ?? '')).toBe(true)

    const [near, far] = portPair()
    serve(contract, far, { echo: input => input })
    const client = connect(contract, near)
    for (const value of fc.sample(message, { numRuns: 500, seed: 8 })) {
      try {
        near.post(value)
      } catch {
        // Not even a structured clone.
      }
    }
    expect(await client.call('echo', 'still here')).toBe('still here')
  }, 60_000)
})

// Fields are drawn from what the engine serves: every shape a kind's spec may take is read from real zod output.
import { expect, test } from 'vitest'
import { z } from 'zod'
import { emptyValue, fieldsOf, initialSpec } from '../../../src/renderer/lib/json-schema.ts'

const schemaOf = (type: z.ZodType): Record<string, unknown> => z.toJSONSchema(type, { io: 'input' })
const spec = z.object({
  url: z
    .string()
    .max(2000)
    .meta({ title: 'Address', description: 'Where to ask', placeholder: 'http://127.0.0.1:8001' }),
  method: z.enum(['GET', 'POST']).default('GET'),
  retries: z.number().int().min(0).max(5).default(2),
  share: z.number().nullable().default(null).meta({ unit: '%' }),
  follow: z.boolean().default(true),
  body: z.string().default('').meta({ multiline: true }),
  conditions: z.array(z.string().max(500)).default([]),
  headers: z
    .array(z.object({ name: z.string(), value: z.string() }))
    .max(8)
    .default([]),
  token: z.string().optional().meta({ title: 'Token', secret: true }),
  login: z
    .object({ user: z.string(), strict: z.boolean().default(false) })
    .nullable()
    .default(null),
  rule: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('rate'), above: z.number() }),
    z.object({ kind: z.literal('no-growth'), seconds: z.number().int().default(300) }),
  ]),
  anything: z.record(z.string(), z.unknown()).optional(),
})
const fields = fieldsOf(schemaOf(spec))
const field = (name: string) => fields.find(each => each.name === name) ?? expect.fail(`no field ${name}`)

test('each property becomes the field that suits it, in the order of the spec', () => {
  expect(fields.map(each => [each.name, each.shape.kind])).toEqual([
    ['url', 'text'],
    ['method', 'choice'],
    ['retries', 'number'],
    ['share', 'number'],
    ['follow', 'switch'],
    ['body', 'text'],
    ['conditions', 'lines'],
    ['headers', 'rows'],
    ['token', 'secret'],
    ['login', 'group'],
    ['rule', 'variants'],
    ['anything', 'json'],
  ])
})

test('words, bounds and units come from the schema', () => {
  expect(field('url')).toMatchObject({ title: 'Address', help: 'Where to ask', required: true })
  expect(field('retries').shape).toMatchObject({ integer: true, min: 0, max: 5 })
  expect(field('share')).toMatchObject({ unit: '%', nullable: true })
  expect(field('body').shape).toMatchObject({ multiline: true })
  expect(field('headers').shape).toMatchObject({ max: 8 })
})

test('a number that nobody bounded has no bounds', () => {
  const [count] = fieldsOf(schemaOf(z.object({ count: z.number().int() })))
  expect(count?.shape).toEqual({ kind: 'number', integer: true, min: null, max: null })
})

test('what a fresh form starts with is a spec once its required texts are filled in', () => {
  const initial = initialSpec(fields)
  expect(initial).not.toHaveProperty('token')
  expect(spec.safeParse({ ...initial, url: 'http://x', rule: { kind: 'rate', above: 1 } }).success).toBe(true)
})

test('variants are told apart by their constant, which is no field of its own', () => {
  const { shape } = field('rule')
  if (shape.kind !== 'variants') return expect.fail('not variants')
  expect(shape.tag).toBe('kind')
  expect(shape.variants.map(({ value, fields }) => [value, fields.map(each => each.name)])).toEqual([
    ['rate', ['above']],
    ['no-growth', ['seconds']],
  ])
  expect(emptyValue(field('rule'))).toMatchObject({ kind: 'rate' })
})

test('secrets are fields of their own kind, so that their values can travel beside the spec', () => {
  expect(fields.filter(each => each.shape.kind === 'secret').map(each => each.name)).toEqual(['token'])
})

test('choices have labels where the schema names them, and seldom-needed fields and examples are told', () => {
  const [security, retries] = fieldsOf(
    schemaOf(
      z.object({
        security: z.enum(['tls', 'none']).meta({ labels: { tls: 'TLS' } }),
        retries: z
          .array(z.string())
          .default([])
          .meta({ advanced: true, examples: ['a', 'b'] }),
      }),
    ),
  )
  expect(security?.shape).toEqual({
    kind: 'choice',
    options: [
      { value: 'tls', label: 'TLS' },
      { value: 'none', label: 'none' },
    ],
  })
  expect(security).toMatchObject({ advanced: false, examples: [] })
  expect(retries).toMatchObject({ advanced: true, examples: ['a', 'b'] })
})

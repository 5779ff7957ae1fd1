// Every kind that the engine has is drawn as a form that a person can fill in: no field is left to raw JSON, none is without words.
import { expect, test } from 'vitest'
import { type FormField, fieldsOf, initialSpec } from '../../../src/renderer/lib/json-schema.ts'
import { backupKinds, channelKinds, checkKinds, maintenanceKinds, recoveryKinds } from '../../fakes/demo/kinds.ts'

const kinds = [
  ...[...checkKinds, ...channelKinds, ...recoveryKinds],
  ...[...maintenanceKinds, ...backupKinds.sources, ...backupKinds.targets],
]

function all(fields: readonly FormField[]): FormField[] {
  return fields.flatMap(field => {
    const { shape } = field
    if (shape.kind === 'rows' || shape.kind === 'group') return [field, ...all(shape.fields)]
    if (shape.kind === 'variants') return [field, ...shape.variants.flatMap(variant => all(variant.fields))]
    return [field]
  })
}

// a login's check is filled in by its login
const drawn = kinds.filter(kind => kind.type !== 'login')

test.each(drawn.map(kind => [kind.type, kind] as const))('%s can be filled in', (_, kind) => {
  const fields = fieldsOf(kind.schema)
  expect(kind.title).not.toBe('')
  expect(kind.description).not.toBe('')
  for (const field of all(fields)) {
    expect(field.shape.kind, field.name).not.toBe('json')
    expect(field.title, field.name).not.toBe('')
    // A list of raw constants is told in words, unless they are the field's own, as GET is.
    if (field.shape.kind === 'choice')
      for (const { value, label } of field.shape.options) expect(label, value).toMatch(/^[A-Z]/)
  }
  expect(new Set(fields.map(field => field.title)).size, 'titles are told apart').toBe(fields.length)
  expect(Object.keys(initialSpec(fields))).not.toContain('token')
})

test('what has to be filled in is never folded away', () => {
  for (const kind of kinds)
    for (const field of fieldsOf(kind.schema)) expect(field.required && field.advanced, kind.type).toBe(false)
})

// Turns the JSON Schema that the engine serves for a kind into fields that a form can draw; knows no kind and draws nothing.

/** How one property is entered. What has no better way is entered as JSON. */
export type FieldShape =
  | { readonly kind: 'text'; readonly multiline: boolean; readonly maxLength: number | null }
  | { readonly kind: 'number'; readonly integer: boolean; readonly min: number | null; readonly max: number | null }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly options: readonly Option[] }
  | { readonly kind: 'secret' }
  /** A few texts, one per line. */
  | { readonly kind: 'lines' }
  | { readonly kind: 'rows'; readonly fields: readonly FormField[]; readonly max: number | null }
  | { readonly kind: 'group'; readonly fields: readonly FormField[] }
  /** Objects told apart by a constant property. */
  | { readonly kind: 'variants'; readonly tag: string; readonly variants: readonly Variant[] }
  | { readonly kind: 'json' }

export interface Option {
  readonly value: string
  readonly label: string
}

export interface Variant {
  readonly value: string
  readonly title: string
  readonly fields: readonly FormField[]
}

export interface FormField {
  readonly name: string
  readonly title: string
  readonly help: string | null
  /** Shown after the input: ms, %, MB. */
  readonly unit: string | null
  readonly placeholder: string | null
  /** What may be entered, to choose from or to learn by. */
  readonly examples: readonly string[]
  /** Seldom needed: shown when it is asked for. */
  readonly advanced: boolean
  /** Empty means null. */
  readonly nullable: boolean
  readonly required: boolean
  readonly initial: unknown
  readonly shape: FieldShape
}

type Schema = Readonly<Record<string, unknown>>

/** The fields of an object schema, in its own order. */
export function fieldsOf(schema: Schema): FormField[] {
  const required = new Set(strings(schema.required))
  return Object.entries(record(schema.properties))
    .filter(([, property]) => record(property).const === undefined)
    .map(([name, property]) => fieldOf(name, record(property), required.has(name)))
}

/** A spec as a fresh form starts with it: the defaults of the schema. */
export function initialSpec(fields: readonly FormField[]): Record<string, unknown> {
  const spec: Record<string, unknown> = {}
  for (const field of fields) {
    if (field.shape.kind === 'secret') continue
    const value = field.initial !== undefined ? field.initial : emptyValue(field)
    if (value !== undefined) spec[field.name] = value
  }
  return spec
}

/** The value of a field that nothing is known of yet; undefined where it is left out. */
export function emptyValue(field: FormField): unknown {
  if (field.nullable) return null
  if (!field.required) return undefined
  switch (field.shape.kind) {
    case 'group':
      return initialSpec(field.shape.fields)
    case 'lines':
    case 'rows':
      return []
    case 'switch':
      return false
    case 'choice':
      return field.shape.options[0]?.value
    case 'variants': {
      const [first] = field.shape.variants
      return first && { [field.shape.tag]: first.value, ...initialSpec(first.fields) }
    }
    case 'text':
      return ''
    default:
      return undefined
  }
}

function fieldOf(name: string, schema: Schema, required: boolean): FormField {
  const { inner, nullable } = unwrapNull(schema)
  const about = { ...inner, ...schema }
  return {
    name,
    title: text(about.title) ?? words(name),
    help: text(about.description),
    unit: text(about.unit),
    placeholder: text(about.placeholder),
    examples: strings(about.examples),
    advanced: about.advanced === true,
    nullable,
    required: required && about.default === undefined,
    initial: about.default,
    shape: shapeOf(inner, about),
  }
}

function shapeOf(schema: Schema, about: Schema): FieldShape {
  if (about.secret === true) return { kind: 'secret' }
  if (Array.isArray(schema.enum) && schema.enum.every(option => typeof option === 'string'))
    return {
      kind: 'choice',
      options: strings(schema.enum).map(value => ({ value, label: text(record(about.labels)[value]) ?? value })),
    }
  switch (schema.type) {
    case 'string':
      return { kind: 'text', multiline: about.multiline === true, maxLength: number(schema.maxLength) }
    case 'number':
    case 'integer':
      return {
        kind: 'number',
        integer: schema.type === 'integer',
        min: number(schema.minimum) ?? number(schema.exclusiveMinimum),
        max: safeMaximum(schema),
      }
    case 'boolean':
      return { kind: 'switch' }
    case 'array': {
      const items = record(schema.items)
      if (items.type === 'string' && items.enum === undefined) return { kind: 'lines' }
      if (items.type === 'object' && items.properties !== undefined)
        return { kind: 'rows', fields: fieldsOf(items), max: number(schema.maxItems) }
      return { kind: 'json' }
    }
    case 'object':
      return schema.properties === undefined ? { kind: 'json' } : { kind: 'group', fields: fieldsOf(schema) }
    default:
      return variantsOf(schema)
  }
}

function variantsOf(schema: Schema): FieldShape {
  const branches = list(schema.oneOf ?? schema.anyOf).map(record)
  const tag = branches.map(tagOf)[0]
  if (tag === undefined || tag === null || branches.some(branch => tagOf(branch) !== tag)) return { kind: 'json' }
  return {
    kind: 'variants',
    tag,
    variants: branches.map(branch => {
      const value = String(record(record(branch.properties)[tag]).const)
      return { value, title: text(branch.title) ?? words(value), fields: fieldsOf(branch) }
    }),
  }
}

function tagOf(branch: Schema): string | null {
  for (const [name, property] of Object.entries(record(branch.properties)))
    if (typeof record(property).const === 'string') return name
  return null
}

function unwrapNull(schema: Schema): { inner: Schema; nullable: boolean } {
  if (Array.isArray(schema.type) && schema.type.includes('null')) {
    const [type] = schema.type.filter(one => one !== 'null')
    return { inner: { ...schema, type }, nullable: true }
  }
  const branches = list(schema.anyOf ?? schema.oneOf).map(record)
  const others = branches.filter(branch => branch.type !== 'null')
  if (others.length === branches.length || branches.length === 0) return { inner: schema, nullable: false }
  const [only, ...more] = others
  return { inner: more.length === 0 && only ? only : { anyOf: others }, nullable: true }
}

/** Integers carry the largest safe number as their maximum where nobody chose one. */
function safeMaximum(schema: Schema): number | null {
  const max = number(schema.maximum) ?? number(schema.exclusiveMaximum)
  return max === null || max >= Number.MAX_SAFE_INTEGER ? null : max
}

/** `maxAgeSeconds` → `Max age seconds`. */
function words(name: string): string {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

function record(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {}
}
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
function strings(value: unknown): string[] {
  return list(value).filter(item => typeof item === 'string')
}
function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > Number.MIN_SAFE_INTEGER ? value : null
}

// Judges the spec of a kind of source or target as a person entered it, and tells windows what the kinds are; knows no kind.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { FieldSecrets, KindInfo } from '../../shared/model/check.ts'

/** What kinds of sources and of targets have in common. */
export interface SpecKind {
  readonly type: string
  readonly title: string
  readonly description: string
  readonly spec: z.ZodObject
}

/** The kind as the UI draws it. */
export const kindInfo = ({ type, title, description, spec }: SpecKind): KindInfo => ({
  ...{ type, title, description },
  schema: z.toJSONSchema(spec, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
})

/** The names of the spec's fields that are kept in the vault. */
export function secretFieldsOf({ spec }: SpecKind): string[] {
  return Object.entries(spec.shape)
    .filter(([, field]) => (field as z.ZodType).meta()?.secret === true)
    .map(([name]) => name)
}

/** The spec completed by its kind, without secrets in it. Throws INVALID_INPUT with `detail.field` below `at`. */
export function completeSpec(kind: SpecKind, given: Record<string, unknown>, at: string): Record<string, unknown> {
  const parsed = kind.spec.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const [name] = issue?.path ?? []
    const field = typeof name === 'string' ? (kind.spec.shape[name] as z.ZodType | undefined) : undefined
    const title = field?.meta()?.title
    const message = issue?.message ?? 'not valid'
    throw wrongField(
      [at, ...(issue?.path ?? [])].map(String).join('.'),
      typeof title === 'string' ? `${title}: ${message}` : message,
    )
  }
  const spec = { ...(parsed.data as Record<string, unknown>) }
  for (const name of secretFieldsOf(kind)) delete spec[name]
  return spec
}

/**
 * What is stored was given for one place, and goes to no other that an edit names: it has to be given anew, or be forgotten. `prefix` is put before
 * the names of fields as they are stored.
 */
export function refuseMovedSecrets(
  kind: SpecKind,
  before: { readonly spec: Record<string, unknown>; readonly stored: readonly string[] },
  after: Record<string, unknown>,
  secrets: FieldSecrets,
  prefix = '',
): void {
  const kept = secretFieldsOf(kind)
    .map(name => `${prefix}${name}`)
    .find(name => before.stored.includes(name) && secrets[name] === undefined)
  if (kept === undefined || canonical(before.spec) === canonical(after)) return
  throw wrongField(`secrets.${kept}`, 'It goes to another place than before, so what is stored is not used for it', {
    hint: 'Enter the secret again.',
  })
}

/** INVALID_INPUT about one field of a form. */
export function wrongField(field: string, message: string, options: { hint?: string } = {}): AppError {
  return new AppError('INVALID_INPUT', message, { ...options, detail: { field } })
}

/** The same text for the same content, whatever the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

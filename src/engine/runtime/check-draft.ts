// Judges what a person entered for a check, naming the field that is wrong; saves nothing.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Check, CheckDraft, CheckKind, FieldSecrets } from '../../shared/model/check.ts'
import { type CheckType, checkTypeOf, checkTypes } from '../checks/index.ts'
import { findCycle } from '../domain/dependency.ts'

/** Where secrets go: one that was given for one place is not sent to another by an edit. */
const places = [
  ...['url', 'fallbacks', 'address', 'port', 'user', 'apiBase', 'server', 'vantage'],
  // and how it is made sure that it is that place
  ...['tls', 'verifyCertificate', 'ca'],
]

/** Kinds whose checks are made and removed with what they speak of. */
const ownedTypes: ReadonlySet<string> = new Set(['login', 'backup-age', 'maintenance'])

/** The names of the spec's fields that are kept in the vault. */
export function secretFields(type: CheckType): string[] {
  return Object.entries(type.spec.shape)
    .filter(([, field]) => (field as z.ZodType).meta()?.secret === true)
    .map(([name]) => name)
}

/** The kinds as the UI draws them. */
export function checkKinds(): CheckKind[] {
  return checkTypes.map(type => ({
    type: type.type,
    title: type.title,
    description: type.description,
    schema: z.toJSONSchema(type.spec, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
    vantages: [...type.vantages],
    needsUnit: type.needsUnit,
    addable: type.addable,
    defaults: { ...type.defaults },
  }))
}

/**
 * The draft with its spec completed by the kind, and without secrets in it. Throws INVALID_INPUT with `detail.field`. `before` is the check that is
 * being edited; `others` are all other checks.
 */
export function judgeDraft(
  draft: CheckDraft,
  secrets: FieldSecrets,
  before: Check | null,
  others: () => readonly Check[],
  hostKnown: boolean,
): CheckDraft {
  const type = checkTypeOf(draft.type)
  if (!hostKnown) throw wrong('hostId', 'This host is not configured')
  if (!type) throw wrong('type', `There are no checks of the kind ${draft.type}`)
  if (before) {
    if (before.type !== draft.type) throw wrong('type', 'A check stays of its kind', 'Add one of the other kind.')
    if (before.hostId !== draft.hostId) throw wrong('hostId', 'A check stays on its host', 'Add one to the other host.')
  }
  if (!type.addable && !before?.builtIn) throw wrong('type', `${type.title} is there for every host already`)
  if (before?.builtIn && before.unit === null && draft.unit !== null)
    throw wrong('unit', 'This check is about the whole host')
  if (type.needsUnit && draft.unit === null) throw wrong('unit', 'Choose the service that it is about')
  if (!type.vantages.includes(draft.vantage))
    throw wrong('vantage', `${type.title} is checked from ${type.vantages.join(' or ')} only`)
  const names = secretFields(type)
  const unknown = Object.keys(secrets).find(name => !names.includes(name))
  if (unknown !== undefined) throw wrong(`secrets.${unknown}`, `${type.title} has no secret field ${unknown}`)
  const dependsOn = judgeDependencies(draft, before, others)
  // what the check of a login, backup or task asks is theirs to say
  const owned = before !== null && ownedTypes.has(before.type)
  const spec = parseSpec(type, owned ? before.spec : draft.spec)
  for (const name of names) delete spec[name]
  if (before) keepSecretsInPlace(names, secrets, before, { ...draft, spec })
  return { ...draft, dependsOn, spec }
}

function parseSpec(type: CheckType, given: unknown): Record<string, unknown> {
  const parsed = type.spec.safeParse(given)
  if (parsed.success) return { ...(parsed.data as Record<string, unknown>) }
  const [issue] = parsed.error.issues
  const [name] = issue?.path ?? []
  const field = typeof name === 'string' ? (type.spec.shape[name] as z.ZodType | undefined) : undefined
  const title = field?.meta()?.title
  const message = issue?.message ?? 'not valid'
  throw wrong(
    ['spec', ...(issue?.path ?? [])].map(String).join('.'),
    typeof title === 'string' ? `${title}: ${message}` : message,
  )
}

function judgeDependencies(draft: CheckDraft, before: Check | null, list: () => readonly Check[]): string[] {
  if (draft.dependsOn.length === 0) return []
  const others = list()
  const known = new Map(others.map(check => [check.id, check.name]))
  // what it depended on may have gone with its host since the form was filled
  const gone = (one: string): boolean => !known.has(one) && before?.dependsOn.includes(one) === true
  const dependsOn = [...new Set(draft.dependsOn)].filter(one => !gone(one))
  const id = before?.id ?? ''
  if (dependsOn.some(one => one === id || !known.has(one)))
    throw wrong(
      'dependsOn',
      dependsOn.includes(id) ? 'A check cannot depend on itself' : 'A check that this one depends on is not there',
    )
  const cycle = findCycle([{ id, dependsOn }, ...others.filter(check => check.id !== id)])
  if (!cycle) return dependsOn
  const path = cycle.map(one => (one === id ? draft.name : (known.get(one) ?? one))).join(' → ')
  throw wrong('dependsOn', `These checks would depend on each other in a circle: ${path}`, 'Take one of them out.')
}

/** A stored secret goes only where it was given for (compare hosts): elsewhere it has to be entered again. */
function keepSecretsInPlace(names: string[], secrets: FieldSecrets, before: Check, after: CheckDraft): void {
  const kept = names.find(name => before.stored.includes(name) && secrets[name] === undefined)
  if (kept === undefined || samePlace(before, after)) return
  throw wrong(`secrets.${kept}`, 'The address changed, so what is stored is not sent there', 'Enter the secret again.')
}

/** Do both send their secrets to the same place? */
export function samePlace(before: CheckDraft, after: CheckDraft): boolean {
  const placeOf = ({ spec, vantage }: CheckDraft): string =>
    JSON.stringify(places.map(name => (name === 'vantage' ? vantage : (spec[name] ?? null))))
  return placeOf(before) === placeOf(after)
}

function wrong(field: string, message: string, hint?: string): AppError {
  return new AppError('INVALID_INPUT', message, { ...(hint === undefined ? {} : { hint }), detail: { field } })
}

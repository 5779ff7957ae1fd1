// A form that is saved as a whole and whose secrets live in their inputs alone: checks, channels and recovery rules share it. Knows no markup.
import { useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'

/** Messages by the path of their field: `name`, `spec.url`. */
export type Errors = Readonly<Record<string, string>>

/** What is entered and what is wrong with it, for the parts of a form. */
export interface Entered<T> {
  readonly draft: T
  readonly errors: Errors
  change(parts: Partial<T>): void
}

export interface DraftForm<T> extends Entered<T> {
  /** What the engine said to the last attempt, whether or not a field is to blame. */
  readonly failure: AppError | null
  /** The attempt that is under way, by the name it was given; where there are several, the one that was begun last. */
  readonly busy: string | null
  readonly secretInputs: Map<string, HTMLInputElement>
  /** Runs `work` with what is entered and typed, unless a field is wrong. One of a name that is under way already is not begun again. */
  send(what: string, work: (entered: T, secrets: FieldSecrets) => Promise<void>): Promise<void>
  clearSecrets(): void
}

export function useDraftForm<T extends object>(schema: z.ZodType<T, unknown>, initial: T): DraftForm<T> {
  const [draft, setDraft] = useState(initial)
  const [errors, setErrors] = useState<Errors>({})
  const [failure, setFailure] = useState<AppError | null>(null)
  const [busy, setBusy] = useState<string | null>(null)
  // at once, unlike the state: a second press may come before anything was drawn
  const underWay = useRef<string[]>([])
  const secretInputs = useRef(new Map<string, HTMLInputElement>())
  return {
    draft,
    errors,
    failure,
    busy,
    secretInputs: secretInputs.current,
    change: parts => setDraft(old => ({ ...old, ...parts })),
    async send(what, work) {
      if (underWay.current.includes(what)) return
      setFailure(null)
      const parsed = schema.safeParse(draft)
      if (!parsed.success) {
        setErrors(Object.fromEntries(parsed.error.issues.map(issue => [issue.path.join('.'), issue.message])))
        return
      }
      setErrors({})
      underWay.current = [...underWay.current, what]
      setBusy(what)
      try {
        await work(parsed.data, typedSecrets(secretInputs.current))
      } catch (caught) {
        const error = AppError.from(caught)
        setErrors(blamedFields(error))
        setFailure(error)
      } finally {
        underWay.current = underWay.current.filter(other => other !== what)
        setBusy(underWay.current.at(-1) ?? null)
      }
    },
    clearSecrets() {
      for (const input of secretInputs.current.values()) input.value = ''
    },
  }
}

/** Saves by `store`, which says where it shows then, and goes there. Until that page is there, it is still being saved. */
export function useSave<T>(
  form: DraftForm<T>,
): (store: (entered: T, secrets: FieldSecrets) => Promise<string>) => Promise<void> {
  const navigate = useNavigate()
  return store =>
    form.send('save', async (entered, secrets) => {
      const path = await store(entered, secrets)
      form.clearSecrets()
      await navigate(path, { replace: true })
    })
}

/** The fields that the engine found fault with: one by name, or all that its schema did not take. */
function blamedFields(error: AppError): Errors {
  const field = error.detail?.field
  if (typeof field === 'string') return { [field]: error.message }
  const issues = Issues.safeParse(error.detail?.issues)
  // the form's fields lie in the call's input under the name of what is saved
  return Object.fromEntries((issues.data ?? []).map(({ path, message }) => [path.replace(/^[^.]+\./, ''), message]))
}

const Issues = z.array(z.object({ path: z.string(), message: z.string() }))

/** What was typed into the secret fields; an empty one keeps what is stored. */
function typedSecrets(inputs: ReadonlyMap<string, HTMLInputElement>): FieldSecrets {
  return Object.fromEntries([...inputs].map(([name, input]) => [name, input.value]).filter(([, value]) => value !== ''))
}

/** The messages of the fields below `prefix`, by their path within it. */
export function errorsWithin(errors: Errors, prefix: string): Errors {
  return Object.fromEntries(
    Object.entries(errors)
      .filter(([path]) => path.startsWith(`${prefix}.`))
      .map(([path, message]) => [path.slice(prefix.length + 1), message]),
  )
}

/** What a text field or a select of the form needs to show and change `key`. */
export function textOf<K extends string>(form: Entered<{ readonly [P in K]: string }>, key: K) {
  return {
    value: form.draft[key],
    error: form.errors[key],
    onChange: (event: { readonly target: { readonly value: string } }) =>
      form.change({ [key]: event.target.value } as { readonly [P in K]: string }),
  }
}

/** The same for a number. */
export function numberOf<K extends string>(form: Entered<{ readonly [P in K]: number }>, key: K) {
  return {
    value: form.draft[key],
    error: form.errors[key],
    onChange: (value: number) => form.change({ [key]: value } as { readonly [P in K]: number }),
  }
}

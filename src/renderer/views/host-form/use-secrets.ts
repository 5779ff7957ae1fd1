// The form's secrets: they live in uncontrolled inputs alone and are read at the moment they are sent. Knows no markup.
import { type RefObject, useRef, useState } from 'react'
import type { Host, HostSecrets } from '../../../shared/model/host.ts'
import type { FormValues } from './form-values.ts'

export type SecretName = keyof HostSecrets & string

export interface SecretInputs {
  readonly refs: Record<SecretName, RefObject<HTMLInputElement | null>>
  /** Messages only, never values. */
  readonly errors: Partial<Record<SecretName, string>>
  /** Stored secrets that the person wants forgotten. */
  readonly forgotten: ReadonlySet<SecretName>
  toggleForget(name: SecretName): void
  /** Null, with errors set, where a needed secret is missing. */
  read(values: FormValues): HostSecrets | null
  clear(): void
}

/** `stored` tells which secrets the vault already holds for the host that is edited. */
export function useSecrets(stored: Host['stored'] | null): SecretInputs {
  const password = useRef<HTMLInputElement>(null)
  const passphrase = useRef<HTMLInputElement>(null)
  const sudoPassword = useRef<HTMLInputElement>(null)
  const refs = { password, passphrase, sudoPassword }
  const [errors, setErrors] = useState<SecretInputs['errors']>({})
  const [forgotten, setForgotten] = useState<ReadonlySet<SecretName>>(new Set())

  const readOne = (name: SecretName, used: boolean): string | null | undefined => {
    const typed = refs[name].current?.value
    // What the way to log in no longer needs is not kept.
    if (!used || (forgotten.has(name) && !typed)) return stored?.[name] ? null : undefined
    return typed || undefined
  }

  return {
    refs,
    errors,
    forgotten,
    toggleForget: name =>
      setForgotten(old => {
        const next = new Set(old)
        if (!next.delete(name)) next.add(name)
        return next
      }),
    read: values => {
      const secrets: HostSecrets = {
        password: readOne('password', values.authKind === 'password'),
        passphrase: readOne('passphrase', values.authKind === 'key'),
        sudoPassword: readOne('sudoPassword', values.sudo === 'password'),
      }
      const missing = (name: SecretName): boolean => !secrets[name] && !(stored?.[name] && !forgotten.has(name))
      const found: SecretInputs['errors'] = {}
      if (values.authKind === 'password' && missing('password')) found.password = 'Enter the password'
      if (values.sudo === 'password' && missing('sudoPassword'))
        found.sudoPassword = 'Enter the password that sudo asks for'
      setErrors(found)
      return Object.keys(found).length > 0 ? null : secrets
    },
    clear: () => {
      for (const ref of Object.values(refs)) if (ref.current) ref.current.value = ''
    },
  }
}

// The form's own view of a host draft: flat and textual, turned into the contract's draft and its errors back into fields. Pure.
import type { FieldErrors } from 'react-hook-form'
import type { HostDraft as Draft, Host, HostView, SshConfigHost, SudoMode } from '../../../shared/model/host.ts'
import { HostDraft } from '../../../shared/model/host.ts'

export interface FormValues {
  name: string
  address: string
  port: string
  user: string
  authKind: Draft['auth']['kind']
  keyPath: string
  sudo: SudoMode
  /** '' is none. */
  jump: string
  userUnits: boolean
}

export const emptyValues: FormValues = {
  name: '',
  address: '',
  port: '22',
  user: '',
  authKind: 'key',
  keyPath: '',
  sudo: 'none',
  jump: '',
  userUnits: false,
}

export function valuesOf(host: Host): FormValues {
  return {
    name: host.name,
    address: host.address,
    port: String(host.port),
    user: host.user,
    authKind: host.auth.kind,
    keyPath: host.auth.kind === 'key' ? host.auth.path : '',
    sudo: host.sudo,
    jump: host.jump ?? '',
    userUnits: host.userUnits,
  }
}

/** Fills the form from a block of the ssh configuration; what it does not say stays as it is. */
export function valuesOfImport(found: SshConfigHost, before: FormValues, hosts: readonly HostView[]): FormValues {
  return {
    ...before,
    name: found.alias,
    address: found.address,
    port: String(found.port),
    user: found.user ?? before.user,
    authKind: found.identityFile === null ? 'agent' : 'key',
    keyPath: found.identityFile ?? '',
    jump: jumpOf(found, hosts)?.host.id ?? '',
  }
}

/** The configured host that the last jump of an imported block means. */
export function jumpOf(found: SshConfigHost, hosts: readonly HostView[]): HostView | undefined {
  const via = found.proxyJump.at(-1)
  if (via === undefined) return undefined
  const bare = via.replace(/^.*@/, '').replace(/:\d+$/, '')
  return hosts.find(view => view.host.name === bare || view.host.address === bare)
}

const fieldOfPath: Record<string, keyof FormValues> = {
  name: 'name',
  address: 'address',
  port: 'port',
  user: 'user',
  'auth.path': 'keyPath',
  auth: 'authKind',
  sudo: 'sudo',
  jump: 'jump',
  userUnits: 'userUnits',
}

/** The draft, or what is wrong with which field: the contract's schema is the only judge. */
export function readDraft(values: FormValues): { draft: Draft } | { errors: FieldErrors<FormValues> } {
  const result = HostDraft.safeParse({
    name: values.name,
    address: values.address,
    port: /^\d{1,5}$/.test(values.port.trim()) ? Number(values.port) : Number.NaN,
    user: values.user,
    auth: values.authKind === 'key' ? { kind: 'key', path: values.keyPath.trim() } : { kind: values.authKind },
    sudo: values.sudo,
    jump: values.jump || null,
    userUnits: values.userUnits,
  })
  if (result.success) return { draft: result.data }
  const errors: FieldErrors<FormValues> = {}
  for (const issue of result.error.issues) {
    const field = fieldOfPath[issue.path.join('.')] ?? 'name'
    const message = field === 'port' ? 'A port is a number from 1 to 65535' : issue.message
    errors[field] ??= { type: 'contract', message }
  }
  return { errors }
}

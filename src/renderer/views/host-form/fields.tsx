// The groups of fields of the host form; each knows its labels and nothing of saving.
import { FolderOpen } from 'lucide-react'
import type { ReactNode } from 'react'
import { Controller, type UseFormReturn } from 'react-hook-form'
import type { Host, HostView } from '../../../shared/model/host.ts'
import { Button } from '../../components/button.tsx'
import { CheckField, Choices, SecretField, SelectField, TextField } from '../../components/field.tsx'
import { useShell } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'
import type { FormValues } from './form-values.ts'
import css from './host-form.module.css'
import type { SecretInputs, SecretName } from './use-secrets.ts'

type Form = UseFormReturn<FormValues>
interface SecretGroup {
  readonly form: Form
  readonly secrets: SecretInputs
  readonly stored: Host['stored'] | null
}

const plain = { autoComplete: 'off', autoCapitalize: 'off', spellCheck: false } as const

export function PlaceFields(props: { form: Form; hosts: readonly HostView[] }): ReactNode {
  const { register, formState } = props.form
  const { errors } = formState
  return (
    <>
      <TextField label="Name" help="What you call it." error={errors.name?.message} {...plain} {...register('name')} />
      <div className={css.pair}>
        <TextField
          label="Address"
          placeholder="host name or IP address"
          error={errors.address?.message}
          {...plain}
          {...register('address')}
        />
        <TextField label="Port" inputMode="numeric" error={errors.port?.message} {...plain} {...register('port')} />
      </div>
      {props.hosts.length > 0 && (
        <SelectField
          label="Jump host"
          help="Another host to go through, where this one cannot be reached directly."
          error={errors.jump?.message}
          {...register('jump')}
        >
          <option value="">None: connect directly</option>
          {props.hosts.map(({ host }) => (
            <option key={host.id} value={host.id}>
              {safeText(host.name)}
            </option>
          ))}
        </SelectField>
      )}
    </>
  )
}

export function LoginFields(props: SecretGroup): ReactNode {
  const { form, secrets, stored } = props
  const { register, control, watch, formState } = form
  const kind = watch('authKind')
  return (
    <>
      <TextField label="User" error={formState.errors.user?.message} {...plain} {...register('user')} />
      <Controller
        control={control}
        name="authKind"
        render={({ field }) => (
          <Choices
            label="Log in with"
            value={field.value}
            onChange={field.onChange}
            options={[
              { value: 'key', label: 'Key file' },
              { value: 'agent', label: 'SSH agent' },
              { value: 'password', label: 'Password' },
            ]}
          />
        )}
      />
      {kind === 'key' && (
        <>
          <KeyFileField form={form} />
          <Secret
            name="passphrase"
            label="Passphrase of the key"
            help="Empty if the key has none."
            secrets={secrets}
            stored={stored}
          />
        </>
      )}
      {kind === 'agent' && (
        <p className={css.pale}>The keys of your running ssh-agent are offered. Nothing is stored here.</p>
      )}
      {kind === 'password' && <Secret name="password" label="Password" secrets={secrets} stored={stored} />}
    </>
  )
}

function KeyFileField(props: { form: Form }): ReactNode {
  const { register, setValue, formState } = props.form
  const shell = useShell()
  const choose = async (): Promise<void> => {
    const path = await shell.call('dialog.chooseKeyFile', undefined).catch(() => null)
    if (path !== null) setValue('keyPath', path, { shouldValidate: true, shouldDirty: true })
  }
  return (
    <TextField
      label="Private key file"
      placeholder="~/.ssh/id_ed25519"
      help="The file stays where it is; only its path is kept."
      error={formState.errors.keyPath?.message}
      beside={
        <Button icon={FolderOpen} onClick={() => void choose()}>
          Choose…
        </Button>
      }
      {...plain}
      {...register('keyPath')}
    />
  )
}

export function AccessFields(props: SecretGroup): ReactNode {
  const { form, secrets, stored } = props
  const sudo = form.watch('sudo')
  return (
    <>
      <Controller
        control={form.control}
        name="sudo"
        render={({ field }) => (
          <Choices
            label="sudo, for restarting system services"
            value={field.value}
            onChange={field.onChange}
            options={[
              { value: 'none', label: 'Do not use' },
              { value: 'passwordless', label: 'Without password' },
              { value: 'password', label: 'With password' },
            ]}
            help={
              sudo === 'none'
                ? 'Root, or a user whom the host lets manage services, needs no sudo.'
                : 'Used only for what you start, and shown before it runs.'
            }
          />
        )}
      />
      {sudo === 'password' && (
        <Secret name="sudoPassword" label="Password for sudo" secrets={secrets} stored={stored} />
      )}
      <CheckField
        label="Watch the user’s own services too"
        help="Those of systemctl --user."
        {...form.register('userUnits')}
      />
    </>
  )
}

function Secret(props: {
  name: SecretName
  label: string
  help?: string
  secrets: SecretInputs
  stored: Host['stored'] | null
}): ReactNode {
  const { name, label, help, secrets, stored } = props
  const isStored = stored?.[name] === true
  const forgotten = secrets.forgotten.has(name)
  const kept = forgotten ? 'Will be forgotten when you save.' : 'Stored. Leave empty to keep it, or type to replace it.'
  return (
    <SecretField
      label={label}
      inputRef={secrets.refs[name]}
      error={secrets.errors[name]}
      help={isStored ? kept : help}
      {...(isStored && !forgotten ? { placeholder: 'stored – replace' } : {})}
      beside={
        isStored && <Button onClick={() => secrets.toggleForget(name)}>{forgotten ? 'Keep it' : 'Forget it'}</Button>
      }
    />
  )
}

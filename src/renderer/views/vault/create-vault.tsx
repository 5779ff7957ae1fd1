// Makes the vault: under the keyring by one click, else under a passphrase. The passphrase goes from the inputs to the engine and nowhere else.
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { VaultStatus } from '../../../shared/model/settings.ts'
import { Button, ButtonRow } from '../../components/button.tsx'
import { FieldError, SecretField } from '../../components/field.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'
import css from './vault.module.css'

const shortest = 8

export interface CreateVaultProps {
  readonly vault: VaultStatus
  /** The words on the button where one click is enough. */
  readonly action: string
  readonly onDone: () => void
  /** More buttons beside it. */
  readonly children?: ReactNode
}

export function CreateVault(props: CreateVaultProps): ReactNode {
  const { vault } = props
  const [failed, setFailed] = useState<AppError | null>(null)
  // A keyring that says yes and then fails (locked, dismissed) leaves the other way open.
  return vault.keyringAvailable && !failed ? (
    <UnderKeyring {...props} onFailed={setFailed} />
  ) : (
    <UnderPassphrase {...props} reason={failed?.message ?? vault.reason} />
  )
}

function UnderKeyring(props: CreateVaultProps & { onFailed: (error: AppError) => void }): ReactNode {
  const { action, onDone, onFailed, children } = props
  const engine = useEngine()
  const [busy, setBusy] = useState(false)
  const create = async (): Promise<void> => {
    setBusy(true)
    try {
      await engine.call('vault.create', { passphrase: null })
      onDone()
    } catch (caught) {
      onFailed(AppError.from(caught))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <p className={css.pale}>Passwords that you give it are kept encrypted, under your desktop’s keyring.</p>
      <ButtonRow>
        <Button look="primary" onClick={() => void create()} loading={busy}>
          {action}
        </Button>
        {children}
      </ButtonRow>
    </>
  )
}

function UnderPassphrase(props: CreateVaultProps & { reason: string | null }): ReactNode {
  const { reason, onDone, children } = props
  const engine = useEngine()
  const first = useRef<HTMLInputElement>(null)
  const second = useRef<HTMLInputElement>(null)
  const [errors, setErrors] = useState<{ first?: string; second?: string; form?: string }>({})
  const [busy, setBusy] = useState(false)

  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!first.current || !second.current || busy) return
    if (first.current.value.length < shortest) {
      setErrors({ first: `Use at least ${shortest} characters.` })
      first.current.focus()
      return
    }
    if (first.current.value !== second.current.value) {
      setErrors({ second: 'The two are not the same.' })
      second.current.focus()
      return
    }
    setErrors({})
    setBusy(true)
    try {
      const sent = engine.call('vault.create', { passphrase: first.current.value })
      first.current.value = ''
      second.current.value = ''
      await sent
      onDone()
    } catch (caught) {
      const error = AppError.from(caught)
      setErrors({ form: safeText([error.message, error.hint].filter(Boolean).join(' ')) })
    } finally {
      setBusy(false)
    }
  }

  return (
    <form className={css.form} onSubmit={event => void create(event)}>
      <p>
        {reason ? safeText(reason).replace(/\.$/, '') : 'This desktop has no keyring'}. Choose a passphrase for the
        vault: it encrypts the passwords of your hosts on this computer and is asked for at each start. It cannot be
        recovered.
      </p>
      <SecretField label="Passphrase" inputRef={first} error={errors.first} help={`At least ${shortest} characters.`} />
      <SecretField label="Repeat the passphrase" inputRef={second} error={errors.second} />
      {errors.form && <FieldError>{errors.form}</FieldError>}
      <ButtonRow>
        <Button type="submit" look="primary" loading={busy}>
          Create the vault
        </Button>
        {children}
      </ButtonRow>
    </form>
  )
}

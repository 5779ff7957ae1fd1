// Asks before something that can hurt: the consequence in words, the command, and where it matters a name to type. Knows nothing of the deed.
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import type { AppError } from '../../shared/errors.ts'
import { safeText } from '../lib/safe-text.ts'
import { isTypedName } from '../lib/typed-name.ts'
import { Button } from './button.tsx'
import { Command } from './command.tsx'
import { Dialog } from './dialog.tsx'
import { FieldError, TextField } from './field.tsx'

export interface ConfirmDialogProps {
  readonly open: boolean
  readonly title: string
  /** The consequence, in words. */
  readonly children: ReactNode
  /** The verb on the button: "Stop nginx.service", never "OK". */
  readonly action: string
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** The command that will run, shown as it is. */
  readonly command?: string
  /** The person has to type this to go on. */
  readonly typedName?: string
  readonly danger?: boolean
  /** Is all there that the person should have seen first? Until then nothing can be confirmed. */
  readonly ready?: boolean
  readonly busy?: boolean
  readonly error?: AppError | null
}

export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const {
    open,
    title,
    children,
    action,
    onConfirm,
    onClose,
    command,
    typedName,
    danger = true,
    ready = true,
    busy = false,
    error,
  } = props
  const formId = useId()
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      role="alertdialog"
      footer={
        <>
          <Button onClick={onClose} data-autofocus={((danger || !ready) && typedName === undefined) || undefined}>
            Cancel
          </Button>
          <Button
            type="submit"
            form={formId}
            look={danger ? 'danger' : 'primary'}
            loading={busy}
            disabled={!ready}
            data-autofocus={(!danger && ready) || undefined}
          >
            {action}
          </Button>
        </>
      }
    >
      {children}
      {command && <Command text={command} label="Runs" />}
      <ConfirmForm id={formId} typedName={typedName} ready={ready} onConfirm={onConfirm} />
      {error && <FieldError>{`${safeText(error.message)}${error.hint ? ` ${safeText(error.hint)}` : ''}`}</FieldError>}
    </Dialog>
  )
}

/** Inside the dialog, so that what was typed is forgotten with it. */
function ConfirmForm(props: {
  id: string
  typedName: string | undefined
  ready: boolean
  onConfirm: () => void
}): ReactNode {
  const { id, typedName, ready, onConfirm } = props
  const [typed, setTyped] = useState('')
  const [missed, setMissed] = useState(false)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!ready) return
    if (typedName !== undefined && !isTypedName(typed, typedName)) setMissed(true)
    else onConfirm()
  }
  return (
    <form id={id} onSubmit={submit}>
      {typedName !== undefined && (
        <TextField
          label={`Type “${safeText(typedName)}” to go on`}
          value={typed}
          onChange={event => {
            setTyped(event.target.value)
            setMissed(false)
          }}
          error={missed ? 'That is not the same name.' : undefined}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
      )}
    </form>
  )
}

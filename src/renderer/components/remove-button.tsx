// Removes the one thing that a form or page is about, after asking and its name typed. Knows nothing of what it is.
import { Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { AppError } from '../../shared/errors.ts'
import { safeText } from '../lib/safe-text.ts'
import { Button } from './button.tsx'
import { ConfirmDialog } from './confirm-dialog.tsx'

export function RemoveButton(props: {
  readonly name: string
  /** The kind of thing, for the button in the dialog: `place`. */
  readonly noun: string
  readonly busy: boolean
  readonly error: AppError | null
  readonly onRemove: () => void
  /** The consequence, in words. */
  readonly children: ReactNode
}): ReactNode {
  const { name, noun, busy, error, onRemove, children } = props
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button icon={Trash2} look="quiet" onClick={() => setAsking(true)}>
        Remove
      </Button>
      <ConfirmDialog
        open={asking}
        title={`Remove ${safeText(name)}?`}
        action={`Remove ${noun}`}
        typedName={name}
        busy={busy}
        error={error}
        onClose={() => setAsking(false)}
        onConfirm={onRemove}
      >
        {children}
      </ConfirmDialog>
    </>
  )
}

// A modal dialog on the native element: focus is kept inside and given back, Esc closes. Knows nothing of its content.
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { cx } from '../lib/class-names.ts'
import { IconButton } from './button.tsx'
import css from './dialog.module.css'

export interface DialogProps {
  readonly open: boolean
  readonly title: string
  /** Asked for by Esc, the close button or a click beside the dialog. Without it the dialog cannot be dismissed. */
  readonly onClose?: () => void
  readonly children: ReactNode
  /** Buttons at its foot. */
  readonly footer?: ReactNode
  readonly width?: 'narrow' | 'normal' | 'wide'
  readonly role?: 'dialog' | 'alertdialog'
  /** The title is read but not shown, e.g. for the command palette. */
  readonly bare?: boolean
  readonly className?: string
}

/** Its content is mounted only while it is open, so that its state starts afresh. `data-autofocus` marks what gets the focus. */
export function Dialog(props: DialogProps): ReactNode {
  return props.open ? <OpenDialog {...props} /> : null
}

function OpenDialog(props: DialogProps): ReactNode {
  const { title, onClose, children, footer, width = 'normal', role, bare = false, className } = props
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  // Before anything else can be typed: the next key belongs to the dialog.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    const before = document.activeElement
    dialog.showModal()
    // Else the browser would choose the close button. The frame itself takes no part in tabbing.
    const first =
      dialog.querySelector<HTMLElement>('[data-autofocus]') ?? dialog.querySelector<HTMLElement>('[data-frame]')
    first?.focus()
    return () => {
      dialog.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    const cancel = (event: globalThis.Event): void => {
      event.preventDefault()
      onClose?.()
    }
    // Esc comes as a key first: Chrome closes a dialog by itself on the second Esc whatever `cancel` says.
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      event.preventDefault()
      onClose?.()
    }
    const press = (event: MouseEvent): void => {
      if (event.target === dialog) onClose?.()
    }
    dialog.addEventListener('cancel', cancel)
    dialog.addEventListener('keydown', key)
    dialog.addEventListener('mousedown', press)
    return () => {
      dialog.removeEventListener('cancel', cancel)
      dialog.removeEventListener('keydown', key)
      dialog.removeEventListener('mousedown', press)
    }
  }, [onClose])

  // Beside the page, not inside of what opened it: forms do not nest, neither in the document nor in React's events.
  return createPortal(
    <dialog
      ref={ref}
      role={role}
      aria-labelledby={titleId}
      className={cx(css.dialog, css[width], className)}
      onSubmit={event => event.stopPropagation()}
    >
      <div className={css.frame} data-frame tabIndex={-1}>
        {bare ? (
          <h2 id={titleId} className="visually-hidden">
            {title}
          </h2>
        ) : (
          <header className={css.header}>
            <h2 id={titleId}>{title}</h2>
            {onClose && <IconButton icon={X} label="Close" size="small" onClick={onClose} />}
          </header>
        )}
        <div className={cx(css.body, bare && css.bare)}>{children}</div>
        {footer && <footer className={css.footer}>{footer}</footer>}
      </div>
    </dialog>,
    document.body,
  )
}

// Short messages about what just happened, read aloud politely; knows nothing of what happened.
import { X } from 'lucide-react'
import {
  createContext,
  type ReactNode,
  type RefObject,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react'
import { Link } from 'react-router'
import { safeText } from '../lib/safe-text.ts'
import type { Tone } from '../lib/status.ts'
import { IconButton } from './button.tsx'
import { StatusIcon } from './status.tsx'
import css from './toast.module.css'

export interface Toast {
  readonly tone: Tone
  readonly title: string
  readonly text?: string
  /** Where to read more. */
  readonly link?: { readonly to: string; readonly label: string }
  /** The same id replaces a toast that is still shown. */
  readonly id?: string
}

const shownMs = 7000
const mostShown = 4

const ToastContext = createContext<(toast: Toast) => void>(() => {})

/** `const toast = useToast(); toast({ tone: 'healthy', title: 'Saved' })` */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext)
}

export function ToastRegion(props: { children: ReactNode }): ReactNode {
  const [toasts, setToasts] = useState<readonly (Toast & { id: string })[]>([])
  const next = useRef(0)
  const add = useCallback((toast: Toast) => {
    const id = toast.id ?? `toast-${next.current++}`
    setToasts(shown => [...shown.filter(other => other.id !== id), { ...toast, id }].slice(-mostShown))
  }, [])
  const remove = useCallback((id: string) => setToasts(shown => shown.filter(toast => toast.id !== id)), [])
  return (
    <ToastContext.Provider value={add}>
      {props.children}
      <section className={css.region} aria-label="Messages" aria-live="polite">
        {toasts.map(toast => (
          <ToastCard key={toast.id} toast={toast} onClose={() => remove(toast.id)} />
        ))}
      </section>
    </ToastContext.Provider>
  )
}

function ToastCard(props: { toast: Toast; onClose: () => void }): ReactNode {
  const { toast, onClose } = props
  const card = useRef<HTMLDivElement>(null)
  const held = useHeld(card)
  const close = useRef(onClose)
  useEffect(() => {
    close.current = onClose
  })
  const stays = held || toast.tone === 'unhealthy'
  useEffect(() => {
    // What failed stays until it was read; nothing goes while the pointer or the focus is on it.
    if (stays) return
    const timer = setTimeout(() => close.current(), shownMs)
    return () => clearTimeout(timer)
  }, [stays])
  return (
    <div ref={card} className={css.toast} data-tone={toast.tone}>
      <StatusIcon tone={toast.tone} />
      <div className={css.text}>
        <p className={css.title}>{safeText(toast.title)}</p>
        {toast.text && <p className={css.detail}>{safeText(toast.text)}</p>}
        {toast.link && (
          <Link to={toast.link.to} onClick={onClose}>
            {toast.link.label}
          </Link>
        )}
      </div>
      <IconButton icon={X} label="Dismiss" size="small" onClick={onClose} />
    </div>
  )
}

/** Is the pointer or the focus on the element? */
function useHeld(ref: RefObject<HTMLElement | null>): boolean {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const hold = (): void => setHeld(true)
    const release = (): void => setHeld(false)
    const listeners = { pointerenter: hold, focusin: hold, pointerleave: release, focusout: release }
    for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener)
    return () => {
      for (const [type, listener] of Object.entries(listeners)) element.removeEventListener(type, listener)
    }
  }, [ref])
  return held
}

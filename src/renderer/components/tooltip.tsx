// A short text about what is hovered or focused; in the top layer by the popover API, placed by hand. Knows nothing of its subject.
import { type ReactNode, useEffect, useId, useRef } from 'react'
import css from './tooltip.module.css'

const gap = 6
const delayMs = 350

export interface TooltipProps {
  readonly content: ReactNode
  readonly children: ReactNode
  /** The content repeats the name of its subject: it is hidden from screen readers. */
  readonly names?: boolean
}

/** Wraps one element. Hover after a moment, keyboard focus at once, Esc takes it away (WCAG 1.4.13). */
export function Tooltip(props: TooltipProps): ReactNode {
  const { content, children, names = false } = props
  const id = useId()
  const anchor = useRef<HTMLSpanElement>(null)
  const bubble = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (anchor.current && bubble.current) return followPointer(anchor.current, bubble.current)
  }, [])
  return (
    <span ref={anchor} className={css.anchor} aria-describedby={names ? undefined : id}>
      {children}
      <span
        ref={bubble}
        id={id}
        className={css.bubble}
        popover="manual"
        role="tooltip"
        aria-hidden={names || undefined}
      >
        {content}
      </span>
    </span>
  )
}

function followPointer(anchor: HTMLElement, bubble: HTMLElement): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null
  const isOpen = (): boolean => bubble.matches(':popover-open')
  const show = (): void => {
    if (!bubble.isConnected || isOpen()) return
    bubble.showPopover()
    place(bubble, anchor)
  }
  const hide = (): void => {
    if (timer) clearTimeout(timer)
    timer = null
    if (bubble.isConnected && isOpen()) bubble.hidePopover()
  }
  const listen: Record<string, (event: globalThis.Event) => void> = {
    pointerenter: () => {
      timer ??= setTimeout(show, delayMs)
    },
    pointerleave: hide,
    pointerdown: hide,
    focusin: event => {
      if (event.target instanceof Element && event.target.matches(':focus-visible')) show()
    },
    focusout: hide,
    keydown: event => {
      if (!isOpen() || (event as KeyboardEvent).key !== 'Escape') return
      // One Esc for the tooltip, the next for what it stands in.
      event.stopPropagation()
      hide()
    },
  }
  for (const [type, handler] of Object.entries(listen)) anchor.addEventListener(type, handler)
  return () => {
    hide()
    for (const [type, handler] of Object.entries(listen)) anchor.removeEventListener(type, handler)
  }
}

function place(bubble: HTMLElement, anchor: HTMLElement): void {
  const subject = anchor.getBoundingClientRect()
  const { width, height } = bubble.getBoundingClientRect()
  const below = subject.bottom + gap + height < window.innerHeight
  const top = below ? subject.bottom + gap : subject.top - gap - height
  const left = Math.min(Math.max(gap, subject.left + subject.width / 2 - width / 2), window.innerWidth - width - gap)
  bubble.style.top = `${Math.max(gap, top)}px`
  bubble.style.left = `${left}px`
}

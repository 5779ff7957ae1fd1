// Tabs: as links where each is a place of its own, as a tab list where they share one place. Knows nothing of their content.
import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import { NavLink } from 'react-router'
import { cx } from '../lib/class-names.ts'
import css from './tabs.module.css'

export interface LinkTab {
  readonly to: string
  readonly label: string
  /** E.g. a count, after the label. */
  readonly badge?: ReactNode
}

/** Each tab is a route. */
export function LinkTabs(props: { label: string; tabs: readonly LinkTab[] }): ReactNode {
  return (
    <nav className={css.tabs} aria-label={props.label}>
      {props.tabs.map(tab => (
        <NavLink key={tab.to} to={tab.to} className={({ isActive }) => cx(css.tab, isActive && css.active)}>
          {tab.label}
          {tab.badge}
        </NavLink>
      ))}
    </nav>
  )
}

/** Tabs within a page; draw the panel with `role="tabpanel"` and `aria-labelledby={`${idPrefix}-${value}`}`. */
export function Tabs<V extends string>(props: {
  readonly label: string
  readonly idPrefix: string
  readonly value: V
  readonly tabs: readonly { readonly value: V; readonly label: string; readonly badge?: ReactNode }[]
  readonly onChange: (value: V) => void
}): ReactNode {
  const { label, idPrefix, value, tabs, onChange } = props
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    event.stopPropagation()
    const index = tabs.findIndex(tab => tab.value === value)
    const next = tabs[(index + step + tabs.length) % tabs.length]
    if (!next) return
    onChange(next.value)
    list.current?.querySelector<HTMLElement>(`[id="${idPrefix}-${next.value}"]`)?.focus()
  }
  return (
    <div ref={list} className={css.tabs} role="tablist" aria-label={label}>
      {tabs.map(tab => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          id={`${idPrefix}-${tab.value}`}
          aria-selected={tab.value === value}
          tabIndex={tab.value === value ? 0 : -1}
          className={cx(css.tab, tab.value === value && css.active)}
          onClick={() => onChange(tab.value)}
          onKeyDown={onKeyDown}
        >
          {tab.label}
          {tab.badge}
        </button>
      ))}
    </div>
  )
}

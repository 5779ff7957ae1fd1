// The filter of a list, focused by "/"; its text lives in the URL, so that back and forward work. Knows nothing of what is filtered.
import { Search, X } from 'lucide-react'
import { type ReactNode, useCallback, useRef } from 'react'
import { useSearchParams } from 'react-router'
import { useShortcut } from '../lib/shortcuts.ts'
import { IconButton } from './button.tsx'
import css from './filter-input.module.css'
import { Kbd } from './kbd.tsx'

/** A value kept in the route's query; the default is left out of the URL. Typing replaces the entry of the history, `push` adds one. */
export function useRouteValue(
  name: string,
  fallback = '',
): [string, (value: string, options?: { push?: boolean }) => void] {
  const [params, setParams] = useSearchParams()
  const set = useCallback(
    (value: string, options: { push?: boolean } = {}) => {
      setParams(
        old => {
          const next = new URLSearchParams(old)
          if (value === fallback) next.delete(name)
          else next.set(name, value)
          return next
        },
        { replace: !options.push },
      )
    },
    [name, fallback, setParams],
  )
  return [params.get(name) ?? fallback, set]
}

export interface FilterInputProps {
  /** What is filtered: "Filter services". */
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly className?: string
}

export function FilterInput(props: FilterInputProps): ReactNode {
  const { label, value, onChange, className } = props
  const ref = useRef<HTMLInputElement>(null)
  useShortcut({
    keys: '/',
    label,
    group: 'This screen',
    run: () => {
      ref.current?.focus()
      ref.current?.select()
    },
  })
  return (
    <search className={[css.filter, className].filter(Boolean).join(' ')}>
      <Search size={14} aria-hidden="true" />
      <input
        ref={ref}
        type="text"
        className={css.input}
        aria-label={label}
        placeholder={label}
        value={value}
        spellCheck={false}
        onChange={event => onChange(event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          // First Esc empties it, the second leaves it.
          if (value) onChange('')
          else ref.current?.blur()
          event.stopPropagation()
        }}
      />
      {value ? (
        <IconButton
          icon={X}
          label="Clear filter"
          size="small"
          onClick={() => {
            onChange('')
            ref.current?.focus()
          }}
        />
      ) : (
        <span className={css.hint} aria-hidden="true">
          <Kbd keys="/" />
        </span>
      )}
    </search>
  )
}

// The filter of a list, focused by "/"; its text lives in the URL, so that back and forward work. Knows nothing of what is filtered.
import { Search, X } from 'lucide-react'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
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
      queueChange(name, value === fallback ? null : value, options.push === true, setParams)
    },
    [name, fallback, setParams],
  )
  return [params.get(name) ?? fallback, set]
}

type SetParams = ReturnType<typeof useSearchParams>[1]
let queued: { readonly changes: Map<string, string | null>; push: boolean } | null = null

/** Changes of one turn become one step of the history; the router alone would let the last one win. */
function queueChange(name: string, value: string | null, push: boolean, setParams: SetParams): void {
  if (!queued) {
    queued = { changes: new Map(), push: false }
    queueMicrotask(() => {
      const { changes, push: anyPush } = queued ?? { changes: new Map(), push: false }
      queued = null
      // The address itself is ahead of what React has rendered.
      const next = new URLSearchParams(window.location.hash.split('?')[1] ?? '')
      for (const [key, text] of changes) {
        if (text === null) next.delete(key)
        else next.set(key, text)
      }
      setParams(next, { replace: !anyPush })
    })
  }
  queued.changes.set(name, value)
  queued.push ||= push
}

export interface FilterInputProps {
  /** What is filtered: "Filter services". */
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly className?: string
}

export function FilterInput(props: FilterInputProps): ReactNode {
  const { label, className } = props
  const ref = useRef<HTMLInputElement>(null)
  // The address follows a moment later, so what is typed is kept here; what comes from the address otherwise (back, a link) is taken over.
  const [value, setValue] = useState(props.value)
  const sent = useRef<string[]>([])
  useEffect(() => {
    const index = sent.current.lastIndexOf(props.value)
    if (index >= 0) sent.current.splice(0, index + 1)
    else setValue(props.value)
  }, [props.value])
  const onChange = (next: string): void => {
    setValue(next)
    sent.current.push(next)
    props.onChange(next)
  }
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
      <Search size="0.875rem" aria-hidden="true" />
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

// The keys and clicks of a table's rows, whatever the rows are; knows only their index.
import { useEffect, useRef } from 'react'

export interface RowKeys {
  readonly count: number
  readonly page: () => number
  readonly focus: (index: number) => void
  readonly open: (index: number) => void
}

/** Delegated: one listener for all rows, however many there are. */
export function useRowKeys(scroller: { readonly current: HTMLElement | null }, keys: RowKeys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onKeyDown = (event: KeyboardEvent): void => {
      const index = indexOf(event.target, true)
      if (index === null || event.ctrlKey || event.metaKey || event.altKey) return
      const { count, page, focus, open } = latest.current
      const target = {
        ArrowDown: index + 1,
        ArrowUp: index - 1,
        PageDown: index + page(),
        PageUp: index - page(),
        Home: 0,
        End: count - 1,
      }[event.key]
      if (target !== undefined) focus(Math.min(count - 1, Math.max(0, target)))
      else if (event.key === 'Enter') open(index)
      else return
      event.preventDefault()
    }
    const onClick = (event: MouseEvent): void => {
      const index = indexOf(event.target, false)
      // A click that ends a selection of text, or is meant for a control in the row, opens nothing.
      if (index !== null && !window.getSelection()?.toString()) latest.current.open(index)
    }
    element.addEventListener('keydown', onKeyDown)
    element.addEventListener('click', onClick)
    return () => {
      element.removeEventListener('keydown', onKeyDown)
      element.removeEventListener('click', onClick)
    }
  }, [scroller])
}

/** The row's index; `self` wants the row itself to be the target, else anything in it but controls. */
function indexOf(target: EventTarget | null, self: boolean): number | null {
  if (!(target instanceof Element)) return null
  if (!self && target.closest('a, button, input, select, label')) return null
  const row = self ? target : target.closest('tr')
  const index = row instanceof HTMLElement ? row.dataset.index : undefined
  return index === undefined ? null : Number(index)
}

// Keeps what is typed between the wish for an input and the moment it is there, so that no letter of a quick hand is lost. Knows no input.
import { useCallback, useLayoutEffect, useRef } from 'react'

/** While `wanted` and until it is taken, letters are kept instead of going to the page. `take` gives what was typed and ends that. */
export function useTypedAhead(wanted: boolean): () => string {
  const typed = useRef('')
  const taken = useRef(false)
  useLayoutEffect(() => {
    if (!wanted) return
    const keep = (event: KeyboardEvent): void => {
      if (taken.current || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      if (event.key === 'Backspace') typed.current = typed.current.slice(0, -1)
      else if (event.key.length === 1) typed.current += event.key
      else return
      event.preventDefault()
      event.stopPropagation()
    }
    window.addEventListener('keydown', keep, { capture: true })
    return () => {
      window.removeEventListener('keydown', keep, { capture: true })
      typed.current = ''
      taken.current = false
    }
  }, [wanted])
  // An input that is there at once takes before the listening began: effects run from the inside out.
  return useCallback(() => {
    taken.current = true
    return typed.current
  }, [])
}

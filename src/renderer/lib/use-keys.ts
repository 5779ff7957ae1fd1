// Identities for rows of a form that have none of their own, so that removing one does not move what was typed in another.
import { useRef } from 'react'

/** One stable key per row, in order; `drop` has to be told of a row that is removed. */
export function useKeys(count: number): { readonly keys: readonly string[]; drop(index: number): void } {
  const keys = useRef<string[]>([])
  const next = useRef(0)
  while (keys.current.length < count) keys.current.push(`row ${next.current++}`)
  return { keys: keys.current, drop: index => void keys.current.splice(index, 1) }
}

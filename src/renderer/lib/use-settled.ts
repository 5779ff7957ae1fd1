// A value that changes as somebody types, given on once they pause; for questions that cost a host something. Knows nothing of the value.
import { useEffect, useState } from 'react'

/** `value` as it was when it last stood still for `ms`; while it is null, what was there before, and `first` before there was any. */
export function useSettled<T>(value: T | null, first: T, ms = 250): T {
  const [settled, setSettled] = useState(value ?? first)
  useEffect(() => {
    if (value === null) return
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

// A value that changes as somebody types, given on once they pause; for questions that cost a host something. Knows nothing of the value.
import { useEffect, useState } from 'react'

/** `value` as it was when it last stood still for `ms`. */
export function useSettled<T>(value: T, ms = 250): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

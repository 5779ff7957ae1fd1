// Whether a person typed a name that they were asked to type. Pure.
import { safeText } from './safe-text.ts'

/** What is hidden in a name is shown in words, and cannot be typed in any other way than as it is shown. */
export function isTypedName(typed: string, name: string): boolean {
  const entered = typed.trim()
  return entered === name || entered === safeText(name).trim()
}

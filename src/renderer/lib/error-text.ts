// An error as one line for toasts and forms: what went wrong, then what to do. Knows no screen.
import type { AppError, ErrorShape } from '../../shared/errors.ts'
import { safeText } from './safe-text.ts'

export function errorText(error: AppError | ErrorShape): string {
  const message = safeText(error.message)
  if (!error.hint) return message
  return `${message}${/[.!?…]$/.test(message) ? '' : '.'} ${safeText(error.hint)}`
}

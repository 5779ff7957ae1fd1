// An error as one line for toasts and forms: what went wrong, then what to do. Knows no screen.
import type { AppError, ErrorShape } from '../../shared/errors.ts'
import { safeText } from './safe-text.ts'

export function errorText(error: AppError | ErrorShape): string {
  return [error.message, error.hint]
    .filter(part => part !== null && part !== undefined && part !== '')
    .map(part => safeText(String(part)))
    .join(' ')
}

// Calls of the contract whose parts are not there yet: each says so. A part that lands takes its names away.
import { AppError } from '../../shared/errors.ts'

const pending = (): never => {
  throw new AppError('UNSUPPORTED', 'This part is not there yet')
}

export const pendingHandlers = {
  'recovery.dryRun': pending,
}

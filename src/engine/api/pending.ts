// Calls of the contract whose parts are not there yet: each says so. A part that lands takes its names away.
import { AppError } from '../../shared/errors.ts'

const pending = (): never => {
  throw new AppError('UNSUPPORTED', 'This part is not there yet')
}

export const pendingHandlers = {
  'maintenance.kinds': pending,
  'maintenance.list': pending,
  'maintenance.get': pending,
  'maintenance.add': pending,
  'maintenance.edit': pending,
  'maintenance.remove': pending,
  'maintenance.preview': pending,
  'maintenance.run': pending,
  'maintenance.cancel': pending,
  'maintenance.runs': pending,
}

// Calls of the contract whose parts are not there yet: each says so. A part that lands takes its names away.
import { AppError } from '../../shared/errors.ts'

const pending = (): never => {
  throw new AppError('UNSUPPORTED', 'This part is not there yet')
}

export const pendingHandlers = {
  'login.sites': pending,
  'login.list': pending,
  'login.get': pending,
  'login.add': pending,
  'login.edit': pending,
  'login.remove': pending,
  'login.inspect': pending,
  'login.prove': pending,
  'login.paste': pending,
  'login.capture': pending,
  'login.candidate': pending,
  'login.discard': pending,
  'login.renew': pending,
  'login.renewals': pending,
  'login.adopt': pending,
  'login.forgetSession': pending,
}

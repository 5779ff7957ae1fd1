// Calls of the contract whose parts are not there yet: each says so. A part that lands takes its names away.
import { AppError } from '../../shared/errors.ts'

const pending = (): never => {
  throw new AppError('UNSUPPORTED', 'This part is not there yet')
}

export const pendingHandlers = {
  'check.previewJournal': pending,
  'check.proposals': pending,
  'check.dismissProposal': pending,
  'incident.list': pending,
  'incident.get': pending,
  'incident.acknowledge': pending,
  'incident.note': pending,
  'incident.export': pending,
  'silence.list': pending,
  'silence.add': pending,
  'silence.edit': pending,
  'silence.remove': pending,
  'recovery.dryRun': pending,
  'dropin.review': pending,
  'dropin.apply': pending,
  'dropin.undo': pending,
}

// Calls about backups that nobody answers yet. Each part that lands takes its names out; the last one removes the file.
import { AppError } from '../../shared/errors.ts'

const pending = (): never => {
  throw new AppError('UNSUPPORTED', 'This is not there yet')
}

export const pendingHandlers = () => ({
  'backup.kinds': pending,
  'backup.list': pending,
  'backup.get': pending,
  'backup.propose': pending,
  'backup.add': pending,
  'backup.edit': pending,
  'backup.remove': pending,
  'backup.run': pending,
  'backup.cancel': pending,
  'backup.runs': pending,
  'snapshot.list': pending,
  'snapshot.verify': pending,
  'snapshot.remove': pending,
  'snapshot.retentionPreview': pending,
  'snapshot.items': pending,
  'snapshot.extract': pending,
  'target.list': pending,
  'target.add': pending,
  'target.edit': pending,
  'target.remove': pending,
  'target.test': pending,
  'restore.plan': pending,
  'restore.run': pending,
  'restore.cancel': pending,
  'restore.list': pending,
  'restore.dropOld': pending,
  'drill.run': pending,
  'drill.list': pending,
})

// How old a backup is, whether it is whole, and whether it was proven (R33). Owned by its backup, which looks at itself: nothing is probed.
import { z } from 'zod'
import { checkType, ownedCheck, ownedDefaults } from './check.ts'

export const backupAge = checkType({
  type: 'backup-age',
  title: 'Backup',
  description: 'The backup is made in time, none of its snapshots is damaged, and drills restore it.',
  spec: z.object({ backupId: z.string().max(64).meta({ title: 'Backup' }) }),
  ...ownedCheck,
  defaults: { ...ownedDefaults, severity: 'critical' },
})

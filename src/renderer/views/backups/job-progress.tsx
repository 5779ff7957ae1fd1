// How a backup, restore or drill that is under way gets on. Knows none of the three.
import type { ReactNode } from 'react'
import type { BackupProgress } from '../../../shared/model/backup.ts'
import { Meter } from '../../components/meter.tsx'
import { progressText } from '../../lib/backup-status.ts'
import { safeText } from '../../lib/safe-text.ts'

export function JobProgress(props: { progress: BackupProgress }): ReactNode {
  const { progress } = props
  const { bytes, totalBytes } = progress
  const percent = totalBytes === null || totalBytes === 0 ? null : Math.min(100, (bytes / totalBytes) * 100)
  return (
    <div>
      {progress.step && <p>{safeText(progress.step)}</p>}
      <Meter label="Progress" bare percent={percent} warnAt={101} badAt={101} text={progressText(progress)} />
    </div>
  )
}

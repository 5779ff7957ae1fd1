// How a backup, restore or drill that is under way gets on, and what was found out on the way. Knows none of the three.
import type { ReactNode } from 'react'
import type { BackupProgress } from '../../../shared/model/backup.ts'
import type { Evidence } from '../../../shared/model/unit.ts'
import { Meter } from '../../components/meter.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { progressText } from '../../lib/backup-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './backups.module.css'

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

export function EvidenceList(props: { evidence: readonly Evidence[] }): ReactNode {
  return (
    <ul className={css.evidence}>
      {[...new Map(props.evidence.map(item => [item.text, item])).values()].map(({ ok, text }) => (
        <li key={text}>
          <StatusIcon tone={ok ? 'healthy' : 'unhealthy'} size={14} label={ok ? 'Good' : 'Not good'} />
          <span>{safeText(text)}</span>
        </li>
      ))}
    </ul>
  )
}

// What was found out, each with whether it is as it should be. Knows nothing of what was looked at.
import type { ReactNode } from 'react'
import type { Evidence } from '../../shared/model/unit.ts'
import { safeText } from '../lib/safe-text.ts'
import css from './evidence-list.module.css'
import { StatusIcon } from './status.tsx'

export function EvidenceList(props: { evidence: readonly Evidence[]; label?: string }): ReactNode {
  return (
    <ul className={css.evidence} aria-label={props.label}>
      {[...new Map(props.evidence.map(item => [item.text, item])).values()].map(({ ok, text }) => (
        <li key={text}>
          <StatusIcon tone={ok ? 'healthy' : 'unhealthy'} size={14} label={ok ? 'Good' : 'Not good'} />
          <span>{safeText(text)}</span>
        </li>
      ))}
    </ul>
  )
}

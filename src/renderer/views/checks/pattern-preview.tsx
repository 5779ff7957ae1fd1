// The lines that a journal pattern would have matched within the last hour, asked for as it is typed.
import type { ReactNode } from 'react'
import type { CheckDraft } from '../../../shared/model/check.ts'
import { useEngineQuery } from '../../data/remotes.tsx'
import { formatClock, formatCount } from '../../lib/format.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { useSettled } from '../../lib/use-settled.ts'
import css from './checks.module.css'

const settleMs = 400
const shown = 12

export function PatternPreview(props: { draft: CheckDraft }): ReactNode {
  const { hostId, unit, spec } = props.draft
  const pattern = useSettled(typeof spec.pattern === 'string' ? spec.pattern : '', '', settleMs)
  const preview = useEngineQuery(
    'check.previewJournal',
    { hostId, unit, pattern: pattern || '.', ignoreCase: spec.ignoreCase === true },
    { enabled: pattern !== '', keepPrevious: true },
  )
  if (pattern === '') return null
  if (preview.error) return <p className={css.pale}>{safeText(preview.error.message)}</p>
  if (!preview.data) return <p className={css.pale}>Looking through the last hour…</p>
  const { matched, all, lines } = preview.data
  return (
    <section aria-label="Matches within the last hour">
      <p>
        {formatCount(matched)} of {formatCount(all)} lines within the last hour match.
      </p>
      <ol className={css.lines}>
        {lines.slice(0, shown).map(line => (
          <li key={line.cursor}>
            <span className={css.pale}>{formatClock(line.at, Date.now())}</span> {safeShort(line.message, 200)}
          </li>
        ))}
      </ol>
    </section>
  )
}

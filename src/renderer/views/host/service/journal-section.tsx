// The journal of one service, on its page; the same viewer as the Journal tab, narrowed to the unit.
import type { ReactNode } from 'react'
import { JournalFilter } from '../../../../shared/model/journal.ts'
import type { UnitRef } from '../../../../shared/model/unit.ts'
import { LinkButton } from '../../../components/button.tsx'
import { Panel } from '../../../components/page.tsx'
import { hostPath } from '../../../lib/places.ts'
import { JournalPanel } from '../journal/journal-panel.tsx'
import css from './service-view.module.css'

export function JournalSection(props: { unit: UnitRef }): ReactNode {
  const { hostId, scope, name } = props.unit
  const query = new URLSearchParams({ unit: name, ...(scope === 'user' ? { manager: 'user' } : {}) })
  return (
    <Panel
      title="Journal"
      flush
      aside={
        <LinkButton to={`${hostPath(hostId, 'journal')}?${query}`} size="small" look="quiet">
          Open in the journal
        </LinkButton>
      }
    >
      <div className={css.journal}>
        <JournalPanel compact filters={[JournalFilter.parse({ hostId, scope, units: [name] })]} />
      </div>
    </Panel>
  )
}

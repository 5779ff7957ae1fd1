// The checks that speak of one service, as its page shows them. Shows what the engine says and decides nothing.
import { Plus } from 'lucide-react'
import type { ReactNode } from 'react'
import type { CheckView } from '../../../shared/model/check.ts'
import type { UnitRef } from '../../../shared/model/unit.ts'
import { LinkButton } from '../../components/button.tsx'
import { NameLink, TwoLines } from '../../components/cells.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Heartbeat } from '../../components/heartbeat.tsx'
import { Panel } from '../../components/page.tsx'
import { Status } from '../../components/status.tsx'
import { useChecks } from '../../data/checks.ts'
import { checkStatus } from '../../lib/check-status.ts'
import { addCheckPath, checkPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import css from './checks.module.css'
import { checksOfUnit } from './checks-order.ts'

export function UnitChecks(props: { unit: UnitRef }): ReactNode {
  const { unit } = props
  const checks = useChecks()
  return (
    <Panel
      title="Checks"
      aside={
        <LinkButton to={addCheckPath({ hostId: unit.hostId, unit })} size="small" icon={Plus}>
          Add check
        </LinkButton>
      }
    >
      <QueryFaces query={checks} failed="The checks could not be read">
        {list => {
          const own = checksOfUnit(list, unit)
          if (own.length === 0)
            return (
              <p className={css.pale}>None of its own yet. That it fails is told all the same, by its host’s check.</p>
            )
          return (
            <ul className={css.list}>
              {own.map(view => (
                <Item key={view.check.id} view={view} />
              ))}
            </ul>
          )
        }}
      </QueryFaces>
    </Panel>
  )
}

function Item(props: { view: CheckView }): ReactNode {
  const { view } = props
  const status = checkStatus(view)
  return (
    <li className={css.unitCheck}>
      <TwoLines>
        <NameLink to={checkPath(view.check.id)}>{safeText(view.check.name)}</NameLink>
        <Status status={{ tone: status.tone, word: status.word }} />
      </TwoLines>
      <Heartbeat beats={view.recent} length={20} />
      {status.tone !== 'healthy' && status.detail && <p className={css.detail}>{safeShort(status.detail, 300)}</p>}
    </li>
  )
}

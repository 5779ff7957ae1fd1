// What a restore would do: sizes and times then and now, what differs table by table, each step in words, and what speaks against it.
import type { ReactNode } from 'react'
import type { RestorePlan, TableDifference } from '../../../shared/model/restore.ts'
import { Notice } from '../../components/notice.tsx'
import { Fact, Facts, Panel } from '../../components/page.tsx'
import { NumberCell, PlainTable } from '../../components/plain-table.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { formatBytes, formatCount } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import { unitLabel } from '../../lib/unit-keys.ts'
import css from './backups.module.css'

export function RestorePlanPanel(props: { plan: RestorePlan }): ReactNode {
  const { plan } = props
  return (
    <>
      {plan.problems.length > 0 && (
        <Notice tone="unhealthy" title="It cannot be restored like this" urgent>
          <ul>
            {plan.problems.map(problem => (
              <li key={problem}>{safeText(problem)}</li>
            ))}
          </ul>
        </Notice>
      )}
      <Panel title="What will happen">
        <ul className={css.list}>
          {plan.parts.map(part => (
            <li key={part.key} className={css.part}>
              <h3>{safeText(part.key)}</h3>
              <Facts>
                <Fact name="Where">
                  <code>{safeText(part.place)}</code> on {safeText(plan.hostName)}
                </Fact>
                <Fact name="Then">
                  {formatBytes(part.thenBytes)}, <RelativeTime at={plan.snapshot.manifest.startedAt} />
                </Fact>
                <Fact name="Now">
                  {part.nowBytes === null ? (
                    'nothing is there'
                  ) : (
                    <>
                      {formatBytes(part.nowBytes)}, changed <RelativeTime at={part.nowChangedAt} />
                    </>
                  )}
                </Fact>
                {!part.sameIdentity && (
                  <Fact name="Identity">
                    <Status status={{ tone: 'unhealthy', word: 'Not what was backed up' }} />
                  </Fact>
                )}
              </Facts>
              {part.tables.length > 0 && <Tables tables={part.tables} />}
              <ol className={css.told}>
                {part.steps.map(step => (
                  <li key={step}>{safeText(step)}</li>
                ))}
              </ol>
            </li>
          ))}
        </ul>
        {plan.unit && <p>{safeText(unitLabel(plan.unit))} is stopped before the swap and started after it.</p>}
      </Panel>
    </>
  )
}

const schemaWords: Record<TableDifference['schema'], StatusWord> = {
  same: { tone: 'healthy', word: 'Same' },
  changed: { tone: 'degraded', word: 'Other columns' },
  'only-now': { tone: 'degraded', word: 'Not in the snapshot' },
  'only-then': { tone: 'degraded', word: 'Not there now' },
  unknown: { tone: 'unknown', word: 'Not compared' },
}

const columns = [
  { name: 'Table' },
  { name: 'Rows then', number: true },
  { name: 'Rows now', number: true },
  { name: 'Columns' },
]

function Tables(props: { tables: readonly TableDifference[] }): ReactNode {
  return (
    <PlainTable columns={columns} flush>
      {props.tables.map(({ name, rowsThen, rowsNow, schema }) => (
        <tr key={name}>
          <th scope="row">{safeText(name)}</th>
          <NumberCell>{formatCount(rowsThen)}</NumberCell>
          <NumberCell>{formatCount(rowsNow)}</NumberCell>
          <td>
            <Status status={schemaWords[schema]} />
          </td>
        </tr>
      ))}
    </PlainTable>
  )
}

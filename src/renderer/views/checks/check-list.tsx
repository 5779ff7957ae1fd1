// Checks as a list with its filters, which the address keeps. Knows neither where they come from nor the screen around it.
import { SearchX } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { CheckView } from '../../../shared/model/check.ts'
import { Button } from '../../components/button.tsx'
import { DataTable, readSort, writeSort } from '../../components/data-table.tsx'
import { EmptyState } from '../../components/faces.tsx'
import { Facets } from '../../components/facets.tsx'
import { FilterBar } from '../../components/filter-bar.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { useCheckKinds } from '../../data/checks.ts'
import { useHosts } from '../../data/hosts.ts'
import { checkPath } from '../../lib/places.ts'
import css from './checks.module.css'
import { checkColumns } from './checks-columns.tsx'
import { type CheckRow, checkGroups, checkRows, matchesCheck } from './checks-order.ts'

const columnsOfOneHost = checkColumns.filter(column => column.id !== 'host')

export interface CheckListProps {
  readonly checks: readonly CheckView[]
  /** Leaves out the host's column. */
  readonly ofOneHost?: boolean
  /** At the end of the filters. */
  readonly aside?: ReactNode
}

export function CheckList(props: CheckListProps): ReactNode {
  const navigate = useNavigate()
  const { data: hosts = [] } = useHosts()
  const { data: kinds = [] } = useCheckKinds()
  const [text, setText] = useRouteValue('q')
  const [tone, setTone] = useRouteValue('state')
  const [sort, setSort] = useRouteValue('sort')
  const all = useMemo(() => checkRows(props.checks, hosts, kinds), [props.checks, hosts, kinds])
  const rows = all.filter(row => (!tone || row.tone === tone) && (!text || matchesCheck(row, text)))
  const groups = checkGroups
    .map(group => ({ ...group, count: all.filter(row => row.tone === group.tone).length }))
    .filter(group => group.count > 0 || group.tone === tone)
  return (
    <>
      <FilterBar>
        <FilterInput label="Filter checks" value={text} onChange={value => setText(value)} />
        <Facets
          legend="Show only checks that are"
          facets={groups.map(group => ({
            value: group.tone,
            word: group.word,
            count: group.count,
            icon: <StatusIcon tone={group.tone} size={14} />,
          }))}
          chosen={tone}
          onChoose={value => setTone(value === tone ? '' : value, { push: true })}
        />
        {props.aside && <div className={css.aside}>{props.aside}</div>}
      </FilterBar>
      <DataTable<CheckRow>
        label="Checks"
        rows={rows}
        rowKey={row => row.view.check.id}
        rowRem={3.25}
        columns={props.ofOneHost ? columnsOfOneHost : checkColumns}
        sort={readSort(sort)}
        onSort={next => setSort(writeSort(next), { push: true })}
        onOpen={row => void navigate(checkPath(row.view.check.id))}
        empty={
          <EmptyState icon={SearchX} title="No check matches the filter">
            <Button
              onClick={() => {
                setText('')
                setTone('')
              }}
            >
              Show all checks
            </Button>
          </EmptyState>
        }
      />
    </>
  )
}

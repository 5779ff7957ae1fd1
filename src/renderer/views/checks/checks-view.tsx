// All checks, trouble first. Shows what the engine says and decides nothing.
import { ListChecks, Plus, SearchX, Sparkles } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { CheckView } from '../../../shared/model/check.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { DataTable, readSort, writeSort } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Facets } from '../../components/facets.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
import { Page } from '../../components/page.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { useCheckKinds, useChecks } from '../../data/checks.ts'
import { useHosts } from '../../data/hosts.ts'
import { checkPath, places } from '../../lib/places.ts'
import css from './checks.module.css'
import { checkColumns } from './checks-columns.tsx'
import { type CheckRow, checkGroups, checkRows, matchesCheck } from './checks-order.ts'

export function ChecksView(): ReactNode {
  const checks = useChecks()
  return (
    <Page
      title="Checks"
      body="fill"
      actions={
        <>
          <LinkButton to={places.suggestions} icon={Sparkles}>
            Suggestions
          </LinkButton>
          <LinkButton to={places.addCheck} look="primary" icon={Plus}>
            Add check
          </LinkButton>
        </>
      }
    >
      <QueryFaces query={checks} failed="The checks could not be read" loading="Reading checks">
        {list => (list.length === 0 ? <NoChecks /> : <Checks checks={list} />)}
      </QueryFaces>
    </Page>
  )
}

function Checks(props: { checks: readonly CheckView[] }): ReactNode {
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
      <div className={css.bar}>
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
      </div>
      <DataTable<CheckRow>
        label="Checks"
        className={css.table}
        rows={rows}
        rowKey={row => row.view.check.id}
        rowRem={3.25}
        columns={checkColumns}
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

function NoChecks(): ReactNode {
  return (
    <EmptyState
      icon={ListChecks}
      title="Nothing is checked yet"
      text="A check asks again and again whether something works, and alerts when it does not."
    >
      <LinkButton to={places.suggestions} look="primary" icon={Sparkles}>
        Show suggestions
      </LinkButton>
    </EmptyState>
  )
}

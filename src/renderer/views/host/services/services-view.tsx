// All services of a host, trouble first, each one click from a restart. Shows what the engine says and decides nothing.
import { SearchX } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { HostView } from '../../../../shared/model/host.ts'
import type { Unit } from '../../../../shared/model/unit.ts'
import { Button } from '../../../components/button.tsx'
import { DataTable, readSort, writeSort } from '../../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../../components/faces.tsx'
import { Facets } from '../../../components/facets.tsx'
import { FilterInput, useRouteValue } from '../../../components/filter-input.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { TabPage } from '../../../components/tab-page.tsx'
import { useUnits } from '../../../data/hosts.ts'
import { useLatestSample } from '../../../data/measures.ts'
import { unitPath } from '../../../lib/places.ts'
import { unitKey } from '../../../lib/unit-keys.ts'
import { useUnitActions } from '../action/use-unit-action.tsx'
import { useHostView } from '../host-context.ts'
import { ServicesContext, serviceColumns } from './services-columns.tsx'
import { arrange, facets, readFacet, usesByUnit } from './services-order.ts'

export function ServicesView(): ReactNode {
  const view = useHostView()
  const units = useUnits(view.host.id)
  return (
    <QueryFaces query={units} failed="The services could not be read" loading="Reading services">
      {list => <Services view={view} units={list} />}
    </QueryFaces>
  )
}

function Services(props: { view: HostView; units: readonly Unit[] }): ReactNode {
  const { view, units } = props
  const navigate = useNavigate()
  const [text, setText] = useRouteValue('q')
  const [facetText, setFacet] = useRouteValue('state', 'all')
  const [scopeText, setScope] = useRouteValue('manager')
  const [sort, setSort] = useRouteValue('sort')
  const facet = readFacet(facetText)
  const scope = scopeText === 'system' || scopeText === 'user' ? scopeText : ''
  const sample = useLatestSample(view)
  const live = view.connection.state === 'ready'
  const { run, dialog } = useUnitActions()
  const uses = useMemo(() => usesByUnit(sample?.units ?? []), [sample])
  const { rows, counts } = useMemo(() => arrange(units, { text, facet, scope }), [units, text, facet, scope])
  const scopes = useMemo(() => units.some(unit => unit.scope === 'user'), [units])
  const sorting = readSort(sort)
  // the order by a number follows each sample; other orders must not be made anew for it
  const byNumber = sorting?.column === 'cpu' || sorting?.column === 'memory'
  const columns = useMemo(() => serviceColumns(byNumber ? uses : new Map(), scopes), [byNumber, uses, scopes])
  const context = useMemo(() => ({ uses, live, onRun: run }), [uses, live, run])
  return (
    <TabPage
      bar={
        <>
          <FilterInput label="Filter services" value={text} onChange={value => setText(value)} />
          <Facets
            legend="Show only services that are"
            facets={facets.map(each => ({
              value: each,
              word: each,
              count: counts[each],
              alarm: each === 'failed' && counts.failed > 0,
            }))}
            chosen={facet}
            onChoose={each => setFacet(facet === each ? 'all' : each, { push: true })}
          />
          {scopes && (
            <Facets
              legend="Show only services of"
              facets={[
                { value: 'system', word: 'system' },
                { value: 'user', word: 'user' },
              ]}
              chosen={scope}
              onChoose={each => setScope(scope === each ? '' : each, { push: true })}
            />
          )}
        </>
      }
      stale={
        !live && (
          <>
            As last seen <RelativeTime at={view.connection.since} />
          </>
        )
      }
    >
      <ServicesContext value={context}>
        <DataTable<Unit>
          label="Services"
          rows={rows}
          rowKey={unitKey}
          columns={columns}
          sort={sorting}
          onSort={next => setSort(writeSort(next), { push: true })}
          onOpen={unit => void navigate(unitPath(unit))}
          empty={
            units.length === 0 ? (
              <EmptyState
                icon={SearchX}
                title="No services are known on this host"
                text="They appear here as soon as systemd has told them."
              />
            ) : (
              <EmptyState icon={SearchX} title="No service matches the filter">
                <Button
                  onClick={() => {
                    setText('')
                    setFacet('all')
                    setScope('')
                  }}
                >
                  Show all services
                </Button>
              </EmptyState>
            )
          }
        />
      </ServicesContext>
      {dialog}
    </TabPage>
  )
}

// All hosts at a glance, trouble first. Shows what the engine says and decides nothing.
import { Plus, SearchX, Server } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { HostView } from '../../../shared/model/host.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { DataTable, readSort, writeSort } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Facets } from '../../components/facets.tsx'
import { FilterBar } from '../../components/filter-bar.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
import { Page } from '../../components/page.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { useHosts } from '../../data/hosts.ts'
import { useKnownIncidents } from '../../data/incidents.ts'
import { useNow } from '../../data/now.ts'
import { hostHealth } from '../../lib/incident-words.ts'
import { hostPath, places } from '../../lib/places.ts'
import { fleetColumns } from './fleet-columns.tsx'
import { type FleetRow, fleetRows, matchesText, toneGroups } from './fleet-order.ts'
import css from './fleet-view.module.css'

export function FleetView(): ReactNode {
  const hosts = useHosts()
  return (
    <Page
      title="Fleet"
      body="fill"
      actions={
        <LinkButton to={places.addHost} look="primary" icon={Plus}>
          Add host
        </LinkButton>
      }
    >
      <QueryFaces query={hosts} failed="The hosts could not be read" loading="Reading hosts">
        {list => (list.length === 0 ? <NoHosts /> : <Hosts hosts={list} />)}
      </QueryFaces>
    </Page>
  )
}

function Hosts(props: { hosts: readonly HostView[] }): ReactNode {
  const navigate = useNavigate()
  const now = useNow(5000)
  const incidents = useKnownIncidents()
  const [text, setText] = useRouteValue('q')
  const [tone, setTone] = useRouteValue('state')
  const [sort, setSort] = useRouteValue('sort')
  const all = useMemo(() => fleetRows(props.hosts, incidents, now), [props.hosts, incidents, now])
  const rows = all.filter(
    row => (!tone || row.tone === tone) && (!text || matchesText(row, hostHealth(row.view, incidents, now), text)),
  )
  const onlyLocal = props.hosts.every(view => view.host.kind === 'local')
  return (
    <>
      <FilterBar>
        <FilterInput label="Filter hosts" value={text} onChange={value => setText(value)} />
        <Summary rows={all} chosen={tone} onChoose={value => setTone(value, { push: true })} />
      </FilterBar>
      <DataTable<FleetRow>
        label="Hosts"
        className={onlyLocal ? css.short : undefined}
        rows={rows}
        rowKey={row => row.view.host.id}
        rowRem={3.25}
        columns={fleetColumns}
        sort={readSort(sort)}
        onSort={next => setSort(writeSort(next), { push: true })}
        onOpen={row => void navigate(hostPath(row.view.host.id))}
        empty={
          <EmptyState icon={SearchX} title="No host matches the filter">
            <Button
              onClick={() => {
                setText('')
                setTone('')
              }}
            >
              Show all hosts
            </Button>
          </EmptyState>
        }
      />
      {onlyLocal && (
        <div className={css.invite}>
          <p>
            Only this computer is watched so far. Any machine with SSH and systemd can be added; nothing is installed on
            it.
          </p>
          <LinkButton to={places.addHost} icon={Plus}>
            Add your first host
          </LinkButton>
        </div>
      )}
    </>
  )
}

/** How many are in which state; each is a filter. */
function Summary(props: { rows: readonly FleetRow[]; chosen: string; onChoose: (tone: string) => void }): ReactNode {
  const { rows, chosen, onChoose } = props
  const groups = toneGroups
    .map(group => ({ ...group, count: rows.filter(row => row.tone === group.tone).length }))
    .filter(group => group.count > 0 || group.tone === chosen)
  return (
    <Facets
      legend="Show only hosts that are"
      facets={groups.map(({ tone, word, count }) => ({
        value: tone,
        word,
        count,
        icon: <StatusIcon tone={tone} size={14} />,
      }))}
      chosen={chosen}
      onChoose={tone => onChoose(chosen === tone ? '' : tone)}
    />
  )
}

function NoHosts(): ReactNode {
  return (
    <EmptyState
      icon={Server}
      title="No host is watched yet"
      text="Any machine with SSH and systemd will do; nothing is installed on it."
    >
      <LinkButton to={places.addHost} look="primary" icon={Plus}>
        Add your first host
      </LinkButton>
    </EmptyState>
  )
}

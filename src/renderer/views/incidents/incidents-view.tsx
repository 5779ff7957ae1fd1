// What is wrong, since when, and what is being done; what was wrong stays to be looked up. Shows what the engine says and decides nothing.
import { BellOff, CircleCheck, CircleMinus, ListChecks, SearchX } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useNavigate } from 'react-router'
import { Severity } from '../../../shared/model/check.ts'
import type { Incident } from '../../../shared/model/incident.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { DataTable, readSort, writeSort } from '../../components/data-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '../../components/faces.tsx'
import { Facets } from '../../components/facets.tsx'
import { FilterBar } from '../../components/filter-bar.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
import { HostFilter } from '../../components/host-select.tsx'
import { Page } from '../../components/page.tsx'
import { useChecks } from '../../data/checks.ts'
import {
  type IncidentFilter,
  useActiveIncidents,
  useIncidentPages,
  useRecoveryByIncident,
} from '../../data/incidents.ts'
import { severityWords } from '../../lib/check-status.ts'
import { byUrgency } from '../../lib/incident-words.ts'
import { incidentPath, places } from '../../lib/places.ts'
import { incidentColumns, RecoveryContext } from './incidents-columns.tsx'
import { watchedWords } from './watched-text.ts'

const states = ['active', 'resolved', 'all'] as const

export function IncidentsView(): ReactNode {
  const navigate = useNavigate()
  const [stateText, setState] = useRouteValue('state', 'active')
  const [severityText, setSeverity] = useRouteValue('severity')
  const [hostId, setHost] = useRouteValue('host')
  const [text, setText] = useRouteValue('q')
  const [sort, setSort] = useRouteValue('sort')
  const state = states.find(each => each === stateText) ?? 'active'
  const severity = Severity.safeParse(severityText).data ?? null
  const filter: IncidentFilter = { state, severity, hostId: hostId || null, text }
  const active = useActiveIncidents()
  const incidents = useIncidentPages(filter)
  const recovery = useRecoveryByIncident()
  const rows = useMemo(() => {
    const list = incidents.data?.pages.flat() ?? []
    return state === 'active' ? [...list].sort(byUrgency) : list
  }, [incidents.data, state])
  const filtered = severity !== null || hostId !== '' || text !== ''
  const clear = (): void => {
    setSeverity('')
    setHost('')
    setText('')
  }

  return (
    <Page
      title="Incidents"
      body="fill"
      actions={
        <LinkButton to={places.silences} icon={BellOff}>
          Silences and maintenance
        </LinkButton>
      }
    >
      <FilterBar>
        <FilterInput label="Filter incidents" value={text} onChange={value => setText(value)} />
        <Facets
          legend="Show only incidents that are"
          facets={[
            {
              value: 'active',
              word: 'active',
              ...(active.data ? { count: active.data.length, alarm: active.data.length > 0 } : {}),
            },
            { value: 'resolved', word: 'resolved' },
            { value: 'all', word: 'all' },
          ]}
          chosen={state}
          onChoose={value => setState(value, { push: true })}
        />
        <Facets
          legend="Show only incidents of severity"
          facets={Severity.options.toReversed().map(value => ({ value, word: severityWords[value].toLowerCase() }))}
          chosen={severity ?? ''}
          onChoose={value => setSeverity(severity === value ? '' : value, { push: true })}
        />
        <HostFilter value={hostId} onChange={value => setHost(value, { push: true })} />
      </FilterBar>
      {incidents.error && !incidents.data ? (
        <ErrorState
          error={incidents.error}
          title="The incidents could not be read"
          onRetry={() => void incidents.refetch()}
          retrying={incidents.isFetching}
        />
      ) : !incidents.data ? (
        <LoadingState label="Reading incidents" />
      ) : rows.length === 0 ? (
        <Nothing state={state} filtered={filtered} onClear={clear} onAll={() => setState('all', { push: true })} />
      ) : (
        <RecoveryContext value={recovery}>
          <DataTable<Incident>
            label="Incidents"
            rows={rows}
            rowKey={incident => incident.id}
            rowRem={3.25}
            columns={incidentColumns}
            sort={readSort(sort)}
            onSort={next => setSort(writeSort(next), { push: true })}
            onOpen={incident => void navigate(incidentPath(incident.id))}
            onEnd={() => {
              if (incidents.hasNextPage && !incidents.isFetchingNextPage) void incidents.fetchNextPage()
            }}
          />
        </RecoveryContext>
      )}
    </Page>
  )
}

function Nothing(props: {
  state: IncidentFilter['state']
  filtered: boolean
  onClear: () => void
  onAll: () => void
}): ReactNode {
  const { state, filtered, onClear, onAll } = props
  if (filtered) {
    return (
      <EmptyState icon={SearchX} title="No incident matches the filter">
        <Button onClick={onClear}>Show all of them</Button>
      </EmptyState>
    )
  }
  if (state === 'active') return <NothingWrong onAll={onAll} />
  return (
    <EmptyState
      icon={CircleCheck}
      title="There has been no incident yet"
      text="When a check fails, the trouble, what was done about it and its end are kept here."
    />
  )
}

/** Says what it is that is well: nothing is wrong with what nobody looks at, too. */
function NothingWrong(props: { onAll: () => void }): ReactNode {
  const checks = useChecks()
  if (!checks.data && !checks.error) return <LoadingState label="Reading checks" />
  const { title, text } = checks.data
    ? watchedWords(checks.data)
    : { title: 'No incident is open', text: 'What is watched could not be read.' }
  return (
    <EmptyState icon={title === 'Nothing is wrong' ? CircleCheck : CircleMinus} title={title} text={text}>
      <LinkButton to={places.checks} icon={ListChecks}>
        Show the checks
      </LinkButton>
      <Button look="quiet" onClick={props.onAll}>
        Show past incidents
      </Button>
    </EmptyState>
  )
}

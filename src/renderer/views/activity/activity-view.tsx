// What people and rules did, and how it ended. Shows the audit log and changes nothing.
import { History, SearchX } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import type { AuditEntry } from '../../../shared/model/audit.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '../../components/faces.tsx'
import { FilterBar } from '../../components/filter-bar.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
import { HostFilter } from '../../components/host-select.tsx'
import { Page } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useHosts } from '../../data/hosts.ts'
import { formatDuration, unknownValue } from '../../lib/format.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useShortcut } from '../../lib/shortcuts.ts'
import { outcomeStatus } from '../../lib/status.ts'
import css from './activity.module.css'
import { actorName, verbName } from './audit-words.ts'
import { EntryDetail } from './entry-detail.tsx'
import { useAudit } from './use-audit.ts'

export function ActivityView(): ReactNode {
  const [text, setText] = useRouteValue('q')
  const [hostId, setHostId] = useRouteValue('host')
  const [chosen, setChosen] = useRouteValue('entry')
  const hosts = useHosts()
  const audit = useAudit({ text, hostId })
  const entries = useMemo(() => audit.data?.pages.flat() ?? [], [audit.data])
  const names = useMemo(() => new Map(hosts.data?.map(view => [view.host.id, view.host.name])), [hosts.data])
  const columns = useMemo(() => columnsWith(names), [names])
  const selected = entries.find(entry => String(entry.id) === chosen)
  useShortcut(
    { keys: 'Escape', label: 'Close details', group: 'This screen', run: () => setChosen('') },
    selected !== undefined,
  )
  const filtered = text !== '' || hostId !== ''

  return (
    <Page title="Activity" body="fill" aside="What was done, by whom, and how it ended">
      <FilterBar>
        <FilterInput label="Filter activity" value={text} onChange={value => setText(value)} />
        <HostFilter value={hostId} onChange={value => setHostId(value, { push: true })} />
      </FilterBar>
      {audit.error && !audit.data ? (
        <ErrorState
          error={audit.error}
          title="The activity could not be read"
          onRetry={() => void audit.refetch()}
          retrying={audit.isFetching}
        />
      ) : !audit.data ? (
        <LoadingState label="Reading activity" />
      ) : (
        <div className={css.split}>
          <DataTable<AuditEntry>
            label="Activity"
            className={css.table}
            rows={entries}
            rowKey={entry => String(entry.id)}
            columns={columns}
            selectedKey={chosen}
            onOpen={entry => setChosen(String(entry.id), { push: !chosen })}
            onEnd={() => {
              if (audit.hasNextPage && !audit.isFetchingNextPage) void audit.fetchNextPage()
            }}
            empty={
              filtered ? (
                <NoMatch
                  onClear={() => {
                    setText('')
                    setHostId('')
                  }}
                />
              ) : (
                <NothingYet />
              )
            }
          />
          {selected && (
            <EntryDetail entry={selected} hostName={nameOf(names, selected)} onClose={() => setChosen('')} />
          )}
        </div>
      )}
    </Page>
  )
}

function NoMatch(props: { onClear: () => void }): ReactNode {
  return (
    <EmptyState icon={SearchX} title="Nothing matches the filter">
      <Button onClick={props.onClear}>Show everything</Button>
    </EmptyState>
  )
}

function NothingYet(): ReactNode {
  return (
    <EmptyState
      icon={History}
      title="Nothing has been done yet"
      text="Each restart, each change of a host and each trusted key will be listed here."
    >
      <LinkButton to={places.fleet}>Go to the fleet</LinkButton>
    </EmptyState>
  )
}

function nameOf(names: ReadonlyMap<string, string>, entry: AuditEntry): string | null {
  return entry.hostId === null ? null : (names.get(entry.hostId) ?? entry.hostId)
}

function columnsWith(names: ReadonlyMap<string, string>): readonly Column<AuditEntry>[] {
  return [
    { id: 'at', header: 'When', width: '5.5rem', cell: entry => <RelativeTime at={entry.at} /> },
    {
      id: 'outcome',
      header: 'Outcome',
      width: '6.5rem',
      cell: entry => <Status status={outcomeStatus(entry.outcome)} />,
    },
    { id: 'what', header: 'What', width: 'minmax(10rem, 2fr)', cell: entry => <What entry={entry} /> },
    {
      id: 'host',
      header: 'Host',
      width: 'minmax(5rem, 1fr)',
      cell: entry => safeText(nameOf(names, entry) ?? unknownValue),
    },
    { id: 'actor', header: 'Who', width: 'minmax(3.5rem, 0.6fr)', cell: entry => actorName(entry.actor) },
    {
      id: 'took',
      header: 'Took',
      width: '4rem',
      align: 'end',
      cell: entry => (entry.finishedAt === null ? unknownValue : formatDuration(entry.finishedAt - entry.at)),
    },
  ]
}

function What(props: { entry: AuditEntry }): ReactNode {
  const { verb, target } = props.entry
  return (
    <>
      <span className={css.verb}>{verbName(verb)}</span> {target !== null && <span>{safeText(target)}</span>}
    </>
  )
}

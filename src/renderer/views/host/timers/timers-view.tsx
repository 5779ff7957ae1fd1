// The timers of a host, the next one first, each with the service that it starts. Shows what the engine says and decides nothing.
import { SearchX, TimerOff } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'react-router'
import type { HostView } from '../../../../shared/model/host.ts'
import type { Timer } from '../../../../shared/model/unit.ts'
import { Button } from '../../../components/button.tsx'
import { type Column, DataTable, readSort, writeSort } from '../../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../../components/faces.tsx'
import { FilterInput, useRouteValue } from '../../../components/filter-input.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { Status } from '../../../components/status.tsx'
import { TabPage } from '../../../components/tab-page.tsx'
import { useEngineQuery } from '../../../data/remotes.tsx'
import { formatCount } from '../../../lib/format.ts'
import { unitPath } from '../../../lib/places.ts'
import { safeShort, safeText } from '../../../lib/safe-text.ts'
import type { StatusWord } from '../../../lib/status.ts'
import { unitKey } from '../../../lib/unit-keys.ts'
import { useHostView } from '../host-context.ts'
import { arrangeTimers, compareMoments } from './timers-order.ts'
import css from './timers-view.module.css'

/** No event tells that a timer ran; its times are asked for anew. */
const refreshMs = 15_000

export function TimersView(): ReactNode {
  const view = useHostView()
  const live = view.connection.state === 'ready'
  const timers = useEngineQuery('unit.timers', view.host.id, {
    enabled: live,
    ...(live ? { refetchInterval: refreshMs } : {}),
  })
  if (!live && timers.data === undefined) {
    return (
      <EmptyState
        icon={TimerOff}
        title="Timers are read from the host itself"
        text="They appear here once this host is connected."
      />
    )
  }
  return (
    <QueryFaces query={timers} failed="The timers could not be read" loading="Reading timers">
      {list => <Timers view={view} timers={list} live={live} />}
    </QueryFaces>
  )
}

function Timers(props: { view: HostView; timers: readonly Timer[]; live: boolean }): ReactNode {
  const { view, timers, live } = props
  const [text, setText] = useRouteValue('q')
  const [sort, setSort] = useRouteValue('sort')
  const rows = useMemo(() => arrangeTimers(timers, text), [timers, text])
  const columns = useMemo(() => timerColumns(live), [live])
  return (
    <TabPage
      bar={
        <>
          <FilterInput label="Filter timers" value={text} onChange={value => setText(value)} />
          <span className={css.count}>
            {rows.length === timers.length
              ? `${formatCount(timers.length)} ${timers.length === 1 ? 'timer' : 'timers'}`
              : `${formatCount(rows.length)} of ${formatCount(timers.length)} timers`}
          </span>
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
      <DataTable<Timer>
        label="Timers"
        rows={rows}
        rowKey={unitKey}
        columns={columns}
        sort={readSort(sort)}
        onSort={next => setSort(writeSort(next), { push: true })}
        empty={
          timers.length === 0 ? (
            <EmptyState icon={TimerOff} title="This host has no timers" />
          ) : (
            <EmptyState icon={SearchX} title="No timer matches the filter">
              <Button onClick={() => setText('')}>Show all timers</Button>
            </EmptyState>
          )
        }
      />
    </TabPage>
  )
}

function timerColumns(live: boolean): readonly Column<Timer>[] {
  return [
    {
      id: 'state',
      header: 'State',
      width: 'minmax(6.5rem, 0.8fr)',
      cell: timer => <Status status={timerStatus(timer, live)} />,
    },
    {
      id: 'name',
      header: 'Timer',
      width: 'minmax(8rem, 1.6fr)',
      compare: (a, b) => (a.name < b.name ? -1 : 1),
      cell: timer => (
        <>
          <span className={css.name}>{safeText(timer.name.replace(/\.timer$/, ''))}</span>
          {timer.scope === 'user' && <span className={css.tag}>user</span>}
        </>
      ),
    },
    {
      id: 'next',
      header: 'Next run',
      width: 'minmax(6.25rem, 0.7fr)',
      compare: (a, b) => compareMoments(a.nextAt, b.nextAt),
      cell: timer => <RelativeTime at={timer.nextAt} />,
    },
    {
      id: 'last',
      header: 'Last run',
      width: 'minmax(6.25rem, 0.7fr)',
      compare: (a, b) => compareMoments(a.lastAt, b.lastAt),
      cell: timer =>
        timer.lastAt === null ? <span className={css.pale}>never</span> : <RelativeTime at={timer.lastAt} />,
    },
    {
      id: 'activates',
      header: 'Starts',
      width: 'minmax(8rem, 1.4fr)',
      compare: (a, b) => (a.activates < b.activates ? -1 : 1),
      cell: timer => <ActivatesCell timer={timer} />,
    },
    {
      id: 'description',
      header: 'Description',
      width: 'minmax(8rem, 2fr)',
      leastRem: 52,
      cell: timer => <span className={css.pale}>{safeShort(timer.description, 160)}</span>,
    },
  ]
}

/** Only services have a page. */
function ActivatesCell(props: { timer: Timer }): ReactNode {
  const { hostId, scope, activates } = props.timer
  const name = safeText(activates)
  if (!activates.endsWith('.service')) return name
  return (
    <Link className={css.link} to={unitPath({ hostId, scope, name: activates })}>
      {name}
    </Link>
  )
}

/** What was true when the host was last seen is not what is true: grey, and said so. */
function timerStatus(timer: Timer, live: boolean): StatusWord {
  const status = stateWord(timer)
  return live
    ? status
    : { tone: 'unknown', word: `Was ${status.word.toLowerCase()}`, detail: 'As last seen; the host is not connected.' }
}

function stateWord(timer: Timer): StatusWord {
  switch (timer.activeState) {
    case 'active':
      return timer.nextAt === null
        ? {
            tone: 'healthy',
            word: 'Active',
            detail: 'Running, with no next run set: it may be waiting for its service to end.',
          }
        : { tone: 'healthy', word: 'Waiting' }
    case 'failed':
      return { tone: 'unhealthy', word: 'Failed' }
    case 'inactive':
      return { tone: 'off', word: 'Stopped', detail: 'It is not started, so that it starts nothing.' }
    default:
      return { tone: 'unknown', word: safeShort(timer.activeState, 24) || 'Unknown' }
  }
}

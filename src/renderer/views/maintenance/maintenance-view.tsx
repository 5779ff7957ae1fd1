// All scheduled maintenance, trouble first: what it does where, how it went last, and when it comes next. Shows what the engine says and decides nothing.
import { CalendarCog, Play, Plus } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import type { MaintenanceView } from '../../../shared/model/maintenance.ts'
import { IconButton, LinkButton } from '../../components/button.tsx'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import type { Column } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FilterTable } from '../../components/filter-table.tsx'
import { NextRun } from '../../components/next-run.tsx'
import { Page } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useHosts } from '../../data/hosts.ts'
import { useMaintenance, useMaintenanceKinds } from '../../data/maintenance.ts'
import { runStatus, stepsText } from '../../lib/maintenance-status.ts'
import { places, taskPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { RunTaskDialog } from './run-task-dialog.tsx'
import { comesAt, matchesTask, type TaskRow, taskRows } from './tasks-order.ts'

export function MaintenanceList(): ReactNode {
  const tasks = useMaintenance()
  return (
    <Page
      title="Maintenance"
      body="fill"
      actions={
        <LinkButton to={places.addMaintenance} look="primary" icon={Plus}>
          Add task
        </LinkButton>
      }
    >
      <QueryFaces query={tasks} failed="The maintenance tasks could not be read" loading="Reading maintenance tasks">
        {list => (list.length === 0 ? <NoTasks /> : <Tasks tasks={list} />)}
      </QueryFaces>
    </Page>
  )
}

const none: readonly never[] = []

function Tasks(props: { tasks: readonly MaintenanceView[] }): ReactNode {
  const { data: hosts = none } = useHosts()
  const { data: kinds = none } = useMaintenanceKinds()
  const rows = useMemo(() => taskRows(props.tasks, hosts, kinds), [props.tasks, hosts, kinds])
  return (
    <FilterTable<TaskRow>
      label="Maintenance tasks"
      noun="task"
      rows={rows}
      matches={matchesTask}
      rowKey={row => row.view.task.id}
      columns={columns}
      pathOf={row => taskPath(row.view.task.id)}
    />
  )
}

const columns: readonly Column<TaskRow>[] = [
  {
    id: 'task',
    header: 'Task',
    width: 'minmax(8rem, 1.4fr)',
    compare: (a, b) => a.view.task.name.localeCompare(b.view.task.name, 'en', { numeric: true }),
    cell: ({ view, hostName }) => (
      <TwoLines>
        <NameLink to={taskPath(view.task.id)}>{safeText(view.task.name)}</NameLink>
        <Pale>{safeText(hostName)}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(8.5rem, 1.6fr)',
    cell: ({ status, view: { running } }) => (
      <TwoLines>
        <Status status={status} />
        <Pale>{running?.outcome === 'running' ? stepsText(running) : safeShort(status.detail ?? '', 140)}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'does',
    header: 'Does',
    width: 'minmax(9rem, 1.4fr)',
    leastRem: 52,
    cell: ({ does }) => <Pale>{safeShort(does, 120)}</Pale>,
  },
  {
    id: 'last',
    header: 'Last run',
    width: 'minmax(5.5rem, 0.8fr)',
    compare: (a, b) => (a.view.lastRun?.startedAt ?? 0) - (b.view.lastRun?.startedAt ?? 0),
    cell: ({ view: { lastRun } }) =>
      lastRun ? (
        <TwoLines>
          <RelativeTime at={lastRun.startedAt} />
          <Pale>{runStatus(lastRun).word}</Pale>
        </TwoLines>
      ) : (
        <Pale>never</Pale>
      ),
  },
  {
    id: 'next',
    header: 'Next',
    width: 'minmax(5rem, 0.7fr)',
    compare: (a, b) => comesAt(a) - comesAt(b),
    cell: ({ view: { task, nextAt, waitsFor } }) => <NextRun of={task} at={nextAt} waitsFor={waitsFor} />,
  },
  {
    id: 'run',
    header: 'Run',
    bareHeader: true,
    width: '2.5rem',
    align: 'end',
    cell: ({ view }) => <RunNow view={view} />,
  },
]

function RunNow(props: { view: MaintenanceView }): ReactNode {
  const { task, running } = props.view
  const [asking, setAsking] = useState(false)
  return (
    <>
      <IconButton
        icon={Play}
        label={`Run ${safeText(task.name)} now`}
        disabled={running !== null && running.outcome !== 'waiting'}
        onClick={() => setAsking(true)}
      />
      {asking && <RunTaskDialog task={task} onClose={() => setAsking(false)} />}
    </>
  )
}

function NoTasks(): ReactNode {
  return (
    <EmptyState
      icon={CalendarCog}
      title="No maintenance is planned yet"
      text="A task does on a host what has to be done again and again, when few are awake: it compacts a database, deletes old logs, runs commands of yours."
    >
      <LinkButton to={places.addMaintenance} look="primary" icon={Plus}>
        Add task
      </LinkButton>
    </EmptyState>
  )
}

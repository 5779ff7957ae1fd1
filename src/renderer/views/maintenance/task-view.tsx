// One maintenance task: how it gets on, what it does, and how it went so far. Shows what the engine says and decides nothing.
import { CalendarX, Pencil, Play, Square } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import type { MaintenanceRun, MaintenanceView } from '../../../shared/model/maintenance.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { NextRun } from '../../components/next-run.tsx'
import { Notice } from '../../components/notice.tsx'
import { Columns, Fact, Facts, Page, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { RemoveButton } from '../../components/remove-button.tsx'
import { Status } from '../../components/status.tsx'
import { useHosts } from '../../data/hosts.ts'
import { useTask } from '../../data/maintenance.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { runStatus, taskStatus } from '../../lib/maintenance-status.ts'
import { checkPath, editTaskPath, hostPath, places, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { whenText } from '../../lib/schedule-words.ts'
import { unitKey, unitLabel } from '../../lib/unit-keys.ts'
import css from './maintenance.module.css'
import { PreviewPanel } from './preview-panel.tsx'
import { RunProgress } from './run-progress.tsx'
import { RunTaskDialog } from './run-task-dialog.tsx'
import { RunsPanel } from './runs-panel.tsx'

export function TaskPage(): ReactNode {
  const { taskId = '' } = useParams()
  const task = useTask(taskId)
  if (task.data) return <Loaded key={taskId} view={task.data} />
  return (
    <Page title="Maintenance task">
      <QueryFaces query={task} failed="The task could not be read" loading="Reading task" missing={<NoSuchTask />}>
        {() => null}
      </QueryFaces>
    </Page>
  )
}

export function NoSuchTask(): ReactNode {
  return (
    <EmptyState icon={CalendarX} title="There is no such task">
      <LinkButton to={places.maintenance}>Show all tasks</LinkButton>
    </EmptyState>
  )
}

function Loaded(props: { view: MaintenanceView }): ReactNode {
  const { view } = props
  const { task, running, lastRun, problem } = view
  const shown = running ?? lastRun
  return (
    <Page
      title={safeText(task.name)}
      aside={<Status status={taskStatus(view)} look="pill" />}
      actions={<Buttons view={view} />}
    >
      <Columns>
        <div>
          {problem !== null && running === null && (
            <Notice tone="unhealthy" title="This task needs attention">
              <p>{safeText(problem)}</p>
            </Notice>
          )}
          {shown && (
            <Panel title={titleOf(running)} aside={<Standing run={shown} />}>
              <RunProgress run={shown} />
            </Panel>
          )}
          <PreviewPanel task={task} lastRunId={lastRun?.id ?? null} />
        </div>
        <div>
          <AboutPanel view={view} />
          <RunsPanel taskId={task.id} />
        </div>
      </Columns>
    </Page>
  )
}

function titleOf(running: MaintenanceRun | null): string {
  if (running === null) return 'Last run'
  return running.outcome === 'waiting' ? 'Waiting' : 'Under way'
}

function Standing(props: { run: MaintenanceRun }): ReactNode {
  const { run } = props
  return (
    <div className={css.line}>
      <span aria-live="polite">
        <Status status={runStatus(run)} />
      </span>
      <Pale>
        begun <RelativeTime at={run.startedAt} />
      </Pale>
    </div>
  )
}

function Buttons(props: { view: MaintenanceView }): ReactNode {
  const { task, running } = props.view
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const cancel = useEngineCommand('maintenance.cancel')
  const again = useEngineCommand('maintenance.run')
  const remove = useEngineCommand('maintenance.remove')
  const error = cancel.error ?? again.error
  return (
    <>
      {error && <FieldError>{errorText(error)}</FieldError>}
      {running?.outcome === 'waiting' && (
        <Button icon={Play} loading={again.isPending} onClick={() => again.mutate(task.id)}>
          Try now
        </Button>
      )}
      {running ? (
        <Button icon={Square} loading={cancel.isPending} onClick={() => cancel.mutate(running.id)}>
          Cancel
        </Button>
      ) : (
        <Button look="primary" icon={Play} onClick={() => setAsking(true)}>
          Run now
        </Button>
      )}
      <LinkButton to={editTaskPath(task.id)} icon={Pencil}>
        Edit
      </LinkButton>
      <RemoveButton
        name={task.name}
        noun="task"
        busy={remove.isPending}
        error={remove.error}
        onRemove={() => remove.mutate(task.id, { onSuccess: () => void navigate(places.maintenance) })}
      >
        <p>
          It is no longer run, and its history is forgotten.
          {running && ' What is under way of it is cancelled first.'}
        </p>
      </RemoveButton>
      {asking && <RunTaskDialog task={task} onClose={() => setAsking(false)} />}
    </>
  )
}

function AboutPanel(props: { view: MaintenanceView }): ReactNode {
  const { task, nextAt, lastDoneAt, waitsFor } = props.view
  const { data: hosts = [] } = useHosts()
  const host = hosts.find(view => view.host.id === task.hostId)?.host
  return (
    <Panel title="What it is">
      <Facts>
        <Fact name="Runs">
          {task.schedule ? safeText(whenText(task.schedule)) : 'by hand'}
          {task.enabled ? null : ' (switched off)'}
        </Fact>
        {nextAt !== null && (
          <Fact name="Next">
            <NextRun of={task} at={nextAt} waitsFor={waitsFor} />
          </Fact>
        )}
        <Fact name="Last done">
          <RelativeTime at={lastDoneAt} none="never" />
        </Fact>
        <Fact name="Host">{host ? <Link to={hostPath(host.id)}>{safeText(host.name)}</Link> : task.hostId}</Fact>
        {task.stopUnits.length > 0 && (
          <Fact name="Stopped meanwhile">
            {task.stopUnits.map(unit => (
              <div key={unitKey(unit)}>
                <Link to={unitPath({ hostId: task.hostId, ...unit })}>{safeText(unitLabel(unit))}</Link>
              </div>
            ))}
          </Fact>
        )}
        <Fact name="Alerts by">
          <Link to={checkPath(task.checkId)}>its check</Link>
        </Fact>
      </Facts>
    </Panel>
  )
}

// The runs of a task, newest first, each with what was found.
import type { ReactNode } from 'react'
import type { MaintenanceRun } from '../../../shared/model/maintenance.ts'
import { Pale } from '../../components/cells.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useTaskRuns } from '../../data/maintenance.ts'
import { formatDuration } from '../../lib/format.ts'
import { runStatus } from '../../lib/maintenance-status.ts'
import css from './maintenance.module.css'
import { RunProgress } from './run-progress.tsx'

const reasons: Record<MaintenanceRun['reason'], string> = {
  schedule: 'On schedule',
  'catch-up': 'Made up for',
  person: 'By hand',
}

export function RunsPanel(props: { taskId: string }): ReactNode {
  const runs = useTaskRuns(props.taskId)
  return (
    <Panel title="What was done">
      <QueryFaces query={runs} failed="The runs could not be read">
        {list =>
          list.length === 0 ? (
            <Pale>Nothing so far.</Pale>
          ) : (
            <ul className={css.list}>
              {list.map(run => (
                <RunLine key={run.id} run={run} />
              ))}
            </ul>
          )
        }
      </QueryFaces>
    </Panel>
  )
}

function RunLine(props: { run: MaintenanceRun }): ReactNode {
  const { run } = props
  return (
    <li className={css.run}>
      <div className={css.line}>
        <span>{reasons[run.reason]}</span>
        <Status status={runStatus(run)} />
        <Pale>
          <RelativeTime at={run.startedAt} />
          {run.finishedAt !== null && `, took ${formatDuration(run.finishedAt - run.startedAt)}`}
        </Pale>
      </div>
      <details>
        <summary>
          <Pale>What was found</Pale>
        </summary>
        <div className={css.steps}>
          <RunProgress run={run} />
        </div>
      </details>
    </li>
  )
}

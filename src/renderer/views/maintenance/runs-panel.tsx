// The runs of a task, newest first, each with what was found.
import type { ReactNode } from 'react'
import type { MaintenanceRun } from '../../../shared/model/maintenance.ts'
import { Pale } from '../../components/cells.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RunItem } from '../../components/run-item.tsx'
import { useTaskRuns } from '../../data/maintenance.ts'
import { runStatus } from '../../lib/maintenance-status.ts'
import css from './maintenance.module.css'
import { RunProgress } from './run-progress.tsx'

const reasons: Record<MaintenanceRun['reason'], string> = {
  schedule: 'On schedule',
  'catch-up': 'After a missed one',
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
              {list.map((run, index) => (
                <RunItem
                  key={run.id}
                  newest={index === 0}
                  what={reasons[run.reason]}
                  status={runStatus(run)}
                  startedAt={run.startedAt}
                  finishedAt={run.finishedAt}
                  found={<RunProgress run={run} />}
                />
              ))}
            </ul>
          )
        }
      </QueryFaces>
    </Panel>
  )
}

// The screens on which a maintenance task is made or changed.
import type { ReactNode } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { localHostId } from '../../../shared/model/host.ts'
import {
  type MaintenanceDraft,
  type MaintenanceKind,
  quietCron,
  MaintenanceDraft as Schema,
} from '../../../shared/model/maintenance.ts'
import { QueryFaces } from '../../components/faces.tsx'
import { Page } from '../../components/page.tsx'
import { useMaintenanceKinds, useTask } from '../../data/maintenance.ts'
import { localZone } from '../../lib/local-zone.ts'
import { TaskForm } from './task-form.tsx'
import { NoSuchTask } from './task-view.tsx'

/** `?host=…` starts on that host. */
export function NewTaskView(): ReactNode {
  const kinds = useMaintenanceKinds()
  const [params] = useSearchParams()
  return (
    <Page title="Add maintenance task" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of steps could not be read">
        {known => <TaskForm task={null} draft={freshDraft(params.get('host'))} kinds={known.toSorted(byUse)} />}
      </QueryFaces>
    </Page>
  )
}

export function EditTaskView(): ReactNode {
  const { taskId = '' } = useParams()
  const kinds = useMaintenanceKinds()
  const task = useTask(taskId)
  return (
    <Page title="Edit maintenance task" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of steps could not be read">
        {known => (
          <QueryFaces query={task} failed="The task could not be read" missing={<NoSuchTask />}>
            {view => {
              const { id, createdAt: _, checkId: __, stored: ___, ...draft } = view.task
              return <TaskForm key={id} task={view.task} draft={draft} kinds={known.toSorted(byUse)} />
            }}
          </QueryFaces>
        )}
      </QueryFaces>
    </Page>
  )
}

/** What can tell what it would meet is what maintenance is mostly made of. */
const byUse = (a: MaintenanceKind, b: MaintenanceKind): number => Number(b.previews) - Number(a.previews)

/** Every night when few are awake. What is done is the person's to say. */
function freshDraft(hostId: string | null): MaintenanceDraft {
  return {
    ...Schema.omit({ steps: true }).parse({
      name: 'Maintenance',
      hostId: hostId ?? localHostId,
      schedule: { cron: quietCron, zone: localZone() },
    }),
    steps: [],
  }
}

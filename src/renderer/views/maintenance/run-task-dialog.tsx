// Asks before a task is run by hand: what it would do and meet now; where it takes something away for good, its name is to be typed. Runs nothing itself.
import { type ReactNode, useEffect } from 'react'
import type { MaintenanceTask } from '../../../shared/model/maintenance.ts'
import { Pale } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { useMaintenanceKinds } from '../../data/maintenance.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'
import { unitLabel } from '../../lib/unit-keys.ts'
import { PreviewList } from './preview-list.tsx'
import { isRisky } from './risk.ts'
import { isLooked, usePreview } from './use-preview.ts'

export function RunTaskDialog(props: { task: MaintenanceTask; onClose: () => void }): ReactNode {
  const { task, onClose } = props
  const { data: kinds = [] } = useMaintenanceKinds()
  const { preview, look } = usePreview()
  const run = useEngineCommand('maintenance.run')
  const risky = isRisky(task.steps, kinds)
  // by what they hold: each change of the task's state brings them anew
  const { id, hostId } = task
  const steps = JSON.stringify(task.steps)
  useEffect(() => {
    void look({ id, hostId, steps: JSON.parse(steps), secrets: {} })
  }, [look, id, hostId, steps])
  return (
    <ConfirmDialog
      open
      title={`Run ${safeText(task.name)} now?`}
      action="Run now"
      danger={risky}
      {...(risky ? { typedName: task.name } : {})}
      ready={isLooked(preview)}
      busy={run.isPending}
      error={run.error}
      onClose={onClose}
      onConfirm={() => run.mutate(task.id, { onSuccess: onClose })}
    >
      <PreviewList preview={preview} />
      {task.stopUnits.length > 0 && (
        <Pale>
          {safeText(task.stopUnits.map(unitLabel).join(', '))} {task.stopUnits.length === 1 ? 'is' : 'are'} stopped
          meanwhile, if running, and started again whatever becomes of it.
        </Pale>
      )}
    </ConfirmDialog>
  )
}

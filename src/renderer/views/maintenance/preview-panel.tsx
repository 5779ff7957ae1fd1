// What a task would do if it were run now, looked up when somebody asks: a look costs the host something, and says nothing of what was run or changed since.
import { Eye } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { MaintenanceTask } from '../../../shared/model/maintenance.ts'
import { Button } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { Panel } from '../../components/page.tsx'
import { useMaintenanceKinds } from '../../data/maintenance.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './maintenance.module.css'
import { PreviewList } from './preview-list.tsx'
import { usePreview } from './use-preview.ts'

export function PreviewPanel(props: { task: MaintenanceTask; lastRunId: string | null }): ReactNode {
  const { task, lastRunId } = props
  const { id, hostId, steps } = task
  const { data: kinds = [] } = useMaintenanceKinds()
  const { preview, look } = usePreview()
  const asOf = JSON.stringify([lastRunId, steps])
  const [lookedAt, setLookedAt] = useState('')
  return (
    <Panel
      title="What it does"
      aside={
        <Button
          size="small"
          icon={Eye}
          loading={preview.state === 'looking'}
          onClick={() => {
            setLookedAt(asOf)
            void look({ id, hostId, steps, secrets: {} })
          }}
        >
          See what it would do now
        </Button>
      }
    >
      {preview.state === 'none' || lookedAt !== asOf ? (
        <ol className={css.list}>
          {steps.map(({ key, type }, index) => {
            const kind = kinds.find(each => each.type === type)
            return (
              <li key={key} className={css.part}>
                <span>
                  {index + 1}. {safeText(kind?.title ?? type)}
                </span>
                {kind && <Pale>{safeText(kind.description)}</Pale>}
              </li>
            )
          })}
        </ol>
      ) : (
        <PreviewList preview={preview} />
      )}
    </Panel>
  )
}

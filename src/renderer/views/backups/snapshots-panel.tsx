// The snapshots of a backup, newest first, with what can be done with each. Shows what the engine says and decides nothing.
import { FolderSearch, RotateCcw, ShieldQuestion, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Backup, Snapshot } from '../../../shared/model/backup.ts'
import { IconButton, LinkButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useSnapshots, useTargets } from '../../data/backups.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { snapshotStatus } from '../../lib/backup-status.ts'
import { errorText } from '../../lib/error-text.ts'
import { formatBytes } from '../../lib/format.ts'
import { restorePath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './backups.module.css'
import { ItemsDialog } from './items-dialog.tsx'

export function SnapshotsPanel(props: { backup: Backup }): ReactNode {
  const snapshots = useSnapshots(props.backup.id)
  return (
    <Panel title="Snapshots" flush>
      <QueryFaces query={snapshots} failed="The snapshots could not be read" loading="Reading snapshots">
        {list =>
          list.length === 0 ? (
            <p className={css.none}>None yet. “Back up now” takes the first.</p>
          ) : (
            <div className={css.scroller}>
              <table className={css.grid}>
                <thead>
                  <tr>
                    <th scope="col">Taken</th>
                    <th scope="col">State</th>
                    <th scope="col">Place</th>
                    <th scope="col" className={css.number}>
                      Size
                    </th>
                    <th scope="col">
                      <span className="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list.map(snapshot => (
                    <SnapshotRow key={snapshot.id} backup={props.backup} snapshot={snapshot} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </QueryFaces>
    </Panel>
  )
}

function SnapshotRow(props: { backup: Backup; snapshot: Snapshot }): ReactNode {
  const { backup, snapshot } = props
  const { manifest } = snapshot
  const { data: targets = [] } = useTargets()
  const [open, setOpen] = useState<'items' | 'remove' | null>(null)
  const verify = useEngineCommand('snapshot.verify')
  const remove = useEngineCommand('snapshot.remove')
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0)
  const close = (): void => setOpen(null)
  return (
    <tr>
      <th scope="row">
        <RelativeTime at={manifest.startedAt} />
      </th>
      <td>
        <Status status={snapshotStatus(snapshot)} />
        {verify.error && <FieldError>{errorText(verify.error)}</FieldError>}
      </td>
      <td>
        {safeText(targets.find(({ target }) => target.id === snapshot.targetId)?.target.name ?? snapshot.targetId)}
      </td>
      <td className={css.number}>{formatBytes(bytes)}</td>
      <td className={css.number}>
        {snapshot.state === 'good' && (
          <LinkButton size="small" icon={RotateCcw} to={restorePath(backup.id, snapshot.id)}>
            Restore
          </LinkButton>
        )}
        <IconButton size="small" icon={FolderSearch} label="What is in it" onClick={() => setOpen('items')} />
        <IconButton
          size="small"
          icon={ShieldQuestion}
          label="Hash it again"
          loading={verify.isPending}
          onClick={() => verify.mutate(snapshot.id)}
        />
        <IconButton size="small" icon={Trash2} label="Remove snapshot" onClick={() => setOpen('remove')} />
        {open === 'items' && <ItemsDialog snapshot={snapshot} onClose={close} />}
        <ConfirmDialog
          open={open === 'remove'}
          title="Remove this snapshot?"
          action="Remove snapshot"
          typedName={manifest.name}
          busy={remove.isPending}
          error={remove.error}
          onClose={close}
          onConfirm={() => remove.mutate(snapshot.id, { onSuccess: close })}
        >
          <p>Its files are removed from where it is kept. It cannot be brought back.</p>
        </ConfirmDialog>
      </td>
    </tr>
  )
}

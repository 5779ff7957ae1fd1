// Snapshots as a table, with what can be done with each. Shows what the engine says and decides nothing.
import { FolderSearch, KeyRound, RotateCcw, ShieldQuestion, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { OrphanSnapshot, Snapshot } from '../../../shared/model/snapshot.ts'
import { Button, IconButton, LinkButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { FieldError } from '../../components/field.tsx'
import { NumberCell, PlainTable } from '../../components/plain-table.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useEngineCommand } from '../../data/remotes.tsx'
import { snapshotStatus, snapshotText } from '../../lib/backup-status.ts'
import { errorText } from '../../lib/error-text.ts'
import { formatBytes } from '../../lib/format.ts'
import { restorePath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { ItemsDialog } from './items-dialog.tsx'
import { UnlockDialog } from './unlock-dialog.tsx'

export interface SnapshotLine {
  readonly snapshot: Snapshot
  /** What tells it from the others beside its time: where it lies, or of what it is. */
  readonly about: string
  readonly missingKey: OrphanSnapshot['missingKey']
}

export function SnapshotTable(props: { lines: readonly SnapshotLine[]; about: string }): ReactNode {
  return (
    <PlainTable
      columns={[
        { name: 'Taken' },
        { name: 'State' },
        { name: props.about },
        { name: 'Size', number: true },
        { name: 'Actions', number: true, bare: true },
      ]}
    >
      {props.lines.map(line => (
        <Row key={line.snapshot.id} {...line} />
      ))}
    </PlainTable>
  )
}

function Row(props: SnapshotLine): ReactNode {
  const { snapshot, about, missingKey } = props
  const { manifest } = snapshot
  const [open, setOpen] = useState<'items' | 'remove' | 'unlock' | null>(null)
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
      <td>{safeText(about)}</td>
      <NumberCell>{formatBytes(bytes)}</NumberCell>
      <NumberCell>
        {missingKey !== null && (
          <Button size="small" icon={KeyRound} onClick={() => setOpen('unlock')}>
            Unlock
          </Button>
        )}
        {missingKey === null && snapshot.state === 'good' && (
          <LinkButton size="small" icon={RotateCcw} to={restorePath(manifest.backupId, snapshot.id)}>
            Restore
          </LinkButton>
        )}
        {missingKey === null && (
          <IconButton size="small" icon={FolderSearch} label="What is in it" onClick={() => setOpen('items')} />
        )}
        <IconButton
          size="small"
          icon={ShieldQuestion}
          label="Verify again"
          loading={verify.isPending}
          onClick={() => verify.mutate(snapshot.id)}
        />
        <IconButton size="small" icon={Trash2} label="Remove snapshot" onClick={() => setOpen('remove')} />
        {open === 'items' && <ItemsDialog snapshot={snapshot} onClose={close} />}
        {open === 'unlock' && missingKey !== null && (
          <UnlockDialog snapshot={snapshot} missing={missingKey} onClose={close} />
        )}
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
          <p>{safeText(snapshotText(manifest))}</p>
          <p>Its files are removed from where it is kept. It cannot be brought back.</p>
        </ConfirmDialog>
      </NumberCell>
    </tr>
  )
}

// Restarting a service from the palette: the command first, then the click, then the outcome as a message.
import type { ReactNode } from 'react'
import type { Unit } from '../../../shared/model/unit.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { useEngineCommand, useEngineQuery } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'

export function RestartDialog(props: { unit: Unit; hostName: string; onClose: () => void }): ReactNode {
  const { unit, hostName, onClose } = props
  const act = { hostId: unit.hostId, scope: unit.scope, name: unit.name, verb: 'restart' as const }
  const preview = useEngineQuery('action.preview', act)
  const run = useEngineCommand('action.run')
  return (
    <ConfirmDialog
      open
      title={`Restart ${safeText(unit.name)}?`}
      action="Restart"
      danger={false}
      busy={run.isPending}
      error={run.error ?? preview.error}
      {...(preview.data ? { command: preview.data.command } : {})}
      onClose={onClose}
      onConfirm={() => run.mutate(act, { onSuccess: onClose })}
    >
      <p>
        On {safeText(hostName)}.{' '}
        {safeText(preview.data?.consequence ?? 'What it is doing now is interrupted for a moment.')}
      </p>
    </ConfirmDialog>
  )
}

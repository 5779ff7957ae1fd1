// The screens on which a backup is made or changed; a new one of a service starts from what the engine found it to need.
import type { ReactNode } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { type BackupDraft, localTargetId, BackupDraft as Schema } from '../../../shared/model/backup.ts'
import { localHostId } from '../../../shared/model/host.ts'
import { UnitRef } from '../../../shared/model/unit.ts'
import { QueryFaces } from '../../components/faces.tsx'
import { Page } from '../../components/page.tsx'
import { useBackup, useBackupKinds } from '../../data/backups.ts'
import { useEngineQuery } from '../../data/remotes.tsx'
import { localZone } from '../../lib/local-zone.ts'
import { unitOfKey } from '../../lib/unit-of-key.ts'
import { BackupForm } from './backup-form.tsx'
import { NoSuchBackup } from './backup-view.tsx'

/** `?host=…&unit=system/…` starts from the service's own proposal. */
export function NewBackupView(): ReactNode {
  const kinds = useBackupKinds()
  const [params] = useSearchParams()
  const unit = UnitRef.safeParse({ hostId: params.get('host'), ...unitOfKey(params.get('unit') ?? '') }).data
  return (
    <Page title="Add backup" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of sources could not be read">
        {known =>
          unit ? (
            <Proposed unit={unit} kinds={known} />
          ) : (
            <BackupForm backup={null} draft={freshDraft(params.get('host'))} kinds={known} reasons={{}} />
          )
        }
      </QueryFaces>
    </Page>
  )
}

function Proposed(props: { unit: UnitRef; kinds: Parameters<typeof BackupForm>[0]['kinds'] }): ReactNode {
  const proposal = useEngineQuery('backup.propose', props.unit)
  return (
    <QueryFaces query={proposal} failed="What the service needs could not be found" loading="Looking at the service">
      {({ draft, reasons }) => <BackupForm backup={null} draft={draft} kinds={props.kinds} reasons={reasons} />}
    </QueryFaces>
  )
}

export function EditBackupView(): ReactNode {
  const { backupId = '' } = useParams()
  const kinds = useBackupKinds()
  const view = useBackup(backupId)
  return (
    <Page title="Edit backup" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of sources could not be read">
        {known => (
          <QueryFaces query={view} failed="The backup could not be read" missing={<NoSuchBackup />}>
            {({ backup }) => {
              const { id, createdAt: _, checkId: __, stored: ___, ...draft } = backup
              return <BackupForm key={id} backup={backup} draft={draft} kinds={known} reasons={{}} />
            }}
          </QueryFaces>
        )}
      </QueryFaces>
    </Page>
  )
}

/** Nightly, the last seven, on this computer: what most people want. What is backed up is theirs to say. */
function freshDraft(hostId: string | null): BackupDraft {
  return {
    ...Schema.omit({ sources: true }).parse({
      name: 'Backup',
      hostId: hostId ?? localHostId,
      targets: [localTargetId],
      schedule: { cron: '0 3 * * *', zone: localZone() },
      retention: {},
    }),
    sources: [],
  }
}

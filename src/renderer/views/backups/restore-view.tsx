// The way back: which parts, to where, what will happen, typed confirmation, then how it goes. Looks at the host by the engine; decides nothing.
import { ArchiveX, KeyRound } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import type { RestoreDraft, RestoreRun } from '../../../shared/model/restore.ts'
import type { Snapshot } from '../../../shared/model/snapshot.ts'
import { Button, ButtonRow, LinkButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { CheckField } from '../../components/field.tsx'
import { Columns, Page, Panel } from '../../components/page.tsx'
import { useBackups, useMissingKeys, useRestorePlan, useRestores, useSnapshots } from '../../data/backups.ts'
import { useHosts } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { snapshotText } from '../../lib/backup-status.ts'
import { formatExact } from '../../lib/format.ts'
import { backupPath, places, targetPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useSettled } from '../../lib/use-settled.ts'
import css from './backups.module.css'
import { Destination, elsewhere, Parts } from './restore-fields.tsx'
import { RestorePlanPanel } from './restore-plan-panel.tsx'
import { RestoreProgress } from './restore-progress.tsx'
import { UnlockDialog } from './unlock-dialog.tsx'

export function RestorePage(): ReactNode {
  const { backupId = '' } = useParams()
  const [params] = useSearchParams()
  const snapshots = useSnapshots(backupId)
  return (
    <Page title="Restore" body="scroll">
      <QueryFaces query={snapshots} failed="The snapshots could not be read" loading="Reading snapshots">
        {list => {
          const snapshot = list.find(({ id }) => id === params.get('snapshot'))
          if (!snapshot)
            return (
              <EmptyState icon={ArchiveX} title="There is no such snapshot">
                <LinkButton to={places.backups}>Show all backups</LinkButton>
              </EmptyState>
            )
          return <Restore key={snapshot.id} snapshot={snapshot} backupId={backupId} />
        }}
      </QueryFaces>
    </Page>
  )
}

function Restore(props: { snapshot: Snapshot; backupId: string }): ReactNode {
  const { snapshot, backupId } = props
  const backups = useBackups()
  const restores = useRestores(backupId)
  return (
    <QueryFaces query={backups} failed="The backups could not be read" loading="Reading backups">
      {known => (
        <QueryFaces query={restores} failed="The restores could not be read" loading="Reading restores">
          {runs => (
            // What belongs to no backup here cannot be backed up before it is replaced.
            <Way snapshot={snapshot} runs={runs} orphan={!known.some(({ backup }) => backup.id === backupId)} />
          )}
        </QueryFaces>
      )}
    </QueryFaces>
  )
}

/** One that is under way already is shown to whoever comes back. */
function Way(props: { snapshot: Snapshot; runs: readonly RestoreRun[]; orphan: boolean }): ReactNode {
  const { snapshot, runs, orphan } = props
  const [started, setStarted] = useState<RestoreRun | null>(
    () => runs.find(({ draft, outcome }) => draft.snapshotId === snapshot.id && outcome === 'running') ?? null,
  )
  const back = orphan ? targetPath(snapshot.targetId) : backupPath(snapshot.manifest.backupId)
  if (started) {
    // until the list has heard of it, it stands as it was begun
    const run = runs.find(({ id }) => id === started.id) ?? started
    return <Going snapshot={snapshot} run={run} back={back} onAgain={() => setStarted(null)} />
  }
  const [newest] = runs
  return (
    <Wizard
      snapshot={snapshot}
      orphan={orphan}
      back={back}
      damaged={newest !== undefined && failedToBackUp(newest)}
      onStarted={setStarted}
    />
  )
}

/** Then a person may know that what is there now is damaged itself. */
function failedToBackUp(run: RestoreRun): boolean {
  return run.steps.some(({ step, outcome }) => step === 'back-up' && outcome === 'failed')
}

function Going(props: { snapshot: Snapshot; run: RestoreRun; back: string; onAgain: () => void }): ReactNode {
  const { snapshot, run, back, onAgain } = props
  const cancel = useEngineCommand('restore.cancel')
  const swapping = run.steps.some(({ step, outcome }) => step === 'swap' && outcome !== 'skipped')
  return (
    <div className={css.form}>
      <Panel title="How it goes" aside={<Pale>{safeText(snapshotText(snapshot.manifest))}</Pale>}>
        <RestoreProgress run={run} />
      </Panel>
      <ButtonRow>
        {run.outcome === 'running' && (
          <Button loading={cancel.isPending} disabled={swapping} onClick={() => cancel.mutate(run.id)}>
            Cancel
          </Button>
        )}
        {run.outcome !== 'running' && run.outcome !== 'restored' && <Button onClick={onAgain}>Try again</Button>}
        <LinkButton to={back}>Back to the snapshots</LinkButton>
      </ButtonRow>
    </div>
  )
}

function Wizard(props: {
  snapshot: Snapshot
  /** Its backup is not set up here: it can go to another place only. */
  orphan: boolean
  back: string
  /** What is there now could not be backed up before. */
  damaged: boolean
  onStarted: (run: RestoreRun) => void
}): ReactNode {
  const { snapshot, orphan, back, damaged, onStarted } = props
  const { manifest } = snapshot
  const { data: hosts = [] } = useHosts()
  const [draft, setDraft] = useState<RestoreDraft>({
    snapshotId: snapshot.id,
    parts: manifest.parts.map(({ key }) => key),
    to: orphan ? elsewhere(snapshot, hosts) : { kind: 'in-place' },
    despiteIdentity: false,
    despiteDamage: false,
  })
  const [asking, setAsking] = useState(false)
  const [unlocking, setUnlocking] = useState(false)
  const keys = useMissingKeys(manifest.backupId)
  const missing = keys.data?.[snapshot.id] ?? null
  const complete = draft.parts.length > 0 && (draft.to.kind === 'in-place' || draft.to.place.trim() !== '')
  // a place that is being typed is not looked at letter by letter
  const settled = useSettled(complete ? draft : null, draft, 500)
  const plan = useRestorePlan(settled, complete)
  const run = useEngineCommand('restore.run')
  const blocked = plan.data === undefined || plan.data.problems.length > 0 || settled !== draft
  const differs = plan.data?.parts.some(part => !part.sameIdentity) ?? false
  return (
    <>
      <Columns wider="second">
        <div>
          <Panel title={safeText(snapshotText(manifest))}>
            <Parts snapshot={snapshot} draft={draft} onChange={setDraft} />
            <Destination snapshot={snapshot} orphan={orphan} draft={draft} onChange={setDraft} />
            {differs && draft.to.kind === 'in-place' && (
              <CheckField
                label="Restore it although this is not what was backed up"
                help="The host or the database is another one than that of the snapshot."
                checked={draft.despiteIdentity}
                onChange={event => setDraft({ ...draft, despiteIdentity: event.target.checked })}
              />
            )}
            {damaged && draft.to.kind === 'in-place' && (
              <CheckField
                label="Go on where what is there now is damaged itself"
                help="It could not be backed up well before. Without a good backup of it, it is only kept beside."
                checked={draft.despiteDamage}
                onChange={event => setDraft({ ...draft, despiteDamage: event.target.checked })}
              />
            )}
          </Panel>
          <ButtonRow>
            {missing !== null && (
              <Button look="primary" icon={KeyRound} onClick={() => setUnlocking(true)}>
                Unlock
              </Button>
            )}
            <Button
              look={draft.to.kind === 'in-place' ? 'danger' : 'primary'}
              disabled={blocked || (differs && draft.to.kind === 'in-place' && !draft.despiteIdentity)}
              onClick={() => setAsking(true)}
            >
              Restore…
            </Button>
            <LinkButton to={back} look="quiet">
              Cancel
            </LinkButton>
          </ButtonRow>
        </div>
        <div>
          {complete ? (
            <QueryFaces
              query={plan}
              failed="What would happen could not be found out"
              loading="Looking at what is there now"
            >
              {found => <RestorePlanPanel plan={found} />}
            </QueryFaces>
          ) : (
            <Panel title="What will happen">
              <Pale>Choose what is to be restored, and where to.</Pale>
            </Panel>
          )}
        </div>
      </Columns>
      {unlocking && missing !== null && (
        <UnlockDialog
          snapshot={snapshot}
          missing={missing}
          onClose={() => {
            setUnlocking(false)
            // it may be open now, and then nothing speaks against the restore any more
            void keys.refetch()
            void plan.refetch()
          }}
        />
      )}
      {plan.data && (
        <ConfirmDialog
          open={asking}
          title={`Restore ${safeText(manifest.backupName)}?`}
          action="Restore"
          typedName={plan.data.confirm}
          danger={draft.to.kind === 'in-place'}
          busy={run.isPending}
          error={run.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            run.mutate({ draft, typed: plan.data.confirm }, { onSuccess: started => onStarted(started) })
          }
        >
          <p>
            {`As it was ${formatExact(manifest.startedAt)}. `}
            {draft.to.kind === 'in-place'
              ? draft.despiteDamage
                ? 'What is there now is replaced in one step even where no good backup of it can be made. It is kept beside until you drop it.'
                : 'What is there now is backed up and verified first, then replaced in one step, and kept until you drop it.'
              : 'Nothing that is there is replaced.'}
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

// The way back: which parts, to where, what will happen, typed confirmation, then how it goes. Looks at the host by the engine; decides nothing.
import { ArchiveX } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import type { RestoreDraft, RestoreRun, Snapshot } from '../../../shared/model/backup.ts'
import { Button, ButtonRow, LinkButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { CheckField, Choices, TextField } from '../../components/field.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { ManyOf } from '../../components/many-of.tsx'
import { Columns, Page, Panel } from '../../components/page.tsx'
import { useRestorePlan, useRestores, useSnapshots } from '../../data/backups.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { formatBytes, formatExact } from '../../lib/format.ts'
import { backupPath, places } from '../../lib/places.ts'
import { useSettled } from '../../lib/use-settled.ts'
import css from './backups.module.css'
import { RestorePlanPanel } from './restore-plan-panel.tsx'
import { RestoreProgress } from './restore-progress.tsx'

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
  const [runId, setRunId] = useState<string | null>(null)
  const restores = useRestores(backupId)
  const run = restores.data?.find(({ id }) => id === runId)
  if (runId !== null) return run ? <Going run={run} backupId={backupId} /> : null
  return <Wizard snapshot={snapshot} backupId={backupId} onStarted={started => setRunId(started.id)} />
}

function Going(props: { run: RestoreRun; backupId: string }): ReactNode {
  const { run, backupId } = props
  const cancel = useEngineCommand('restore.cancel')
  const swapping = run.steps.some(({ step, outcome }) => step === 'swap' && outcome !== 'skipped')
  return (
    <div className={css.form}>
      <Panel title="How it goes">
        <RestoreProgress run={run} />
      </Panel>
      <ButtonRow>
        {run.outcome === 'running' && (
          <Button loading={cancel.isPending} disabled={swapping} onClick={() => cancel.mutate(run.id)}>
            Cancel
          </Button>
        )}
        <LinkButton to={backupPath(backupId)}>Back to the backup</LinkButton>
      </ButtonRow>
    </div>
  )
}

function Wizard(props: { snapshot: Snapshot; backupId: string; onStarted: (run: RestoreRun) => void }): ReactNode {
  const { snapshot, backupId, onStarted } = props
  const { manifest } = snapshot
  const [draft, setDraft] = useState<RestoreDraft>({
    snapshotId: snapshot.id,
    parts: manifest.parts.map(({ key }) => key),
    to: { kind: 'in-place' },
    despiteIdentity: false,
    despiteDamage: false,
  })
  const [asking, setAsking] = useState(false)
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
          <Panel title={`Taken ${formatExact(manifest.startedAt)}`}>
            <Parts snapshot={snapshot} draft={draft} onChange={setDraft} />
            <Destination snapshot={snapshot} draft={draft} onChange={setDraft} />
            {differs && draft.to.kind === 'in-place' && (
              <CheckField
                label="Restore it although this is not what was backed up"
                help="The host or the database is another one than that of the snapshot."
                checked={draft.despiteIdentity}
                onChange={event => setDraft({ ...draft, despiteIdentity: event.target.checked })}
              />
            )}
          </Panel>
          <ButtonRow>
            <Button
              look={draft.to.kind === 'in-place' ? 'danger' : 'primary'}
              disabled={blocked || (differs && draft.to.kind === 'in-place' && !draft.despiteIdentity)}
              onClick={() => setAsking(true)}
            >
              Restore…
            </Button>
            <LinkButton to={backupPath(backupId)} look="quiet">
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
      {plan.data && (
        <ConfirmDialog
          open={asking}
          title="Restore?"
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
            {draft.to.kind === 'in-place'
              ? 'What is there now is backed up and verified first, then replaced in one step, and kept until you drop it.'
              : 'Nothing that is there is replaced.'}
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

type DraftProps = { snapshot: Snapshot; draft: RestoreDraft; onChange: (draft: RestoreDraft) => void }

function Parts(props: DraftProps): ReactNode {
  const { snapshot, draft, onChange } = props
  return (
    <ManyOf
      label="What"
      options={snapshot.manifest.parts.map(({ key, rawBytes }) => ({
        value: key,
        label: `${key} (${formatBytes(rawBytes)})`,
      }))}
      chosen={draft.parts}
      onChange={parts => onChange({ ...draft, parts })}
    />
  )
}

function Destination(props: DraftProps): ReactNode {
  const { snapshot, draft, onChange } = props
  const { to } = draft
  return (
    <>
      <Choices<RestoreDraft['to']['kind']>
        label="Where to"
        value={to.kind}
        options={[
          { value: 'in-place', label: 'Where it was' },
          { value: 'elsewhere', label: 'Another place' },
        ]}
        onChange={kind =>
          onChange({
            ...draft,
            to: kind === 'in-place' ? { kind } : { kind, hostId: snapshot.manifest.hostId, place: '' },
          })
        }
      />
      {to.kind === 'elsewhere' && (
        <>
          <HostSelect
            label="Host"
            value={to.hostId}
            onChange={event => onChange({ ...draft, to: { ...to, hostId: event.target.value } })}
          />
          <TextField
            label="Place"
            help="A folder that is not there yet; for a database, the name of a new one."
            value={to.place}
            autoComplete="off"
            spellCheck={false}
            onChange={event => onChange({ ...draft, to: { ...to, place: event.target.value } })}
          />
        </>
      )}
    </>
  )
}

// One backup: how it stands, its snapshots, and what was run when. Shows what the engine says and decides nothing.
import { ArchiveX, Pencil, Play, ShieldCheck, Square } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import type { BackupView } from '../../../shared/model/backup.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { NextRun } from '../../components/next-run.tsx'
import { Notice } from '../../components/notice.tsx'
import { Columns, Fact, Facts, Page, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { RemoveButton } from '../../components/remove-button.tsx'
import { Status } from '../../components/status.tsx'
import { useBackup, useBackupKinds, useTargets } from '../../data/backups.ts'
import { useHosts } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { backupStatus, retentionText } from '../../lib/backup-status.ts'
import { errorText } from '../../lib/error-text.ts'
import { countOf, formatBytes, formatRate } from '../../lib/format.ts'
import { checkPath, editBackupPath, hostPath, places, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { whenText } from '../../lib/schedule-words.ts'
import { unitLabel } from '../../lib/unit-keys.ts'
import { JobProgress } from './job-progress.tsx'
import { RunsPanel } from './runs-panel.tsx'
import { SnapshotsPanel } from './snapshots-panel.tsx'

export function BackupPage(): ReactNode {
  const { backupId = '' } = useParams()
  const backup = useBackup(backupId)
  if (backup.data) return <Loaded key={backupId} view={backup.data} />
  return (
    <Page title="Backup">
      <QueryFaces
        query={backup}
        failed="The backup could not be read"
        loading="Reading backup"
        missing={<NoSuchBackup />}
      >
        {() => null}
      </QueryFaces>
    </Page>
  )
}

export function NoSuchBackup(): ReactNode {
  return (
    <EmptyState icon={ArchiveX} title="There is no such backup">
      <LinkButton to={places.backups}>Show all backups</LinkButton>
    </EmptyState>
  )
}

function Loaded(props: { view: BackupView }): ReactNode {
  const { view } = props
  return (
    <Page
      title={safeText(view.backup.name)}
      aside={<Status status={backupStatus(view)} look="pill" />}
      actions={<Buttons view={view} />}
    >
      <Columns>
        <div>
          <State view={view} />
          <SnapshotsPanel backup={view.backup} />
        </div>
        <div>
          <AboutPanel view={view} />
          <RunsPanel backup={view.backup} />
        </div>
      </Columns>
    </Page>
  )
}

function Buttons(props: { view: BackupView }): ReactNode {
  const { backup, running, lastGood } = props.view
  const navigate = useNavigate()
  const run = useEngineCommand('backup.run')
  const cancel = useEngineCommand('backup.cancel')
  const drill = useEngineCommand('drill.run')
  const remove = useEngineCommand('backup.remove')
  const error = run.error ?? cancel.error ?? drill.error
  return (
    <>
      {error && <FieldError>{errorText(error)}</FieldError>}
      {running ? (
        <Button icon={Square} loading={cancel.isPending} onClick={() => cancel.mutate(running.id)}>
          Cancel
        </Button>
      ) : (
        <Button look="primary" icon={Play} loading={run.isPending} onClick={() => run.mutate(backup.id)}>
          Back up now
        </Button>
      )}
      <Button
        icon={ShieldCheck}
        loading={drill.isPending}
        disabled={lastGood === null}
        onClick={() => drill.mutate(backup.id)}
      >
        Prove a restore
      </Button>
      <LinkButton to={editBackupPath(backup.id)} icon={Pencil}>
        Edit
      </LinkButton>
      <RemoveButton
        name={backup.name}
        noun="backup"
        busy={remove.isPending}
        error={remove.error}
        onRemove={() => remove.mutate(backup.id, { onSuccess: () => void navigate(places.backups) })}
      >
        <p>
          It is no longer taken, and nothing is retained by its rule any more. Its snapshots stay where they are, and
          are listed at their place.
        </p>
      </RemoveButton>
    </>
  )
}

function State(props: { view: BackupView }): ReactNode {
  const { running, problem } = props.view
  return (
    <>
      {problem && (
        <Notice tone="unhealthy" title="This backup needs attention">
          <p>{safeText(problem)}</p>
        </Notice>
      )}
      {running && (
        <Panel title={running.outcome === 'waiting' ? 'Waiting' : 'Under way'}>
          {running.progress ? (
            <JobProgress progress={running.progress} />
          ) : (
            <Pale>
              {running.outcome === 'waiting'
                ? 'The host cannot be reached now; it goes on as soon as it is back.'
                : 'Starting…'}
            </Pale>
          )}
        </Panel>
      )}
    </>
  )
}

function AboutPanel(props: { view: BackupView }): ReactNode {
  const { backup, lastGood, provenAt, nextAt, waitsFor, snapshots, bytes } = props.view
  const { data: hosts = [] } = useHosts()
  const { data: targets = [] } = useTargets()
  const { data: kinds } = useBackupKinds()
  const host = hosts.find(view => view.host.id === backup.hostId)?.host
  return (
    <Panel title="What it is">
      <Facts>
        <Fact name="Last good">
          <RelativeTime at={lastGood?.manifest.startedAt ?? null} none="none yet" />
        </Fact>
        <Fact name="Last proven restorable">
          <RelativeTime at={provenAt} none="never" />
        </Fact>
        <Fact name="Taken">
          {backup.schedule ? safeText(whenText(backup.schedule)) : 'by hand'}
          {backup.enabled ? null : ' (switched off)'}
        </Fact>
        {nextAt !== null && (
          <Fact name="Next">
            <NextRun of={backup} at={nextAt} waitsFor={waitsFor} />
          </Fact>
        )}
        <Fact name="Proven by a restore">{backup.drill ? safeText(whenText(backup.drill)) : 'by hand'}</Fact>
        <Fact name="Host">{host ? <Link to={hostPath(host.id)}>{safeText(host.name)}</Link> : backup.hostId}</Fact>
        {backup.unit && (
          <Fact name="Service">
            <Link to={unitPath({ hostId: backup.hostId, ...backup.unit })}>{safeText(unitLabel(backup.unit))}</Link>
          </Fact>
        )}
        <Fact name="Holds">
          {backup.sources.map(({ key, type }) => (
            <div key={key}>
              {safeText(kinds?.sources.find(kind => kind.type === type)?.title ?? type)} <Pale>{key}</Pale>
            </div>
          ))}
        </Fact>
        <Fact name="Kept at">
          {backup.targets.map(id => (
            <div key={id}>{safeText(targets.find(({ target }) => target.id === id)?.target.name ?? id)}</div>
          ))}
        </Fact>
        <Fact name="Keeps">{retentionText(backup.retention)}</Fact>
        <Fact name="Kept now">
          {snapshots === 0 ? 'nothing yet' : `${countOf(snapshots, 'snapshot')}, ${formatBytes(bytes)}`}
        </Fact>
        <Fact name="Encrypted">
          {backup.encryption.kind === 'none'
            ? 'no'
            : backup.encryption.kind === 'age'
              ? 'for an age recipient'
              : 'under a passphrase'}
        </Fact>
        {backup.bytesPerSecond !== null && <Fact name="At most">{formatRate(backup.bytesPerSecond)}</Fact>}
        <Fact name="Alerts by">
          <Link to={checkPath(backup.checkId)}>its check</Link>
        </Fact>
      </Facts>
    </Panel>
  )
}

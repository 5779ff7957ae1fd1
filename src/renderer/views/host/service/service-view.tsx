// One service: how it is, what it uses, what happened to it and what can be done. Shows what the engine says and decides nothing.
import { Archive, PackageX, Pin } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useParams } from 'react-router'
import { type Unit, UnitName, type UnitRef, UnitScope, type UnitVerb } from '../../../../shared/model/unit.ts'
import { IconButton, LinkButton } from '../../../components/button.tsx'
import { EmptyState, ErrorState, LoadingState } from '../../../components/faces.tsx'
import { Columns, useTitle } from '../../../components/page.tsx'
import { Status } from '../../../components/status.tsx'
import { SubPage } from '../../../components/sub-page.tsx'
import { fresh, useEngineCommand, useEngineQuery } from '../../../data/remotes.tsx'
import { addBackupPath, hostPath } from '../../../lib/places.ts'
import { safeText } from '../../../lib/safe-text.ts'
import { useShortcut } from '../../../lib/shortcuts.ts'
import { UnitChecks } from '../../checks/unit-checks.tsx'
import { UptimePanel } from '../../checks/uptime-panel.tsx'
import { RecoveryPanel } from '../../recovery/recovery-panel.tsx'
import { ActionButton } from '../action/action-button.tsx'
import { mainVerb, possibleVerbs } from '../action/unit-verbs.ts'
import { useUnitActions } from '../action/use-unit-action.tsx'
import { useHostView } from '../host-context.ts'
import { shownStatus } from '../services/services-columns.tsx'
import { ActionsPanel } from './actions-panel.tsx'
import { HistoryPanel } from './history-panel.tsx'
import { IncidentsPanel } from './incidents-panel.tsx'
import { JournalSection } from './journal-section.tsx'
import css from './service-view.module.css'
import { FactsPanel, UsePanel } from './state-panels.tsx'

export function ServiceView(): ReactNode {
  const { host } = useHostView()
  const params = useParams()
  const scope = UnitScope.safeParse(params.scope)
  const name = UnitName.safeParse(params.unit)
  if (!scope.success || !name.success) return <NoSuchService hostId={host.id} />
  return <Service key={`${scope.data}/${name.data}`} unit={{ hostId: host.id, scope: scope.data, name: name.data }} />
}

function NoSuchService(props: { hostId: string }): ReactNode {
  return (
    <EmptyState icon={PackageX} title="There is no such service on this host">
      <LinkButton to={hostPath(props.hostId)}>Show all services</LinkButton>
    </EmptyState>
  )
}

function Service(props: { unit: UnitRef }): ReactNode {
  const { hostId, scope, name } = props.unit
  useTitle(safeText(name))
  const unit = useEngineQuery('unit.get', { hostId, scope, name }, fresh)
  if (unit.data) return <Loaded unit={unit.data} />
  if (!unit.error) return <LoadingState label="Reading service" />
  if (unit.error.code === 'NOT_FOUND') return <NoSuchService hostId={hostId} />
  return <ErrorState error={unit.error} title="The service could not be read" onRetry={() => void unit.refetch()} />
}

function Loaded(props: { unit: Unit }): ReactNode {
  const { unit } = props
  const view = useHostView()
  const live = view.connection.state === 'ready'
  const { run, dialog } = useUnitActions({ quiet: true })
  const pin = useEngineCommand('unit.pin')
  const ref = useMemo<UnitRef>(
    () => ({ hostId: unit.hostId, scope: unit.scope, name: unit.name }),
    [unit.hostId, unit.scope, unit.name],
  )
  const main = mainVerb(unit)
  const verbs = possibleVerbs(unit)
  useShortcut(
    { keys: 'shift+r', label: 'Restart this service', group: 'This screen', run: () => main && run(ref, main) },
    live && main !== null,
  )
  return (
    <SubPage
      back={{ to: hostPath(unit.hostId), label: 'Services' }}
      title={safeText(unit.name)}
      aside={
        <>
          <Status status={shownStatus(unit, live)} look="pill" />
          <IconButton
            icon={Pin}
            label={unit.pinned ? 'Unpin' : 'Pin to the top of the list'}
            pressed={unit.pinned}
            size="small"
            onClick={() => pin.mutate({ ...ref, pinned: !unit.pinned })}
          />
          <p className={css.description}>{safeText(unit.description)}</p>
          <div className={css.actions}>
            {verbs.map(verb => (
              <ActionButton key={verb} unit={ref} verb={verb} look={lookOf(verb, main)} onRun={run} disabled={!live} />
            ))}
            <LinkButton to={addBackupPath(ref)} look="quiet" icon={Archive}>
              Back up
            </LinkButton>
          </div>
        </>
      }
    >
      <Columns wider="second">
        <div>
          <IncidentsPanel unit={ref} />
          <ActionsPanel unit={ref} />
          <UnitChecks unit={ref} />
          <FactsPanel unit={unit} />
          <RecoveryPanel unit={ref} />
          <HistoryPanel unit={ref} />
        </div>
        <div>
          <UsePanel unit={unit} view={view} />
          <UptimePanel call="unit.uptime" input={ref} />
          <JournalSection unit={ref} />
        </div>
      </Columns>
      {dialog}
    </SubPage>
  )
}

function lookOf(verb: UnitVerb, main: UnitVerb | null): 'primary' | 'secondary' | 'quiet' {
  if (verb === main) return 'primary'
  return verb === 'mask' || verb === 'disable' || verb === 'enable' ? 'quiet' : 'secondary'
}

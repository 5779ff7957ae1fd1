// The recovery of one service on a page of its own: its rule, what it did, what it would have done, and what is left on the host.
import { PackageX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useParams } from 'react-router'
import { UnitName, type UnitRef, UnitScope } from '../../../shared/model/unit.ts'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Columns, Panel, useTitle } from '../../components/page.tsx'
import { SubPage } from '../../components/sub-page.tsx'
import { useRecovery, useRecoveryKinds } from '../../data/recovery.ts'
import { hostPath, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useHostView } from '../host/host-context.ts'
import { AttemptsPanel } from './attempts-panel.tsx'
import { DropInPanel } from './drop-in-panel.tsx'
import { PolicyForm } from './policy-form.tsx'
import { RecoverySummary } from './recovery-panel.tsx'

export function RecoveryPage(): ReactNode {
  const { host } = useHostView()
  const params = useParams()
  const scope = UnitScope.safeParse(params.scope)
  const name = UnitName.safeParse(params.unit)
  if (!scope.success || !name.success)
    return (
      <EmptyState icon={PackageX} title="There is no such service on this host">
        <LinkButton to={hostPath(host.id)}>Show all services</LinkButton>
      </EmptyState>
    )
  return <Loaded key={`${scope.data}/${name.data}`} unit={{ hostId: host.id, scope: scope.data, name: name.data }} />
}

function Loaded(props: { unit: UnitRef }): ReactNode {
  const { unit } = props
  useTitle(`Recovery of ${safeText(unit.name)}`)
  const recovery = useRecovery(unit)
  const kinds = useRecoveryKinds()
  return (
    <SubPage back={{ to: unitPath(unit), label: safeText(unit.name) }} title="Automatic recovery">
      <QueryFaces query={recovery} failed="The rule could not be read">
        {view => (
          <Columns>
            <div>
              <Panel title="Now">
                <RecoverySummary view={view} />
              </Panel>
              <QueryFaces query={kinds} failed="The kinds of actions could not be read">
                {list => <PolicyForm policy={view.policy} kinds={list} />}
              </QueryFaces>
            </div>
            <div>
              <AttemptsPanel unit={unit} />
              <DropInPanel unit={unit} />
            </div>
          </Columns>
        )}
      </QueryFaces>
    </SubPage>
  )
}

// The recovery of one service as its page shows it: why it acts or does not, what is left, what came of it last. Decides nothing.
import { ShieldCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import type { RecoveryView } from '../../../shared/model/recovery.ts'
import type { UnitRef } from '../../../shared/model/unit.ts'
import { LinkButton } from '../../components/button.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Fact, Facts, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useSettings } from '../../data/hosts.ts'
import { useRecovery } from '../../data/recovery.ts'
import { recoveryPath } from '../../lib/places.ts'
import { attemptStatus, recoveryStatus } from '../../lib/recovery-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './recovery.module.css'

export function RecoveryPanel(props: { unit: UnitRef }): ReactNode {
  const recovery = useRecovery(props.unit)
  return (
    <Panel
      title="Automatic recovery"
      aside={
        <LinkButton to={recoveryPath(props.unit)} size="small" icon={ShieldCheck}>
          {recovery.data?.policy.enabled ? 'Change' : 'Set up'}
        </LinkButton>
      }
    >
      <QueryFaces query={recovery} failed="The rule could not be read">
        {view => <RecoverySummary view={view} />}
      </QueryFaces>
    </Panel>
  )
}

export function RecoverySummary(props: { view: RecoveryView }): ReactNode {
  const { view } = props
  const { data: settings } = useSettings()
  const stopped = settings?.automation === false
  return (
    <>
      <div className={css.line}>
        <Status
          status={
            stopped && view.policy.enabled ? { tone: 'off', word: 'All rules are stopped' } : recoveryStatus(view)
          }
        />
      </div>
      <p className={css.reason}>{safeText(view.reason)}</p>
      {view.policy.enabled && (
        <Facts>
          <Fact name="Left for this incident">
            {view.attemptsLeft} of {view.policy.attemptsPerIncident}
          </Fact>
          <Fact name="Left in these 10 min">
            {view.attemptsLeftInWindow} of {view.policy.attemptsPerTenMinutes}
          </Fact>
          {view.nextAttemptAt !== null && (
            <Fact name="Next attempt">
              <RelativeTime at={view.nextAttemptAt} />
            </Fact>
          )}
          {view.last && (
            <Fact name="Last attempt">
              <Status status={attemptStatus(view.last)} /> <RelativeTime at={view.last.at} className={css.pale} />
            </Fact>
          )}
        </Facts>
      )}
    </>
  )
}

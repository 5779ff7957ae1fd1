// What was done to a service and how it ended, with the evidence: the run under way first, then what the audit log keeps. Decides nothing.
import { Check, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ActionRun, UnitRef } from '../../../../shared/model/unit.ts'
import { Button } from '../../../components/button.tsx'
import { Panel } from '../../../components/page.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { Status } from '../../../components/status.tsx'
import { useActionRuns } from '../../../data/hosts.ts'
import { useEngineCommand, useEngineEvent, useEngineQuery } from '../../../data/remotes.tsx'
import { cx } from '../../../lib/class-names.ts'
import { whoName } from '../../../lib/incident-words.ts'
import { safeText } from '../../../lib/safe-text.ts'
import { outcomeStatus } from '../../../lib/status.ts'
import { verbWords } from '../action/unit-verbs.ts'
import css from './service-view.module.css'

export function ActionsPanel(props: { unit: UnitRef }): ReactNode {
  const { unit } = props
  const [newest] = useActionRuns(unit)
  const audit = useEngineQuery('audit.list', { hostId: unit.hostId, target: unit.name, limit: 6 })
  const { refetch } = audit
  useEngineEvent('audit.changed', entry => {
    if (entry.hostId === unit.hostId && entry.target === unit.name) void refetch()
  })
  const past = (audit.data ?? []).filter(entry => entry.actionRunId !== newest?.id)
  if (!newest && past.length === 0) return null
  return (
    <Panel title="Actions">
      {newest && <Run run={newest} />}
      {past.length > 0 && (
        <ul className={css.past}>
          {past.map(entry => (
            <li key={entry.id}>
              <Status status={outcomeStatus(entry.outcome)} />
              <span>
                {entry.verb.replace(/^unit\./, '')} by {whoName(entry.actor)}
              </span>
              <RelativeTime at={entry.at} className={css.quiet} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Run(props: { run: ActionRun }): ReactNode {
  const { run } = props
  const cancel = useEngineCommand('action.cancel')
  const running = run.outcome === 'running'
  return (
    <div className={css.run} aria-live="polite">
      <div className={css.runHead}>
        <Status status={outcomeStatus(run.outcome)} look="pill" />
        <strong>{verbWords[run.verb].label}</strong>
        <RelativeTime at={run.requestedAt} className={css.quiet} />
        {running && (
          <Button size="small" look="quiet" onClick={() => cancel.mutate(run.id)} loading={cancel.isPending}>
            Stop waiting
          </Button>
        )}
      </div>
      <code className={css.commandLine}>{safeText(run.command)}</code>
      {run.evidence.length > 0 && (
        <ul className={css.evidence}>
          {run.evidence.map(item => (
            <li key={item.text} className={cx(item.ok ? css.ok : css.notOk)}>
              {item.ok ? <Check size={14} aria-label="Yes" /> : <X size={14} aria-label={running ? 'Not yet' : 'No'} />}
              {safeText(item.text)}
            </li>
          ))}
        </ul>
      )}
      {run.error && (
        <p className={css.error}>
          {safeText(run.error.message)}
          {run.error.hint && <span className={css.hint}>{safeText(run.error.hint)}</span>}
        </p>
      )}
    </div>
  )
}

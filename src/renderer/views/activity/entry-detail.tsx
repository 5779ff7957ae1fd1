// One entry of the audit log in full: the command, the evidence, the times. Changes nothing.
import { CircleCheck, CircleX, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { AuditEntry } from '../../../shared/model/audit.ts'
import { UnitName } from '../../../shared/model/unit.ts'
import { IconButton } from '../../components/button.tsx'
import { Command } from '../../components/command.tsx'
import { Fact, Facts } from '../../components/page.tsx'
import { Status } from '../../components/status.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { formatDuration, formatExact, unknownValue } from '../../lib/format.ts'
import { hostPath, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { outcomeStatus } from '../../lib/status.ts'
import css from './activity.module.css'
import { actorName, verbName } from './audit-words.ts'

export function EntryDetail(props: { entry: AuditEntry; hostName: string | null; onClose: () => void }): ReactNode {
  const { entry, hostName, onClose } = props
  const status = outcomeStatus(entry.outcome)
  return (
    <aside className={css.detail} aria-label="Details">
      <header className={css.detailHeader}>
        <h2>
          {verbName(entry.verb)} {entry.target !== null && safeText(entry.target)}
        </h2>
        <IconButton icon={X} label="Close details" size="small" onClick={onClose} />
      </header>
      <div>
        <Status status={status} look="pill" />
      </div>
      {status.detail && <p className={css.pale}>{status.detail}</p>}
      {entry.command !== null && <Command text={entry.command} />}
      <Evidence entry={entry} />
      <Facts>
        {entry.hostId !== null && hostName !== null && (
          <Fact name="Host">
            <Link to={hostPath(entry.hostId)}>{safeText(hostName)}</Link>
          </Fact>
        )}
        <Subject entry={entry} />
        <Fact name="Who">{actorName(entry.actor)}</Fact>
        <Fact name="When">{formatExact(entry.at)}</Fact>
        <Fact name="Took">
          {entry.finishedAt === null ? unknownValue : formatDuration(entry.finishedAt - entry.at)}
        </Fact>
      </Facts>
    </aside>
  )
}

/** A link to the service that was acted on; of which manager it was is in the command. */
function Subject(props: { entry: AuditEntry }): ReactNode {
  const { hostId, target, verb, command } = props.entry
  if (hostId === null || target === null || !verb.startsWith('unit.') || !UnitName.safeParse(target).success)
    return null
  const scope = command?.includes('--user') ? 'user' : 'system'
  return (
    <Fact name="Service">
      <Link to={unitPath({ hostId, scope, name: target })}>{safeText(target)}</Link>
    </Fact>
  )
}

function Evidence(props: { entry: AuditEntry }): ReactNode {
  const { actionRunId, detail } = props.entry
  const run = useEngineQuery('action.get', actionRunId ?? '-', { enabled: actionRunId !== null })
  const evidence = run.data?.evidence ?? []
  if (evidence.length === 0)
    return detail === null ? null : <p className={css.text}>{safeText(detail, { lines: true })}</p>
  return (
    <ul className={css.evidence}>
      {evidence.map(item => (
        <li key={item.text}>
          {item.ok ? (
            <CircleCheck className={css.ok} size="0.875rem" aria-label="OK" />
          ) : (
            <CircleX className={css.bad} size="0.875rem" aria-label="Not OK" />
          )}
          {safeText(item.text)}
        </li>
      ))}
    </ul>
  )
}

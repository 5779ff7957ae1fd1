// What a rule would have done over the last 7 days, had it been on: nothing is sent anywhere.
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { DryRunItem, RecoveryPolicy } from '../../../shared/model/recovery.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { incidentPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import css from './recovery.module.css'

const acts: Record<DryRunItem['act'], StatusWord> = {
  restart: { tone: 'healthy', word: 'Would have acted' },
  wait: { tone: 'off', word: 'Would have waited' },
  refuse: { tone: 'waiting', word: 'Would not have acted' },
  escalate: { tone: 'unhealthy', word: 'Would have called you' },
}

export function DryRun(props: { policy: RecoveryPolicy | null; onClose: () => void }): ReactNode {
  const { policy, onClose } = props
  return (
    <Dialog
      open={policy !== null}
      title="What it would have done"
      width="wide"
      onClose={onClose}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      <p className={css.pale}>The last 7 days, with the rule as it is entered now. Nothing was done.</p>
      {policy && <Items policy={policy} />}
    </Dialog>
  )
}

function Items(props: { policy: RecoveryPolicy }): ReactNode {
  const run = useEngineQuery('recovery.dryRun', props.policy)
  return (
    <QueryFaces query={run} failed="The history could not be gone through" loading="Going through the last 7 days">
      {list =>
        list.length === 0 ? (
          <p>Nothing: the service gave no cause.</p>
        ) : (
          <ol className={css.list}>
            {list.map(item => (
              <li key={`${item.at} ${item.act} ${item.text}`} className={css.attempt}>
                <div className={css.line}>
                  <Status status={acts[item.act]} />
                  <span className={css.pale}>
                    <RelativeTime at={item.at} />, <Link to={incidentPath(item.incidentId)}>incident</Link>
                  </span>
                </div>
                <p className={css.reason}>{safeText(item.text)}</p>
              </li>
            ))}
          </ol>
        )
      }
    </QueryFaces>
  )
}

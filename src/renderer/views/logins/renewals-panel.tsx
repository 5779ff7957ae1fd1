// The renewals of a login, newest first.
import type { ReactNode } from 'react'
import { Pale, TwoLines } from '../../components/cells.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useRenewals } from '../../data/logins.ts'
import { renewalStatus } from '../../lib/login-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './logins.module.css'

export function RenewalsPanel(props: { loginId: string }): ReactNode {
  const runs = useRenewals(props.loginId)
  return (
    <Panel title="Renewals">
      <QueryFaces query={runs} failed="The renewals could not be read">
        {list =>
          list.length === 0 ? (
            <p className={css.pale}>None from here so far.</p>
          ) : (
            <ul className={css.list}>
              {list.map(run => {
                const failed = run.steps.find(step => step.outcome === 'failed')
                return (
                  <li key={run.id}>
                    <TwoLines>
                      <span>
                        <Status status={renewalStatus(run)} /> <RelativeTime at={run.startedAt} className={css.pale} />
                      </span>
                      {failed && <Pale>{safeText(failed.text)}</Pale>}
                    </TwoLines>
                  </li>
                )
              })}
            </ul>
          )
        }
      </QueryFaces>
    </Panel>
  )
}

// The difference that new cookies would make, names and ends only, and what speaks against writing them.
import type { ReactNode } from 'react'
import type { CookieChange, CookieFact, Login, LoginCandidate } from '../../../shared/model/login.ts'
import { Notice } from '../../components/notice.tsx'
import { PlainTable } from '../../components/plain-table.tsx'
import { formatDuration } from '../../lib/format.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import css from './logins.module.css'

const words: Record<CookieChange['change'], string> = {
  added: 'new',
  removed: 'gone',
  changed: 'changed',
  same: 'as it was',
}

const columns = [{ name: 'Name' }, { name: 'Becomes' }, { name: 'Old end' }, { name: 'New end' }]

export function CandidatePreview(props: { candidate: LoginCandidate; login: Login }): ReactNode {
  const { candidate, login } = props
  const changes = candidate.changes.filter(each => each.change !== 'same')
  const same = candidate.changes.length - changes.length
  return (
    <div className={css.column}>
      {candidate.problems.length > 0 && (
        <Notice tone="unhealthy" title="This speaks against it" urgent>
          <ul className={css.problems}>
            {candidate.problems.map(problem => (
              <li key={problem}>{safeText(problem)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {candidate.warnings.map(warning => (
        <p key={warning} className={css.pale}>
          {safeText(warning)}
        </p>
      ))}
      {changes.length === 0 ? (
        <p>It would change nothing: the file holds the same already.</p>
      ) : (
        <PlainTable columns={columns}>
          {changes.map(({ change, before, after }) => {
            const fact = after ?? before
            return (
              <tr key={`${fact?.name} ${fact?.domain} ${fact?.path} ${change}`}>
                <th scope="row">
                  {safeShort(fact?.name ?? '', 80)}
                  {fact && login.required.includes(fact.name) && <span className={css.tag}>needed</span>}
                </th>
                <td>{words[change]}</td>
                <td>{endOf(before)}</td>
                <td>{endOf(after)}</td>
              </tr>
            )
          })}
        </PlainTable>
      )}
      {same > 0 && changes.length > 0 && (
        <p className={css.pale}>{same === 1 ? 'One stays as it is.' : `${same} stay as they are.`}</p>
      )}
      <p className={css.pale}>
        {login.path} is backed up beside itself, replaced in one step
        {login.consumers.length > 0 ? `, and ${login.consumers.map(unit => unit.name).join(', ')} restarted` : ''}
        {login.probe ? '. Then the site is asked; if it does not take the login, all of it is taken back.' : '.'}
      </p>
    </div>
  )
}

function endOf(fact: CookieFact | null): string {
  if (!fact) return '–'
  if (fact.expiresAt === null) return 'with the session'
  const left = fact.expiresAt - Date.now()
  return left < 0 ? `${formatDuration(-left)} ago` : `in ${formatDuration(left)}`
}

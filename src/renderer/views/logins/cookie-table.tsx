// Cookies as they may be shown: names, places, ends and lengths. No value ever comes here.
import type { ReactNode } from 'react'
import type { CookieFact } from '../../../shared/model/login.ts'
import { PlainTable } from '../../components/plain-table.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { safeShort } from '../../lib/safe-text.ts'
import css from './logins.module.css'

const columns = [{ name: 'Name' }, { name: 'Domain' }, { name: 'Ends' }, { name: 'Value' }]

export function CookieTable(props: { cookies: readonly CookieFact[]; required: readonly string[] }): ReactNode {
  const { cookies, required } = props
  const missing = required.filter(name => !cookies.some(cookie => cookie.name === name))
  if (cookies.length === 0 && missing.length === 0) return <p className={css.none}>Nothing was found in it yet.</p>
  return (
    <PlainTable columns={columns}>
      {missing.map(name => (
        <tr key={name} className={css.missing}>
          <th scope="row">{safeShort(name, 80)}</th>
          <td colSpan={3}>is needed and not there</td>
        </tr>
      ))}
      {cookies.map(cookie => (
        <tr key={`${cookie.name} ${cookie.domain} ${cookie.path}`}>
          <th scope="row">
            {safeShort(cookie.name, 80)}
            {required.includes(cookie.name) && <span className={css.tag}>needed</span>}
          </th>
          <td>{safeShort(cookie.domain, 80)}</td>
          <td>{cookie.expiresAt === null ? 'with the session' : <RelativeTime at={cookie.expiresAt} />}</td>
          <td>{cookie.length === 0 ? 'empty' : `${cookie.length} characters`}</td>
        </tr>
      ))}
    </PlainTable>
  )
}

// Which logins the list shows and in what order: trouble first, then what ends soonest. Pure, so that it can be tested without a screen.
import type { HostView } from '../../../shared/model/host.ts'
import type { LoginView } from '../../../shared/model/login.ts'
import { loginStatus } from '../../lib/login-status.ts'
import { saysAll } from '../../lib/says-all.ts'
import { type StatusWord, toneRank } from '../../lib/status.ts'

export interface LoginRow {
  readonly view: LoginView
  readonly status: StatusWord
  readonly hostName: string
}

export function loginRows(views: readonly LoginView[], hosts: readonly HostView[], now: number): LoginRow[] {
  const names = new Map(hosts.map(({ host }) => [host.id, host.name]))
  const end = ({ view }: LoginRow): number => view.expiresAt ?? Number.MAX_SAFE_INTEGER
  return views
    .map(view => ({
      view,
      status: loginStatus(view, now),
      hostName: names.get(view.login.hostId) ?? view.login.hostId,
    }))
    .sort(
      (a, b) =>
        toneRank(a.status.tone) - toneRank(b.status.tone) ||
        end(a) - end(b) ||
        a.view.login.name.localeCompare(b.view.login.name, 'en', { numeric: true }),
    )
}

export function matchesLogin({ view, status, hostName }: LoginRow, text: string): boolean {
  const { login } = view
  const users = login.consumers.map(unit => unit.name)
  return saysAll([login.name, login.path, login.site, hostName, status.word, ...users], text)
}

// Decides whether a login may be kept as it was entered, and draws the check that it owns from it; changes nothing.
import { AppError } from '../../shared/errors.ts'
import type { Login, LoginDraft } from '../../shared/model/login.ts'
import { siteProfileOf } from '../domain/site-profiles.ts'
import type { Store } from '../store/store.ts'

/** Throws INVALID_INPUT with the field that is wrong. `before` is the login as it was; null for a new one. */
export function judgeLoginDraft(store: Pick<Store, 'hosts' | 'logins'>, draft: LoginDraft, before: Login | null): void {
  const wrong = (field: string, message: string): AppError =>
    new AppError('INVALID_INPUT', message, { detail: { field } })
  if (!store.hosts.get(draft.hostId)) throw wrong('hostId', 'This host is not configured')
  if (before && before.hostId !== draft.hostId) throw wrong('hostId', 'A login stays on its host')
  if (draft.site !== 'custom' && siteProfileOf(draft.site).id !== draft.site)
    throw wrong('site', 'This version of Quarterdeck does not know that site')
  if (draft.keepAliveHours !== null && (!draft.keepSession || draft.loginUrl === null))
    throw wrong('keepAliveHours', 'Only a kept session can be kept alive')
  if (draft.criticalDays > draft.warnDays) throw wrong('criticalDays', 'It cannot be critical before it is a warning')
  const same = store.logins
    .list()
    .find(({ login }) => login.hostId === draft.hostId && login.path === draft.path && login.id !== before?.id)
  if (same) throw wrong('path', `${same.login.name} is in that file already`)
}

/** Alerts, silences and history of a login are the same as for everything else: they are those of its check. */
export function checkOfLogin(draft: LoginDraft) {
  const { path, kind, format, required, probe, warnDays, criticalDays } = draft
  return {
    hostId: draft.hostId,
    type: 'login',
    name: draft.name,
    spec: { path, kind, format, required, probe, warnDays, criticalDays },
    unit: draft.consumers[0] ?? null,
    vantage: 'host' as const,
  }
}

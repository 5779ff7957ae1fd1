// What screens ask about logins; knows no layout, and no cookie's value.
import type { LoginView, RenewalRun } from '../../shared/model/login.ts'
import { useEngineQuery } from './remotes.tsx'

/** All logins, kept fresh by events. */
export function useLogins() {
  return useEngineQuery('login.list', undefined, { staleTime: Number.POSITIVE_INFINITY })
}

export function useLogin(id: string) {
  return useEngineQuery('login.get', id, { staleTime: Number.POSITIVE_INFINITY })
}

/** The sites that are known never change while the engine runs. */
export function useSites() {
  return useEngineQuery('login.sites', undefined, { staleTime: Number.POSITIVE_INFINITY })
}

export function useRenewals(id: string) {
  return useEngineQuery('login.renewals', { id, limit: 20 }, { staleTime: Number.POSITIVE_INFINITY })
}

/** A list with one of its logins new or changed. */
export function putLogin(list: readonly LoginView[], view: LoginView): LoginView[] {
  const index = list.findIndex(other => other.login.id === view.login.id)
  if (index < 0) return [...list, view]
  const next = [...list]
  next[index] = view
  return next
}

/** Newest first, with one of them new or changed. */
export function putRenewal(list: readonly RenewalRun[], run: RenewalRun): RenewalRun[] {
  return [run, ...list.filter(other => other.id !== run.id)].sort((a, b) => b.startedAt - a.startedAt)
}

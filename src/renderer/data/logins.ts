// What screens ask about logins; knows no layout, and no cookie's value.
import { fresh, useEngineQuery } from './remotes.tsx'

/** All logins, kept fresh by events. */
export function useLogins() {
  return useEngineQuery('login.list', undefined, fresh)
}

export function useLogin(id: string) {
  return useEngineQuery('login.get', id, fresh)
}

/** The sites that are known never change while the engine runs. */
export function useSites() {
  return useEngineQuery('login.sites', undefined, fresh)
}

export function useRenewals(id: string) {
  return useEngineQuery('login.renewals', { id, limit: 20 }, fresh)
}

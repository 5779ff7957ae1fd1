// What screens ask about logins; knows no layout, and no cookie's value.
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

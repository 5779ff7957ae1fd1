// What screens ask about checks; knows no layout.
import { fresh, useEngineQuery } from './remotes.tsx'

/** All checks of all hosts, kept fresh by events. */
export function useChecks() {
  return useEngineQuery('check.list', {}, fresh)
}

export function useCheck(id: string) {
  return useEngineQuery('check.get', id, fresh)
}

/** The kinds never change while the engine runs. */
export function useCheckKinds() {
  return useEngineQuery('check.kinds', undefined, fresh)
}

export function useProposals(hostId: string, enabled = true) {
  return useEngineQuery('check.proposals', hostId, { enabled })
}

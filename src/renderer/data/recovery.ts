// What screens ask about recovery; knows no layout.
import type { UnitRef } from '../../shared/model/unit.ts'
import { fresh, useEngineQuery } from './remotes.tsx'

export function useRecovery(unit: UnitRef) {
  return useEngineQuery('recovery.get', refOf(unit), fresh)
}

/** The kinds never change while the engine runs. */
export function useRecoveryKinds() {
  return useEngineQuery('recovery.kinds', undefined, fresh)
}

/** The reference alone, in one order, so that it is the same question whoever asks it. */
export function refOf({ hostId, scope, name }: UnitRef): UnitRef {
  return { hostId, scope, name }
}

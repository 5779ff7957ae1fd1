// Reads back what unit-keys.ts writes, for forms; apart from it, because what is a unit's name only the schemas know. Knows no screen.
import { UnitName, type UnitRef, UnitScope } from '../../shared/model/unit.ts'

/** What the key names; null where it names nothing that could be a unit. */
export function unitOfKey(key: string): Pick<UnitRef, 'scope' | 'name'> | null {
  const slash = key.indexOf('/')
  const scope = UnitScope.safeParse(key.slice(0, slash))
  const name = UnitName.safeParse(key.slice(slash + 1))
  return slash >= 0 && scope.success && name.success ? { scope: scope.data, name: name.data } : null
}

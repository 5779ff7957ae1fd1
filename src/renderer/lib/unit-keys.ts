// A unit of a host as one text, for selects, keys and addresses, and as a person reads it. Knows no screen.
import { UnitName, type UnitRef, UnitScope } from '../../shared/model/unit.ts'

type Unit = Pick<UnitRef, 'scope' | 'name'>

/** `system/nginx.service` */
export function unitKey({ scope, name }: Unit): string {
  return `${scope}/${name}`
}

/** What the key names; null where it names nothing that could be a unit. */
export function unitOfKey(key: string): Unit | null {
  const slash = key.indexOf('/')
  const scope = UnitScope.safeParse(key.slice(0, slash))
  const name = UnitName.safeParse(key.slice(slash + 1))
  return slash >= 0 && scope.success && name.success ? { scope: scope.data, name: name.data } : null
}

/** The system's own units go by their name alone. */
export function unitLabel({ scope, name }: Unit): string {
  return scope === 'user' ? `${name} (user)` : name
}

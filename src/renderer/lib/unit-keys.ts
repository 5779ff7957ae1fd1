// A unit of a host as one text, for selects, keys and addresses, and as a person reads it. Knows no screen, and no schema: each start loads it.
import type { UnitRef } from '../../shared/model/unit.ts'

type Unit = Pick<UnitRef, 'scope' | 'name'>

/** `system/nginx.service` */
export function unitKey({ scope, name }: Unit): string {
  return `${scope}/${name}`
}

/** The system's own units go by their name alone. */
export function unitLabel({ scope, name }: Unit): string {
  return scope === 'user' ? `${name} (user)` : name
}

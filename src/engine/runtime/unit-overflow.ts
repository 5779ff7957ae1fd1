// Bounds how many incidents a host's failing services may make, whatever it makes up: what is over that is summed up in one. Judges no unit.
import type { CheckUnit } from '../../shared/model/check.ts'
import type { UnitVerdict } from '../domain/unit-health.ts'

/** Of one host at a time … */
export const mostOpen = 100
/** … and within an hour, for those that come and go. */
export const mostHourly = 200
/** Of those that the person cares for, so that no others take their place; a host could make these up, too. */
export const mostOwnHourly = 500
const hourMs = 3_600_000
/** Known by name, so that it is seen when they are well. */
const mostNamed = 1_000

interface Rest {
  readonly units: Map<string, CheckUnit>
  /** When incidents of single units were begun, within the last hour (monotonic ms). */
  begun: number[]
  ownBegun: number[]
}

const keyOf = ({ scope, name }: CheckUnit): string => `${scope}/${name}`

export class UnitOverflow {
  readonly #rests = new Map<string, Rest>()

  /**
   * May this unit have an incident of its own, where `open` units are in trouble already? One that may not is counted with the rest. Those that are the
   * person's `own` are no part of a crowd: they take no place from the others, and the others none from them.
   */
  admits(checkId: string, ref: CheckUnit, { open, own, now }: { open: number; own: boolean; now: number }): boolean {
    const rest = this.#rest(checkId)
    const recent = (begun: number[]): number[] => begun.filter(at => now - at < hourMs)
    rest.begun = recent(rest.begun)
    rest.ownBegun = recent(rest.ownBegun)
    if (own && rest.ownBegun.length < mostOwnHourly) {
      // it may have become their own since it was counted
      rest.units.delete(keyOf(ref))
      rest.ownBegun.push(now)
      return true
    }
    if (rest.units.has(keyOf(ref))) return false
    if (!own && open < mostOpen && rest.begun.length < mostHourly) {
      rest.begun.push(now)
      return true
    }
    if (rest.units.size < mostNamed) rest.units.set(keyOf(ref), { scope: ref.scope, name: ref.name })
    return false
  }

  has(checkId: string, ref: CheckUnit): boolean {
    return this.#rests.get(checkId)?.units.has(keyOf(ref)) ?? false
  }

  of(checkId: string): CheckUnit[] {
    return [...(this.#rests.get(checkId)?.units.values() ?? [])]
  }

  /** It is well, or no longer there. */
  remove(checkId: string, ref: CheckUnit): void {
    this.#rests.get(checkId)?.units.delete(keyOf(ref))
  }

  forget(checkId: string): void {
    this.#rests.delete(checkId)
  }

  /** How all of them together stand. */
  verdict(checkId: string): UnitVerdict {
    const names = this.of(checkId).map(({ name }) => name)
    if (names.length === 0) return { status: 'healthy', message: 'No more services are failed', cause: null }
    const count = names.length < mostNamed ? String(names.length) : `${mostNamed} or more`
    const more = names.length > 5 ? ' and so on' : ''
    return {
      status: 'unhealthy',
      message: `${count} more ${names.length === 1 ? 'service' : 'services'} failed, beyond those that are told one by one: ${names.slice(0, 5).join(', ')}${more}`,
      // nobody is to restart them all
      cause: 'other',
    }
  }

  #rest(checkId: string): Rest {
    const rest = this.#rests.get(checkId) ?? { units: new Map(), begun: [], ownBegun: [] }
    this.#rests.set(checkId, rest)
    return rest
  }
}

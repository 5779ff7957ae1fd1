// Says why a check is not judged or not told of now: own uplink, host, dependencies, silences, stops of its own (semantics 17, 18, R18, R36); moves no alert.
import type { Check, CheckUnit, MutedBy, Probe } from '../../shared/model/check.ts'
import { localHostId } from '../../shared/model/host.ts'
import { checkTypeOf } from '../checks/index.ts'
import { phaseOf } from '../domain/alert-state.ts'
import type { Store } from '../store/store.ts'
import type { AlertBook } from './alert-book.ts'
import type { Silences } from './silences.ts'
import { stoppedFor } from './stopped-units.ts'

export class AlertInhibition {
  readonly #store: Store
  readonly #book: AlertBook
  readonly #silences: Silences
  #offline: string | null = null
  #jumps: ReadonlyMap<string, string | null> | null = null

  constructor(store: Store, book: AlertBook, silences: Silences) {
    this.#store = store
    this.#book = book
    this.#silences = silences
  }

  get offline(): boolean {
    return this.#offline !== null
  }

  get offlineReason(): string | null {
    return this.#offline
  }

  /** `reason` is why this computer is offline; null where it is online. */
  setOffline(reason: string | null): void {
    this.#offline = reason
  }

  /** Its reachability, or that of a host on the way to it, is PENDING, FIRING or RECOVERING. */
  hostInTrouble(hostId: string): boolean {
    return this.#troubledHost(hostId) !== null
  }

  /** All checks that are judged or not by how this one stands, however far. */
  restingOn(root: Check): Check[] {
    const found = new Map<string, Check>()
    const waiting = [root]
    for (let check = waiting.pop(); check; check = waiting.pop()) {
      const next = [...this.#book.dependentsOf(check.id)]
      if (check.type === 'host-reachable')
        for (const hostId of [check.hostId, ...this.#reachedThrough(check.hostId)])
          next.push(...this.#book.checksOf(hostId))
      for (const each of next) {
        if (found.has(each.id) || each.id === root.id) continue
        found.set(each.id, each)
        waiting.push(each)
      }
    }
    return [...found.values()]
  }

  /** The probe as it counts. */
  judge(check: Check, probe: Probe): Probe {
    if (probe.status === 'unknown') return probe
    const by = this.#inhibitedBy(check)
    // what is well in spite of a stop is well
    const why = by !== null ? this.#why(by, check) : probe.status === 'healthy' ? null : this.#stopped(check, new Set())
    return why === null ? probe : { ...probe, status: 'unknown', cause: null, message: why, numbers: [] }
  }

  /** Why nothing is told of it; what keeps it from being judged comes first. */
  mutes(check: Check, unit: CheckUnit | null): MutedBy | null {
    return this.#inhibitedBy(check) ?? this.silenced(check, unit)
  }

  silenced(check: Check, unit: CheckUnit | null): 'maintenance' | 'silence' | null {
    return this.#silences.mutes({ hostId: check.hostId, unit: unit ?? check.unit, checkId: check.id, tags: check.tags })
  }

  #inhibitedBy(check: Check): 'offline' | 'host-down' | 'dependency' | null {
    if (this.#offline !== null && !isOwnMatter(check)) return 'offline'
    if (check.type === 'host-reachable') {
      // a host behind one that is down cannot be told from one that is down itself
      const jump = this.#jumpOf(check.hostId)
      if (jump !== null && this.hostInTrouble(jump)) return 'host-down'
    } else if (this.hostInTrouble(check.hostId)) return 'host-down'
    return check.dependsOn.length > 0 && this.#troubledDependency(check, new Set([check.id])) !== null
      ? 'dependency'
      : null
  }

  /** Its service, or one that it depends on, however far, is stopped for maintenance or a restore: why it is not judged until that runs again. */
  #stopped(check: Check, seen: Set<string>): string | null {
    seen.add(check.id)
    // a login is over whether or not somebody uses it
    const unit = check.type === 'login' ? null : check.unit
    const what = unit && stoppedFor(this.#store, check.hostId, unit)
    if (unit && what !== null) return `Not judged while ${unit.name} is stopped for ${what}`
    for (const id of check.dependsOn) {
      const other = this.#book.check(id)
      const why = other && !seen.has(id) ? this.#stopped(other, seen) : null
      if (why !== null) return why
    }
    return null
  }

  /** The first check on which this one rests, however far, that is in trouble or cannot be judged. */
  #troubledDependency(check: Check, seen: Set<string>): Check | null {
    for (const id of check.dependsOn) {
      const other = this.#book.check(id)
      if (!other?.enabled || seen.has(id)) continue
      seen.add(id)
      const troubled =
        this.#book.ofCheck(id).some(entry => phaseOf(entry.state) !== 'ok') ||
        this.hostInTrouble(other.hostId) ||
        this.#troubledDependency(other, seen) !== null
      if (troubled) return other
    }
    return null
  }

  #troubledHost(hostId: string): string | null {
    for (let next: string | null = hostId, left = 16; next !== null && left > 0; left--) {
      const check = this.#book.reachabilityOf(next)
      const entry = check?.enabled ? this.#book.get(check.id, '') : undefined
      if (entry && phaseOf(entry.state) !== 'ok') return next
      next = this.#jumpOf(next)
    }
    return null
  }

  /** A host was added, edited or removed. */
  forgetHosts(): void {
    this.#jumps = null
  }

  #jumpOf(hostId: string): string | null {
    return this.#jumpsNow().get(hostId) ?? null
  }

  #reachedThrough(hostId: string): string[] {
    return [...this.#jumpsNow()].filter(([, jump]) => jump === hostId).map(([id]) => id)
  }

  #jumpsNow(): ReadonlyMap<string, string | null> {
    this.#jumps ??= new Map(this.#store.hosts.list().map(host => [host.id, host.jump]))
    return this.#jumps
  }

  #why(by: 'offline' | 'host-down' | 'dependency', check: Check): string {
    if (by === 'offline') return `Not judged while this computer is offline: ${this.#offline}`
    if (by === 'dependency') {
      const other = this.#troubledDependency(check, new Set([check.id]))
      return `Not judged while ${other?.name ?? 'what it depends on'} is in trouble`
    }
    const down = this.#troubledHost(check.hostId) ?? check.hostId
    return `Not judged while ${this.#store.hosts.get(down)?.name ?? 'its host'} cannot be reached`
  }
}

/** What this computer finds out about itself without any network. */
const isOwnMatter = ({ hostId, type }: Check): boolean =>
  hostId === localHostId && checkTypeOf(type)?.ownMatter === true

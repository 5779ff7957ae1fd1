// Holds the checks that are watched, with what their probes keep and whether one runs; looks nothing up and starts nothing.
import type { Check } from '../../shared/model/check.ts'
import type { CheckType } from '../checks/index.ts'

export interface CheckEntry {
  readonly check: Check
  readonly type: CheckType | undefined
  /** Parsed by the kind, or why it could not be. */
  readonly spec: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string }
  /** What the kind keeps from probe to probe. */
  readonly memory: Map<string, unknown>
  /** Set while a probe runs or waits in its host's lane: never two of one check. */
  running: AbortController | null
}

export class CheckEntries {
  readonly #typeOf: (type: string) => CheckType | undefined
  readonly #all = new Map<string, CheckEntry>()
  readonly #byHost = new Map<string, Map<string, CheckEntry>>()

  constructor(typeOf: (type: string) => CheckType | undefined) {
    this.#typeOf = typeOf
  }

  /** A check that changed begins anew: what it kept is of what it was. */
  put(check: Check): CheckEntry {
    const type = this.#typeOf(check.type)
    const entry = { check, type, spec: parse(check, type), memory: new Map(), running: null }
    this.#all.set(check.id, entry)
    const ofHost = this.#byHost.get(check.hostId) ?? new Map<string, CheckEntry>()
    this.#byHost.set(check.hostId, ofHost.set(check.id, entry))
    return entry
  }

  get(checkId: string): CheckEntry | undefined {
    return this.#all.get(checkId)
  }

  delete(checkId: string): void {
    const hostId = this.#all.get(checkId)?.check.hostId
    this.#all.delete(checkId)
    if (hostId !== undefined) this.#byHost.get(hostId)?.delete(checkId)
  }

  values(): Iterable<CheckEntry> {
    return this.#all.values()
  }

  /** All checks of a host, or of a kind on it. */
  ofHost(hostId: string, type?: string): Check[] {
    const found: Check[] = []
    for (const { check } of this.#byHost.get(hostId)?.values() ?? [])
      if (type === undefined || check.type === type) found.push(check)
    return found
  }

  clear(): void {
    this.#all.clear()
    this.#byHost.clear()
  }
}

function parse(check: Check, type: CheckType | undefined): CheckEntry['spec'] {
  if (!type) return { ok: false, problem: `This version of Quarterdeck has no checks of the kind ${check.type}` }
  const parsed = type.spec.safeParse(check.spec)
  if (parsed.success) return { ok: true, value: parsed.data }
  return { ok: false, problem: `Its settings cannot be used: ${parsed.error.issues[0]?.message ?? 'not valid'}` }
}

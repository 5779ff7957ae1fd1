// Adds, changes, tries and removes checks, and keeps prober, alerts and vault in step with them; knows no kind of check.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Check, CheckDraft, CheckView, FieldSecrets, Probe, Uptime } from '../../shared/model/check.ts'
import { UptimeWindow } from '../../shared/model/check.ts'
import type { Host } from '../../shared/model/host.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import { checkTypeOf } from '../checks/index.ts'
import { type StatusSpan, unitSpans, uptimeOf, uptimeWindowMs } from '../domain/uptime.ts'
import type { Clock } from '../lib/clock.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Store } from '../store/store.ts'
import type { Alerting } from './alerting.ts'
import { judgeDraft, samePlace } from './check-draft.ts'
import { type Prober, unitKey } from './prober.ts'
import type { Publish } from './publish.ts'
import type { UnitWatch } from './unit-watch.ts'
import type { Vault } from './vault.ts'

/** There for every host, and fed by what happens instead of being probed. This computer is always reachable. */
const builtIns = [
  { type: 'host-reachable', name: 'Host reachable', remoteOnly: true },
  { type: 'unit-failures', name: 'Service failures', remoteOnly: false },
]
const mostOfHost = 5_000
const mostTransitions = 20_000
const longestWindow = uptimeWindowMs['90d']

export interface ChecksOptions {
  store: Store
  vault: Vault
  prober: Prober
  unitWatch: UnitWatch
  alerting: Pick<Alerting, 'checkChanged' | 'checkRemoved' | 'hostRemoved'>
  clock: Clock
  publish: Publish
}

export class Checks {
  readonly #options: ChecksOptions

  constructor(options: ChecksOptions) {
    this.#options = options
  }

  /** Takes up all checks that are stored. Call it before hosts are connected to. */
  start(): void {
    const { store, prober } = this.#options
    for (const check of store.checks.list()) prober.put(check)
    for (const host of store.hosts.list()) this.ensureBuiltIns(host)
  }

  /** A host was added (or comes from before there were checks). */
  ensureBuiltIns(host: Host): void {
    const { store, prober, clock } = this.#options
    for (const { type, name, remoteOnly } of builtIns) {
      const kind = checkTypeOf(type)
      if (!kind || (remoteOnly && host.kind === 'local') || prober.checksOf(host.id, type).length > 0) continue
      const id = newCheckId()
      const draft: CheckDraft = {
        hostId: host.id,
        type,
        name,
        spec: kind.spec.parse({}),
        unit: null,
        enabled: true,
        vantage: kind.vantages[0] ?? 'host',
        ...kind.defaults,
        dependsOn: [],
        tags: [],
      }
      store.checks.insert({ ...draft, id, builtIn: true, createdAt: clock.now() })
      this.#took(id)
    }
  }

  /** The host is gone from the store, and its checks with it. */
  hostRemoved(hostId: string): void {
    const { prober, unitWatch, alerting, publish } = this.#options
    const checks = prober.checksOf(hostId)
    alerting.hostRemoved(hostId)
    prober.removeHost(hostId)
    for (const { id } of checks) {
      unitWatch.forget(id)
      publish('check.removed', id)
    }
  }

  /** Throws NOT_FOUND. */
  get(id: string): Check {
    const check = this.#options.prober.check(id)
    if (!check) throw new AppError('NOT_FOUND', 'This check is not there any more')
    return check
  }

  /** Throws NOT_FOUND. */
  view(id: string): CheckView {
    this.get(id)
    return this.#options.prober.view(id) as CheckView
  }

  add(given: CheckDraft, secrets: FieldSecrets): Check {
    const { store, clock, prober } = this.#options
    const draft = this.#judge(given, secrets, null)
    if (prober.checksOf(draft.hostId).length >= mostOfHost)
      throw new AppError('INVALID_INPUT', `A host has at most ${mostOfHost} checks`)
    const id = newCheckId()
    store.transaction(() => {
      store.checks.insert({ ...draft, id, builtIn: false, createdAt: clock.now() })
      this.#keepSecrets(id, secrets)
    })
    return this.#took(id)
  }

  edit(id: string, given: CheckDraft, secrets: FieldSecrets): Check {
    const { store } = this.#options
    const draft = this.#judge(given, secrets, this.get(id))
    store.transaction(() => {
      store.checks.update(id, draft)
      this.#keepSecrets(id, secrets)
    })
    return this.#took(id)
  }

  /**
   * A check that belongs to something else, such as a login: made and changed with it. What a person set of it (thresholds, severity, tags) stays.
   * Null `id` makes one.
   */
  putOwned(
    id: string | null,
    owned: Pick<CheckDraft, 'hostId' | 'type' | 'name' | 'spec' | 'unit' | 'vantage'>,
  ): Check {
    const { store, clock } = this.#options
    const kind = checkTypeOf(owned.type)
    if (!kind) throw new AppError('INTERNAL', `There are no checks of the kind ${owned.type}`)
    const spec = kind.spec.parse(owned.spec)
    if (id !== null) {
      const { id: _, builtIn: __, createdAt: ___, stored: ____, ...before } = this.get(id)
      store.checks.update(id, { ...before, ...owned, spec })
      return this.#took(id)
    }
    const draft = { ...owned, spec, enabled: true, ...kind.defaults, dependsOn: [], tags: [] }
    const made = newCheckId()
    store.checks.insert({ ...draft, id: made, builtIn: true, createdAt: clock.now() })
    return this.#took(made)
  }

  /** Its owner is gone. */
  removeOwned(id: string): void {
    if (this.#options.prober.has(id)) this.#remove(this.get(id))
  }

  /** Its alerts are closed, and nothing depends on it any more. Throws NOT_FOUND; CONFLICT for what is built in. */
  remove(id: string): Check {
    const check = this.get(id)
    if (check.builtIn)
      throw new AppError('CONFLICT', 'This check is there for every host', { hint: 'Switch it off instead.' })
    return this.#remove(check)
  }

  #remove(check: Check): Check {
    const { store, prober, unitWatch, alerting, publish } = this.#options
    const { id } = check
    // its incident is closed while the check is still there to be spoken of
    alerting.checkRemoved(id)
    store.checks.remove(id)
    prober.remove(id)
    unitWatch.forget(id)
    publish('check.removed', id)
    for (const other of store.checks.list()) if (prober.check(other.id)?.dependsOn.includes(id)) this.#took(other.id)
    return check
  }

  /** Probes once; what is stored for `id` is used only where it was given for. */
  try(id: string | null, given: CheckDraft, secrets: FieldSecrets, signal: AbortSignal): Promise<Probe> {
    const { prober, clock } = this.#options
    const before = id === null ? null : this.get(id)
    const typed = before ? { ...forgotten(before), ...secrets } : secrets
    // first as if nothing was stored, so that another address is no error here
    const draft = this.#judge(given, typed, before)
    const check = { ...draft, id: id ?? 'trial', builtIn: before?.builtIn ?? false, createdAt: clock.now(), stored: [] }
    return prober.try(check, before && !samePlace(before, draft) ? typed : secrets, signal)
  }

  /** Over the windows of R12, as far as it was known. */
  uptime(id: string): Uptime[] {
    const { store, clock } = this.#options
    this.get(id)
    const now = clock.now()
    const spans = store.probeSpans.list(id, '', now - longestWindow, now)
    return UptimeWindow.options.map(window => uptimeOf(spans, window, now))
  }

  unitUptime(ref: UnitRef): Uptime[] {
    const { store, clock, prober } = this.#options
    const now = clock.now()
    const from = now - longestWindow
    const host = store.hosts.get(ref.hostId)
    if (!host) throw new AppError('NOT_FOUND', 'This host is not configured')
    const current = store.units.lastStates(ref.hostId).find(one => one.scope === ref.scope && one.name === ref.name)
    const transitions = store.units.transitions(ref, mostTransitions).filter(one => one.at >= from)
    const gaps = store.gaps.list(ref.hostId, from, now)
    const spans: StatusSpan[] = unitSpans(transitions, gaps, now, { since: host.createdAt, current: current ?? null })
    // maintenance is known to the checks that were made meanwhile
    const keys = prober.checksOf(ref.hostId).map(check => ({
      id: check.id,
      key: check.type === 'unit-failures' ? unitKey(ref) : '',
      speaks: check.type === 'unit-failures' || (check.unit?.name === ref.name && check.unit.scope === ref.scope),
    }))
    for (const { id, key, speaks } of keys)
      if (speaks) spans.push(...store.probeSpans.list(id, key, from, now).filter(span => span.status === 'maintenance'))
    return UptimeWindow.options.map(window => uptimeOf(spans, window, now))
  }

  #judge(draft: CheckDraft, secrets: FieldSecrets, before: Check | null): CheckDraft {
    const { store } = this.#options
    return judgeDraft(draft, secrets, before, () => store.checks.list(), store.hosts.get(draft.hostId) !== null)
  }

  /** Tells everyone of a check as it is stored now. */
  #took(id: string): Check {
    const { store, prober, unitWatch, alerting } = this.#options
    const check = store.checks.get(id)
    if (!check) throw new AppError('NOT_FOUND', 'This check is not there any more')
    prober.put(check)
    alerting.checkChanged(check)
    unitWatch.onCheck(check)
    return check
  }

  #keepSecrets(id: string, secrets: FieldSecrets): void {
    const { vault } = this.#options
    for (const [field, value] of Object.entries(secrets)) {
      if (value === null) vault.forget(fieldSecretId('check', id, field))
      else vault.put(fieldSecretId('check', id, field), value)
    }
  }
}

/** Nothing of what is stored, so that a try elsewhere has only what was typed for it. */
const forgotten = (check: Check): FieldSecrets => Object.fromEntries(check.stored.map(field => [field, null]))

function newCheckId(): string {
  return `check-${randomBytes(6).toString('hex')}`
}

// Offers checks for a host that nobody has taken or sent away yet; looks around on it now and then. Decides nothing about what is worth offering.
import { CheckDraft, type CheckProposal } from '../../shared/model/check.ts'
import { checkTypeOf } from '../checks/index.ts'
import { type Findings, isTaken, proposalsFor } from '../domain/proposals.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Discover } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { HostSession } from './host-session.ts'

/** What was found on a host is looked for anew after this. */
const freshMs = 120_000
const lookMs = 45_000
const mostUnits = 200

interface Found {
  readonly at: number
  readonly generation: number
  readonly units: string
  readonly findings: Promise<Findings | null>
}

export class Proposals {
  readonly #store: Store
  readonly #discover: Discover
  readonly #clock: Clock
  readonly #log: Logger
  /** By session: another machine may come under the same name. */
  readonly #found = new WeakMap<HostSession, Found>()

  constructor(options: { store: Store; discover: Discover; clock: Clock; log: Logger }) {
    this.#store = options.store
    this.#discover = options.discover
    this.#clock = options.clock
    this.#log = options.log.child('proposals')
  }

  async list(session: HostSession): Promise<CheckProposal[]> {
    const { id } = session.host
    const own = session.units
      .list()
      .filter(unit => unit.pinned || session.units.isOwn(unit.scope, unit.name))
      .slice(0, mostUnits)
    const findings = await this.#findingsOf(session, own)
    const dismissed = this.#store.checks.dismissed(id)
    const checks = this.#store.checks.list(id)
    const all = proposalsFor(id, own, findings, type => checkTypeOf(type)?.defaults ?? null)
    return all.flatMap(proposal => {
      if (dismissed.has(proposal.key) || isTaken(proposal, checks)) return []
      // what the kind would refuse is not offered
      const spec = checkTypeOf(proposal.draft.type)?.spec.safeParse(proposal.draft.spec)
      const draft = CheckDraft.safeParse({ ...proposal.draft, spec: spec?.success ? spec.data : null })
      return draft.success ? [{ ...proposal, draft: draft.data }] : []
    })
  }

  dismiss(hostId: string, key: string): void {
    this.#store.checks.dismiss(hostId, key)
  }

  #findingsOf(
    session: HostSession,
    own: readonly { scope: 'system' | 'user'; name: string }[],
  ): Promise<Findings | null> {
    const { host, link } = session
    const { state, generation } = link.status
    if (state !== 'ready') return Promise.resolve(null)
    const units = own.map(unit => `${unit.scope}/${unit.name}`).join(' ')
    const known = this.#found.get(session)
    const now = this.#clock.monotonic()
    if (known?.generation === generation && known.units === units && now - known.at < freshMs) return known.findings
    const patience = new AbortController()
    const timer = this.#clock.after(lookMs, () => patience.abort())
    const findings = this.#discover(
      link,
      host,
      own.map(({ scope, name }) => ({ scope, name })),
      patience.signal,
    )
      .catch(error => {
        this.#log.info('nothing was found', { host: host.id, error: String(error) })
        this.#found.delete(session)
        return null
      })
      .finally(() => timer.dispose())
    this.#found.set(session, { at: now, generation, units, findings })
    return findings
  }
}

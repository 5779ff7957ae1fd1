// Ties together what watches: prober, units, hosts, own uplink and the checks they serve; each of them knows only its own part.
import type { PowerChange } from '../../shared/contract/native.ts'
import { localHostId } from '../../shared/model/host.ts'
import type { UplinkSigns } from '../domain/uplink.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Link } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Alerting } from './alerting.ts'
import { Checks } from './checks.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import { HostWatch } from './host-watch.ts'
import { Prober } from './prober.ts'
import type { Publish } from './publish.ts'
import { UnitWatch } from './unit-watch.ts'
import { UplinkWatch } from './uplink-watch.ts'
import type { Vault } from './vault.ts'

export interface WatchingOptions {
  store: Store
  vault: Vault
  alerting: Alerting
  /** All hosts that have a session now. */
  sessions: () => readonly HostSession[]
  session: (hostId: string) => HostSession | null
  /** This computer's own network. */
  here: Pick<Link, 'openTcp'>
  clock: Clock
  log: Logger
  publish: Publish
  breakers?: CircuitBreakers
  /** Is a window open that wants to be told? */
  isHeard: () => boolean
}

export class Watching implements Disposable {
  readonly prober: Prober
  readonly checks: Checks
  readonly hosts: HostWatch
  readonly units: UnitWatch
  readonly uplink: UplinkWatch
  readonly #bag = new DisposableBag()
  readonly #sessions: () => readonly HostSession[]

  constructor(options: WatchingOptions) {
    const { store, vault, alerting, session, clock, log, publish } = options
    this.#sessions = options.sessions
    const prober = this.#bag.add(new Prober(options))
    const units = this.#bag.add(new UnitWatch({ prober, alerting, store, session, clock, log }))
    const hosts = this.#bag.add(new HostWatch(prober, () => this.uplink.suspect))
    this.prober = prober
    this.units = units
    this.hosts = hosts
    this.checks = new Checks({ store, vault, prober, unitWatch: units, alerting, clock, publish })
    this.uplink = this.#bag.add(
      new UplinkWatch({
        clock,
        hosts: () => this.#signs(),
        onChange: (online, reason) => {
          alerting.setOnline(online, reason)
          if (!online) return
          // what failed for want of a network is tried again at once
          for (const one of this.#sessions()) one.link.probe()
          prober.hurryAll()
        },
      }),
    )
    prober.onEventCheck = check => (check.type === 'host-reachable' ? hosts : units).look(check)
    prober.phaseOf = check => (check.type === 'unit-failures' ? units.phaseOf(check) : alerting.phase(check.id, null))
    const unreached = new Set<string>()
    this.#bag.add(
      alerting.moved.on(check => {
        prober.board.touch(check.id)
        if (check.type !== 'host-reachable') return
        if (alerting.phase(check.id, null).phase !== 'ok') unreached.add(check.hostId)
        // what could not be judged while its host was gone is looked at now, and not whenever its interval is over
        else if (unreached.delete(check.hostId)) prober.hurryHost(check.hostId)
      }),
    )
    this.#bag.add(hosts.changed.on(() => this.uplink.look()))
  }

  /** A host's session is about to start: listens to it until disposed. */
  attach(session: HostSession): Disposable {
    this.checks.ensureBuiltIns(session.host)
    const bag = new DisposableBag()
    bag.add(this.units.attach(session))
    bag.add(this.hosts.attach(session))
    return bag
  }

  onClockGap(): void {
    this.prober.onClockGap()
    this.units.onClockGap()
  }

  onPower(change: PowerChange): void {
    if (change === 'online' || change === 'offline') this.uplink.setDesktop(change === 'online')
  }

  dispose(): void {
    this.#bag.dispose()
  }

  /** The hosts that say something of this computer's network: a link to them is wanted, and was tried. */
  #signs(): UplinkSigns['hosts'] {
    return this.#sessions().flatMap(({ host, link }) => {
      const reach = this.hosts.reach(host.id)
      if (host.id === localHostId || link.status.state === 'idle' || !reach) return []
      const connecting = reach.answers === null && reach.cause === null
      if (reach.answers === null && !connecting) return []
      return [{ id: host.id, reachable: reach.answers, jump: host.jump }]
    })
  }
}

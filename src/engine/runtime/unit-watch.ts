// Feeds what happens to units into the checks that speak of them, as it happens; knows nothing of how units are watched or alerts are told.
import type { Check, CheckUnit, CheckView } from '../../shared/model/check.ts'
import { isLeftOut, judgeUnit, summariseFailed, type UnitExpectation, type UnitVerdict } from '../domain/unit-health.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { UnitState } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { HostSession } from './host-session.ts'
import type { AlertSink, Prober } from './prober.ts'
import { UnitOverflow } from './unit-overflow.ts'
import { wasStopped } from './unit-purpose.ts'

/** How long a unit must be well before that counts for a second time (semantics 11). */
export const steadyMs = 10_000
/** Of one host; one that makes up failing units without end costs bounded memory. */
const mostOfHost = 500
/** Of so many failed units it is looked up how they went down, each time that all are summed up. */
const mostAsked = 50

/** A unit that is, or was until just now, in trouble as one check sees it. */
interface Track {
  readonly check: Check
  readonly ref: CheckUnit
  /** The cause that was told last, or null while it proves to be well. */
  cause: string | null
  proof: Disposable | null
}

/** What is asked of the alerts about single units. */
export interface UnitAlerts extends Pick<AlertSink, 'phase'> {
  phases(checkId: string): (PhaseView & { unit: CheckUnit | null })[]
}

type PhaseView = Pick<CheckView, 'phase' | 'mutedBy' | 'incidentId'>
const phases = ['ok', 'pending', 'recovering', 'firing'] as const

export class UnitWatch implements Disposable {
  readonly #prober: Prober
  readonly #alerting: UnitAlerts
  readonly #store: Pick<Store, 'units' | 'incidents'>
  readonly #session: (hostId: string) => HostSession | null
  readonly #clock: Clock
  readonly #log: Logger
  /** By check, then by unit. */
  readonly #tracks = new Map<string, Map<string, Track>>()
  readonly #overflow = new UnitOverflow()

  constructor(options: {
    prober: Prober
    alerting: UnitAlerts
    store: Pick<Store, 'units' | 'incidents'>
    session: (hostId: string) => HostSession | null
    clock: Clock
    log: Logger
  }) {
    this.#prober = options.prober
    this.#alerting = options.alerting
    this.#store = options.store
    this.#session = options.session
    this.#clock = options.clock
    this.#log = options.log.child('unit-watch')
  }

  /** A host's session was opened: listens until disposed. */
  attach(session: HostSession): Disposable {
    const bag = new DisposableBag()
    bag.add(session.units.transitions.on(({ unit }) => this.observe(session, unit)))
    bag.add(
      session.fell.on(units => {
        for (const unit of units) this.observe(session, unit)
      }),
    )
    bag.add(session.found.on(units => this.#onFound(session, units)))
    return bag
  }

  /** A unit was seen in this state, live or after a gap. */
  observe(session: HostSession, unit: UnitState): void {
    const own = this.#ownChecks(session.host.id, unit)
    for (const check of own) if (check.enabled) this.#judge(session, check, unit, unit)
    if (own.length > 0) return
    const builtIn = this.#builtIn(session.host.id)
    if (builtIn && !isLeftOut(builtIn.spec.ignore, unit.name)) this.#judge(session, builtIn, unit, unit)
  }

  /** A check that is fed from here came due: what is still so is said again, so that thresholds are reached and time is known. */
  look(check: Check): void {
    const session = this.#session(check.hostId)
    if (!session) return
    if (check.type === 'unit-failures') {
      for (const { ref } of [...(this.#tracks.get(check.id)?.values() ?? [])])
        this.#judge(session, check, ref, session.units.get(ref.scope, ref.name), true)
      for (const ref of this.#overflow.of(check.id))
        this.#judge(session, check, ref, session.units.get(ref.scope, ref.name), true)
      // an engine that has just begun knows of no rest before it has seen the host
      if (session.units.manager('system')) this.#tellRest(check)
      this.#summarise(session, check)
    } else if (check.unit)
      this.#judge(session, check, check.unit, session.units.get(check.unit.scope, check.unit.name), true)
  }

  /** The check is new, or other than it was. */
  onCheck(check: Check): void {
    this.forget(check.id)
    if (check.type === 'unit-failures') {
      for (const { unit } of this.#alerting.phases(check.id))
        if (unit && isLeftOut(check.spec.ignore, unit.name))
          this.#release(check, unit, `${unit.name} is left out of this check`)
      return
    }
    const builtIn = check.type === 'systemd-unit' ? this.#builtIn(check.hostId) : null
    if (builtIn && check.unit)
      this.#release(builtIn, check.unit, `${check.unit.name} is left to its own check, ${check.name}`)
  }

  forget(checkId: string): void {
    for (const track of this.#tracks.get(checkId)?.values() ?? []) track.proof?.dispose()
    this.#tracks.delete(checkId)
    this.#overflow.forget(checkId)
  }

  /** Time was lost (semantics 2): whatever was being proven is proven anew. */
  onClockGap(): void {
    for (const tracks of this.#tracks.values()) for (const track of tracks.values()) if (track.proof) this.#prove(track)
  }

  /** How a check over many units stands: as the worst of them. */
  phaseOf(check: Check): PhaseView {
    let worst: PhaseView = this.#alerting.phase(check.id, null)
    for (const one of this.#alerting.phases(check.id))
      if (phases.indexOf(one.phase) > phases.indexOf(worst.phase)) worst = one
    return worst
  }

  dispose(): void {
    for (const checkId of [...this.#tracks.keys()]) this.forget(checkId)
  }

  #onFound(session: HostSession, units: readonly UnitState[]): void {
    const hostId = session.host.id
    for (const unit of units) this.observe(session, unit)
    const changed = new Set(units.map(keyOf))
    for (const check of this.#prober.checksOf(hostId, 'systemd-unit'))
      if (check.enabled && check.unit && !changed.has(keyOf(check.unit))) this.look(check)
    const builtIn = this.#builtIn(hostId)
    if (!builtIn) return
    // what was told before this engine (or this connection) began has to end, too
    const told = this.#store.incidents.active().filter(one => one.checkId === builtIn.id && one.unit !== null)
    const known = [...(this.#tracks.get(builtIn.id)?.values() ?? [])].map(track => track.ref)
    for (const ref of [...told.map(one => one.unit), ...known])
      if (ref) this.#judge(session, builtIn, ref, session.units.get(ref.scope, ref.name))
    // and what was still to be told when an engine ended must not be taken for old news by the next
    const tracked = this.#tracks.get(builtIn.id)
    for (const unit of session.units.list())
      if (unit.activeState === 'failed' && !tracked?.has(keyOf(unit)) && this.#fellHere(session, unit))
        this.observe(session, unit)
    this.#summarise(session, builtIn)
  }

  #judge(session: HostSession, check: Check, ref: CheckUnit, unit: UnitState | null, due = false): void {
    const own = check.type === 'systemd-unit'
    if (!session.units.manager(ref.scope)) {
      if (own && due) this.#record(check, ref, notWatched(session))
      return
    }
    const verdict = this.#verdict(check, ref, unit)
    const track = this.#tracks.get(check.id)?.get(keyOf(ref))
    const troubled = track !== undefined || this.#phase(check, ref) !== 'ok'
    if (!own && !troubled && this.#isRest(session, check, ref, verdict)) return
    if (verdict.status === 'unhealthy') this.#onTrouble(check, ref, verdict, track, due)
    else if (verdict.status === 'healthy' && troubled) this.#onWell(check, ref, verdict, track, due)
    else if (own && (due || verdict.status === 'healthy')) this.#record(check, ref, verdict)
  }

  /** Of a host that has more trouble than can be told one by one: is it counted with the rest? */
  #isRest(session: HostSession, check: Check, ref: CheckUnit, { status }: UnitVerdict): boolean {
    const counted = this.#overflow.has(check.id, ref)
    const before = this.#overflow.of(check.id).length
    if (status === 'unhealthy') {
      // what is known to come and go has its incident already
      if (this.#alerting.phase(check.id, ref).incidentId !== null) return false
      const open = this.#tracks.get(check.id)?.size ?? 0
      const own = session.units.isOwn(ref.scope, ref.name)
      if (this.#overflow.admits(check.id, ref, { open, own, now: this.#clock.monotonic() })) return false
      // the first is told at once, how many there are with the next look
      if (before === 0) this.#tellRest(check)
      return true
    }
    if (counted && status === 'healthy') this.#overflow.remove(check.id, ref)
    return counted
  }

  /** The rest has one incident, which is the check's own. */
  #tellRest(check: Check): void {
    const verdict = this.#overflow.verdict(check.id)
    if (verdict.status === 'unhealthy' || this.#alerting.phase(check.id, null).phase !== 'ok')
      this.#prober.record(check, null, verdict, false)
  }

  #onTrouble(check: Check, ref: CheckUnit, verdict: UnitVerdict, known: Track | undefined, due: boolean): void {
    const track = known ?? this.#track(check, ref)
    if (!track) return
    const again = track.cause === verdict.cause && !due
    track.proof?.dispose()
    track.proof = null
    track.cause = verdict.cause
    // one crash is seen in several states: they are one failure
    if (!again) this.#record(check, ref, verdict)
  }

  #onWell(check: Check, ref: CheckUnit, verdict: UnitVerdict, known: Track | undefined, due: boolean): void {
    const track = known ?? this.#track(check, ref)
    if (!track || (due && track.proof)) return
    if (!track.proof) this.#record(check, ref, verdict)
    track.cause = null
    if (this.#phase(check, ref) === 'ok') this.#drop(track)
    else this.#prove(track)
  }

  #prove(track: Track): void {
    track.proof?.dispose()
    track.proof = this.#clock.after(steadyMs, () => {
      track.proof = null
      const { check, ref } = track
      const session = this.#session(check.hostId)
      const seen = session?.units.manager(ref.scope) != null
      const verdict = session && seen ? this.#verdict(check, ref, session.units.get(ref.scope, ref.name)) : null
      if (verdict?.status === 'healthy') this.#record(check, ref, verdict)
      if (this.#phase(check, ref) === 'ok') this.#drop(track)
      else this.#prove(track)
    })
  }

  #verdict(check: Check, ref: CheckUnit, unit: UnitState | null): UnitVerdict {
    const own = check.type === 'systemd-unit'
    if (!unit)
      return own
        ? { status: 'unhealthy', message: `There is no service ${ref.name} on this host`, cause: 'other' }
        : { status: 'healthy', message: `${ref.name} is no longer on this host`, cause: null }
    const expected = own ? ((check.spec.expected ?? 'running') as UnitExpectation) : 'not-failed'
    const matters = expected === 'running' || (expected === 'not-failed' && unit.activeState === 'failed')
    const stopped = matters ? wasStopped(this.#store, check.hostId, unit) : null
    const verdict = judgeUnit(unit, expected, stopped)
    // somebody stopped what was in trouble: the trouble is over
    return stopped === true && this.#phase(check, ref) !== 'ok' ? { ...verdict, status: 'healthy' } : verdict
  }

  #record(check: Check, ref: CheckUnit, verdict: UnitVerdict): void {
    const own = check.type === 'systemd-unit'
    this.#prober.record(check, own ? null : ref, verdict, own)
    if (!own) this.#prober.board.touch(check.id)
  }

  #phase(check: Check, ref: CheckUnit): CheckView['phase'] {
    return this.#alerting.phase(check.id, check.type === 'systemd-unit' ? null : ref).phase
  }

  /** What the check over all units shows of itself; it alerts by its units only. */
  #summarise(session: HostSession, check: Check): void {
    if (!session.units.manager('system')) {
      this.#prober.show(check, notWatched(session))
      return
    }
    const failed = session.units
      .list()
      .filter(unit => unit.activeState === 'failed' && !isLeftOut(check.spec.ignore, unit.name))
    const tracked = this.#tracks.get(check.id)
    const isFresh = (unit: CheckUnit): boolean => tracked?.has(keyOf(unit)) || this.#overflow.has(check.id, unit)
    const fresh = failed.filter(isFresh)
    // of a great many it does not matter who stopped which
    const old = failed.filter(
      (unit, at) => !isFresh(unit) && (at >= mostAsked || wasStopped(this.#store, session.host.id, unit) !== true),
    )
    this.#prober.show(
      check,
      summariseFailed(
        fresh.map(unit => unit.name),
        old.map(unit => unit.name),
      ),
    )
  }

  #track(check: Check, ref: CheckUnit): Track | null {
    const tracks = this.#tracks.get(check.id) ?? new Map<string, Track>()
    this.#tracks.set(check.id, tracks)
    if (tracks.size >= mostOfHost) {
      this.#log.debug('too many units are in trouble', { check: check.id, most: mostOfHost })
      return null
    }
    const track = { check, ref: { scope: ref.scope, name: ref.name }, cause: null, proof: null }
    tracks.set(keyOf(ref), track)
    return track
  }

  /** The check no longer speaks of this unit. */
  #release(check: Check, ref: CheckUnit, message: string): void {
    const track = this.#tracks.get(check.id)?.get(keyOf(ref))
    if (track) this.#drop(track)
    if (this.#phase(check, ref) === 'ok') return
    for (let times = 0; times < check.recoveryThreshold; times++)
      this.#record(check, ref, { status: 'healthy', message, cause: null })
  }

  /** Was it seen to fail, or found to have failed since it was watched, as opposed to having been failed before? */
  #fellHere(session: HostSession, { scope, name }: CheckUnit): boolean {
    const [last] = this.#store.units.transitions({ hostId: session.host.id, scope, name }, 1)
    return last?.toState === 'failed'
  }

  #drop(track: Track): void {
    track.proof?.dispose()
    track.proof = null
    this.#tracks.get(track.check.id)?.delete(keyOf(track.ref))
  }

  #ownChecks(hostId: string, { scope, name }: CheckUnit): Check[] {
    return this.#prober
      .checksOf(hostId, 'systemd-unit')
      .filter(check => check.unit?.name === name && check.unit.scope === scope)
  }

  #builtIn(hostId: string): Check | null {
    return this.#prober.checksOf(hostId, 'unit-failures').find(check => check.enabled) ?? null
  }
}

const keyOf = ({ scope, name }: CheckUnit): string => `${scope}/${name}`

const notWatched = (session: HostSession): UnitVerdict => ({
  status: 'unknown',
  message: `The services of ${session.host.name} are not seen just now`,
  cause: 'network',
})

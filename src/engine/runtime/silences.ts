// Says which silences and maintenance windows are in force, and when that changes (semantics 17); knows no alert and no check.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Silence, SilenceDraft } from '../../shared/model/incident.ts'
import { type SilencePhase, type SilenceSubject, silenceActive, silenceMatches } from '../domain/silence.ts'
import type { Clock } from '../lib/clock.ts'
import { cronProblem, cronTimes } from '../lib/cron.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { StoredSilence } from '../store/silences.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'

/** Looked at least so often, whatever the wall clock did meanwhile. */
const mostWaitMs = 60_000
/** A silence that is over is still shown for so long. */
const keptMs = 7 * 86_400_000

export class Silences implements Disposable {
  /** What is in force is not what it was. */
  readonly changed = new Emitter<void>()
  readonly #store: Store
  readonly #clock: Clock
  readonly #publish: Publish
  #all: { silence: StoredSilence; phase: SilencePhase }[] = []
  #timer: Disposable | null = null

  constructor(options: { store: Store; clock: Clock; publish: Publish }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#publish = options.publish
    this.#forgetOld()
    this.#load()
  }

  list(): Silence[] {
    return this.#all.map(({ silence, phase }) => ({ ...silence, ...phase }))
  }

  /** Why nobody is told of this now; maintenance before silence, for it counts for more. */
  mutes(subject: SilenceSubject): 'maintenance' | 'silence' | null {
    let by: 'silence' | null = null
    for (const { silence, phase } of this.#all) {
      if (!phase.active || !silenceMatches(silence.scope, subject)) continue
      if (silence.kind === 'maintenance') return 'maintenance'
      by = 'silence'
    }
    return by
  }

  /** Throws INVALID_INPUT for a schedule that never comes. */
  add(draft: SilenceDraft, actor: string): Silence {
    check(draft)
    const silence = { ...draft, id: randomUUID(), createdAt: this.#clock.now(), createdBy: actor }
    this.#store.silences.insert(silence)
    this.#load()
    return this.#one(silence.id)
  }

  edit(id: string, draft: SilenceDraft): Silence {
    check(draft)
    this.#store.silences.update(id, draft)
    this.#load()
    return this.#one(id)
  }

  /** Returns what it was. */
  remove(id: string): Silence {
    const silence = this.#one(id)
    this.#store.silences.remove(id)
    this.#load()
    return silence
  }

  /** The host is about to go. What was said of it, or of one of its checks, goes with it: another one may get its id. */
  hostRemoved(hostId: string): void {
    const checks = new Set(this.#store.checks.list(hostId).map(check => check.id))
    const gone = this.#all.filter(
      ({ silence: { scope } }) => scope.hostId === hostId || (scope.checkId !== null && checks.has(scope.checkId)),
    )
    if (gone.length === 0) return
    for (const { silence } of gone) this.#store.silences.remove(silence.id)
    this.#load()
  }

  /** Time was lost: the wall clock may be anywhere. */
  onClockGap(): void {
    this.#review()
  }

  dispose(): void {
    this.#timer?.dispose()
    this.changed.dispose()
  }

  #one(id: string): Silence {
    const found = this.list().find(silence => silence.id === id)
    if (!found) throw new AppError('NOT_FOUND', 'This silence is not there any more')
    return found
  }

  #load(): void {
    const now = this.#clock.now()
    this.#all = this.#store.silences.list().map(silence => ({ silence, phase: phaseOf(silence, now) }))
    this.#announce()
  }

  #review(): void {
    const now = this.#clock.now()
    const before = JSON.stringify(this.#all.map(({ phase }) => phase))
    for (const entry of this.#all) entry.phase = phaseOf(entry.silence, now)
    if (JSON.stringify(this.#all.map(({ phase }) => phase)) !== before) this.#announce()
    else this.#arm()
  }

  #announce(): void {
    this.#arm()
    this.#publish('silence.changed', this.list())
    this.changed.emit()
  }

  #arm(): void {
    this.#timer?.dispose()
    this.#timer = null
    const times = this.#all.flatMap(({ phase }) => phase.changesAt ?? [])
    if (times.length === 0) return
    const wait = Math.min(...times) - this.#clock.now()
    this.#timer = this.#clock.after(Math.min(Math.max(wait, 1), mostWaitMs), () => this.#review())
  }

  #forget(id: string): void {
    try {
      this.#store.silences.remove(id)
    } catch {
      // the store has told why: it is found again at the next start
    }
  }

  #forgetOld(): void {
    const before = this.#clock.now() - keptMs
    for (const { id, schedule } of this.#store.silences.list())
      if (schedule.kind === 'once' && schedule.until !== null && schedule.until < before) this.#forget(id)
  }
}

const phaseOf = (silence: StoredSilence, now: number): SilencePhase => silenceActive(silence.schedule, now, cronTimes)

function check({ schedule }: SilenceDraft): void {
  const problem =
    schedule.kind === 'cron'
      ? cronProblem(schedule.expression, schedule.zone)
      : schedule.kind === 'once' && schedule.until !== null && schedule.until <= schedule.from
        ? 'It would end before it begins'
        : null
  if (problem !== null)
    throw new AppError('INVALID_INPUT', `This schedule cannot be kept: ${problem}`, { hint: 'Change the schedule.' })
}

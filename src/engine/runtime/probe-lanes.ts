// Bounds how many probes run at once, on each host and in all, so that one slow host costs only itself; knows no check.
import type { Clock } from '../lib/clock.ts'
import { sleep } from '../lib/clock.ts'
import type { Link } from '../ports.ts'
import { Gate } from './gate.ts'

/** Streams are no sessions to sshd, which has no limit of its own for them. */
const mostOfHost = 16
const mostOfAll = 256
/** sshd's MaxSessions is 10 by default, and units, metrics, journals and people need some. */
const mostCommands = 3
/** Questions whether a link answers that come together are one. */
const gatherMs = 50
const answerMs = 5_000

class Lane {
  readonly commands = new Gate(mostCommands)
  readonly waiting: (() => Promise<void>)[] = []
  running = 0
  readonly #clock: Clock
  #asking: Promise<boolean> | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does the link carry a command from now to its end and back? */
  answers(link: Link): Promise<boolean> {
    this.#asking ??= this.#ask(link)
    return this.#asking
  }

  async #ask(link: Link): Promise<boolean> {
    await sleep(this.#clock, gatherMs)
    // whoever asks from here on needs a newer answer
    this.#asking = null
    const { state, generation } = link.status
    if (state !== 'ready') return false
    try {
      const { exit } = await link.exec(['true'], { timeout: answerMs })
      return exit === 0 && link.status.generation === generation
    } catch {
      return false
    }
  }
}

export class ProbeLanes {
  readonly #clock: Clock
  readonly #lanes = new Map<string, Lane>()
  #running = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  of(hostId: string): Lane {
    const lane = this.#lanes.get(hostId) ?? new Lane(this.#clock)
    this.#lanes.set(hostId, lane)
    return lane
  }

  /** Runs `work` (which never rejects) as soon as there is room. */
  run(hostId: string, work: () => Promise<void>): void {
    const lane = this.of(hostId)
    lane.waiting.push(work)
    this.#pump(lane)
  }

  forget(hostId: string): void {
    const lane = this.#lanes.get(hostId)
    if (lane) lane.waiting.length = 0
    this.#lanes.delete(hostId)
  }

  #pump(lane: Lane): void {
    while (lane.running < mostOfHost && this.#running < mostOfAll) {
      const work = lane.waiting.shift()
      if (!work) return
      lane.running += 1
      this.#running += 1
      void work().finally(() => {
        lane.running -= 1
        this.#running -= 1
        this.#next(lane)
      })
    }
  }

  /** The host whose probe ended comes first; where all together were at the limit, the others get their turn, too. */
  #next(lane: Lane): void {
    const full = this.#running === mostOfAll - 1
    this.#pump(lane)
    if (full) for (const other of this.#lanes.values()) if (other.waiting.length > 0) this.#pump(other)
  }
}

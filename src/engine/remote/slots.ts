// Counts the session channels of one connection, so that sshd's MaxSessions is never the one to refuse; knows nothing of channels themselves.
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'

/** sshd's default MaxSessions is 10; two stay free because it counts a session until after both ends have closed it. */
const mostSessions = 8
/** Long-lived commands leave this many slots to short ones. */
const keptForShort = 2
const longestWait = 30_000

export interface Slot extends Disposable {
  /** The host has opened the session. */
  established(): void
}

interface Waiting {
  readonly long: boolean
  readonly admit: () => void
}

export class SessionSlots {
  #limit = mostSessions
  #used = 0
  #established = 0
  #mostEstablished = 0
  #long = 0
  readonly #waiting: Waiting[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Slots in use. */
  get used(): number {
    return this.#used
  }

  /** Resolves with a slot in the order of asking; short commands overtake long ones that find no room. */
  take(long: boolean, signal: AbortSignal): Promise<Slot> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#room(long) && !this.#waiting.some(other => other.long === long)) return Promise.resolve(this.#enter(long))
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        timer.dispose()
        signal.removeEventListener('abort', onAbort)
        const at = this.#waiting.indexOf(waiting)
        if (at >= 0) this.#waiting.splice(at, 1)
      }
      const onAbort = (): void => {
        leave()
        reject(signal.reason)
      }
      const waiting: Waiting = {
        long,
        admit: () => {
          leave()
          resolve(this.#enter(long))
        },
      }
      const timer = this.#clock.after(longestWait, () => {
        leave()
        reject(
          new AppError('TIMEOUT', 'The host has no free session for this command', {
            hint: `${this.#used} run already (sshd: MaxSessions). Close a journal of this host.`,
          }),
        )
      })
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiting)
    })
  }

  /**
   * sshd refused a session although there seemed to be room: as many as were seen open at once are allowed for sure. True where others are
   * open, so that waiting for one of them may help.
   */
  refused(): boolean {
    this.#limit = Math.max(1, this.#mostEstablished)
    return this.#used > 1
  }

  #room(long: boolean): boolean {
    if (this.#used >= this.#limit) return false
    return !long || this.#long < Math.max(1, this.#limit - keptForShort)
  }

  #enter(long: boolean): Slot {
    this.#used += 1
    if (long) this.#long += 1
    let open = false
    const { dispose } = disposable(() => {
      this.#used -= 1
      if (long) this.#long -= 1
      if (open) this.#established -= 1
      this.#next()
    })
    return {
      dispose,
      established: () => {
        open = true
        this.#established += 1
        this.#mostEstablished = Math.max(this.#mostEstablished, this.#established)
        // A refusal may have been heard before the answers to what was asked earlier.
        this.#limit = Math.max(this.#limit, this.#mostEstablished)
      },
    }
  }

  #next(): void {
    for (const waiting of [...this.#waiting]) if (this.#room(waiting.long)) waiting.admit()
  }
}

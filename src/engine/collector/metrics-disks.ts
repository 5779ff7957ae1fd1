// Asks a host now and then how full its disks are, beside the looks at /proc, so that a file system that hangs delays nothing.
import type { DiskUse } from '../../shared/model/metric.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { disksWorthAsking, parseDf, parseMounts } from '../parse/df.ts'
import type { Link } from '../ports.ts'

/** Disks fill slowly and asking costs the host a process. */
export const diskPeriodMs = 60_000
const askTimeoutMs = 10_000
const script = 'cat /proc/self/mounts; echo; [ $# -eq 0 ] || LC_ALL=C exec df -P -k -- "$@"'

export class DiskWatch implements Disposable {
  readonly #link: Link
  readonly #clock: Clock
  readonly #log: Logger
  readonly #abort = new AbortController()
  #paths: readonly string[] = []
  #use: readonly DiskUse[] = []
  #askedAt: number | null = null
  #asking: Promise<void> | null = null

  constructor(link: Link, clock: Clock, log: Logger) {
    this.#link = link
    this.#clock = clock
    this.#log = log
  }

  /** What is known; asks in the background when that is old, one question at a time. */
  latest(): readonly DiskUse[] {
    const now = this.#clock.monotonic()
    if (this.#asking === null && (this.#askedAt === null || now - this.#askedAt >= diskPeriodMs)) {
      this.#askedAt = now
      this.#asking = this.#ask().finally(() => {
        this.#asking = null
      })
    }
    return this.#use
  }

  /** Resolves when the question that is under way is answered, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.#asking === null) return
    let timer = disposable(() => {})
    await Promise.race([
      this.#asking,
      new Promise<void>(resolve => {
        timer = this.#clock.after(ms, resolve)
      }),
    ])
    timer.dispose()
  }

  dispose(): void {
    this.#abort.abort()
  }

  async #ask(): Promise<void> {
    try {
      // the second round is for the first time and for mounts that came or went
      for (let round = 0; round < 2; round++) {
        const asked = this.#paths
        const { stdout } = await this.#link.exec(['sh', '-c', script, 'sh', ...asked], {
          timeout: askTimeoutMs,
          maxBytes: 1024 * 1024,
          signal: this.#abort.signal,
        })
        const text = Buffer.from(stdout).toString('utf8')
        const split = text.startsWith('\n') ? 0 : text.indexOf('\n\n')
        if (split < 0) return
        this.#paths = disksWorthAsking(parseMounts(text.slice(0, split)))
        if (asked.length > 0) this.#use = parseDf(text.slice(split + 1))
        if (this.#paths.join('\n') === asked.join('\n')) return
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#log.debug('disks not known', { error: String(error) })
    }
  }
}

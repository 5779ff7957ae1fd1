// Asks a host now and then how full its disks are, on a channel beside the looks at /proc, so that a file system that hangs delays nothing.
import type { DiskUse } from '../../shared/model/metric.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { disksWorthAsking, localTypes, parseDf, parseMounts } from '../parse/df.ts'
import type { Link, RemoteProcess } from '../ports.ts'

/** Disks fill slowly and asking costs the host a process: every so many looks, but not more often than … */
const everyLooks = 20
const shortestMs = 60_000
/** … nor more rarely than this. */
const longestMs = 300_000
const askTimeoutMs = 10_000
const maxAnswer = 256 * 1024

/**
 * In: paths, one a line, then a line that is none. Out: `M` and the mounts that may matter, found by the shell alone, what `df` says of the
 * paths, and `E`. A path can hold no newline, and the kernel writes other odd characters in octal.
 */
const script = `n='
'
while IFS= read -r p; do
  case $p in
    /*) set -- "$@" "$p" ;;
    *)
      o=
      while read -r d m t x; do
        case $m:$t in /:*|${localTypes.map(type => `*:${type}`).join('|')}) o="\${o}M$d $m $t$n" ;; esac
      done </proc/self/mounts
      [ $# -eq 0 ] || o="$o$(LC_ALL=C df -P -k -- "$@" 2>/dev/null)$n"
      printf '%sE\\n' "$o"
      set --
      ;;
  esac
done`

export class DiskWatch implements Disposable {
  readonly #link: Link
  readonly #clock: Clock
  readonly #log: Logger
  #channel: DiskChannel | null = null
  #paths: readonly string[] = []
  #use: readonly DiskUse[] = []
  #askedAt: number | null = null
  #looks = 0
  #asking: Promise<void> | null = null
  #over = false

  constructor(link: Link, clock: Clock, log: Logger) {
    this.#link = link
    this.#clock = clock
    this.#log = log
  }

  /** What is known. */
  get use(): readonly DiskUse[] {
    return this.#use
  }

  /** Counts a look; asks in the background when what is known is old, one question at a time. */
  look(): void {
    const now = this.#clock.monotonic()
    this.#looks++
    if (this.#asking !== null || !this.#isDue(now)) return
    this.#askedAt = now
    this.#looks = 0
    void this.ask()
  }

  /** Asks now. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  /** Resolves when the question that is under way is answered, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.#asking === null) return
    let timer = disposable(() => {})
    const waited = new Promise<void>(resolve => {
      timer = this.#clock.after(ms, resolve)
    })
    await Promise.race([this.#asking, waited])
    timer.dispose()
  }

  dispose(): void {
    this.#over = true
    this.#channel?.dispose()
  }

  #isDue(now: number): boolean {
    if (this.#askedAt === null) return true
    const age = now - this.#askedAt
    return age >= longestMs || (age >= shortestMs && this.#looks >= everyLooks)
  }

  async #ask(): Promise<void> {
    try {
      // the second round is for the first time and for mounts that came or went
      for (let round = 0; round < 2; round++) {
        const asked = this.#paths
        this.#channel ??= new DiskChannel(await this.#link.spawn(['sh', '-c', script]), this.#clock)
        if (this.#over) this.#channel.dispose()
        const answer = await this.#channel.ask(asked)
        const mounts = answer.filter(line => line.startsWith('M')).map(line => line.slice(1))
        this.#paths = disksWorthAsking(parseMounts(mounts.join('\n')))
        if (asked.length > 0) this.#use = parseDf(answer.filter(line => !line.startsWith('M')).join('\n'))
        if (this.#paths.join('\n') === asked.join('\n')) return
      }
    } catch (error) {
      this.#channel?.dispose()
      this.#channel = null
      if (!this.#over) this.#log.debug('disks not known', { error: String(error) })
    }
  }
}

/** One question at a time to the program on the host. */
class DiskChannel implements Disposable {
  readonly #process: RemoteProcess
  readonly #clock: Clock
  #text = ''
  #done: ((lines: string[] | Error) => void) | null = null

  constructor(process: RemoteProcess, clock: Clock) {
    this.#process = process
    this.#clock = clock
    process.stdin.on('error', () => {})
    process.stderr.on('data', () => {})
    process.stdout.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      if (this.#text.length > maxAnswer) this.#finish(new Error('an answer without an end'))
      else if (this.#text === 'E\n' || this.#text.endsWith('\nE\n')) {
        const lines = Buffer.from(this.#text, 'latin1').toString('utf8').split('\n').slice(0, -2)
        this.#text = ''
        this.#finish(lines)
      }
    })
    void process.ended.then(() => this.#finish(new Error('the channel is closed')))
  }

  async ask(paths: readonly string[]): Promise<string[]> {
    const answer = new Promise<string[] | Error>(resolve => {
      this.#done = resolve
    })
    const timer = this.#clock.after(askTimeoutMs, () => this.#finish(new Error('no answer')))
    this.#process.stdin.write(`${[...paths, '?'].join('\n')}\n`)
    const result = await answer
    timer.dispose()
    if (result instanceof Error) throw result
    return result
  }

  dispose(): void {
    this.#process.dispose()
    this.#finish(new Error('closed'))
  }

  #finish(result: string[] | Error): void {
    this.#done?.(result)
    this.#done = null
  }
}

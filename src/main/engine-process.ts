// Keeps the engine running: starts it, notices that it died, starts it again with back-off, and ends it. Knows nothing of windows.
import type { MessagePortMain } from 'electron'
import type { EngineProcessState } from '../shared/contract/shell.ts'
import type { Port } from '../shared/rpc/port.ts'
import type { EngineRun, SpawnOptions } from './engine-spawn.ts'
import type { Log } from './log.ts'

export interface EngineProcessOptions {
  readonly spawn: (callbacks: Pick<SpawnOptions, 'onReady' | 'onExit'>) => EngineRun
  readonly log: Log
  readonly onState: (state: EngineProcessState) => void
  /** A new run is there: its native port is to be served and windows are to be connected. */
  readonly onStarted: (run: EngineRun) => void
  /** The run is gone and with it all its ports. */
  readonly onGone: () => void
}

// Up for this long, an engine counts as healthy and its next crash as the first.
const steadyAfter = 60_000

/** How long to wait before the engine is started after it died `crashes` times in a row: at once, then longer, at most 30 s. */
export function restartDelay(crashes: number): number {
  return Math.min(30_000, 250 * 2 ** (crashes - 1))
}

/** The engine's process over all its runs. */
export class EngineProcess {
  readonly #options: EngineProcessOptions
  #run: EngineRun | null = null
  #state: EngineProcessState
  #timer: NodeJS.Timeout | null = null
  #steady: NodeJS.Timeout | null = null
  #stopped: Promise<void> | null = null
  #onStopped: (() => void) | null = null

  constructor(options: EngineProcessOptions) {
    this.#options = options
    this.#state = { state: 'stopped', since: Date.now(), crashes: 0, nextStartAt: null }
  }

  get state(): EngineProcessState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#run?.pid
  }

  get native(): Port | null {
    return this.#run?.native ?? null
  }

  /** A port to the engine for a window; null while it is down. */
  connect(): MessagePortMain | null {
    return this.#run?.connect() ?? null
  }

  start(): void {
    if (this.#run || this.#stopped) return
    this.#clearTimers()
    this.#setState('starting', null)
    let run: EngineRun
    try {
      // A process that cannot even be forked throws on some systems and reports later on others.
      run = this.#options.spawn({
        onReady: () => this.#onReady(run),
        onExit: reason => this.#onExit(run, reason),
      })
    } catch (error) {
      this.#crashed(`could not be started: ${String(error)}`)
      return
    }
    this.#run = run
    this.#options.log.info('engine started', { pid: run.pid ?? null })
    this.#options.onStarted(run)
  }

  /** Starts it anew at once, as the person asked. */
  restart(): void {
    if (this.#stopped) return
    this.#state = { ...this.#state, crashes: 0 }
    if (this.#run) this.#run.kill()
    else this.start()
  }

  /** Asks it to end, waits at most `limit` ms and kills it then. Resolves when it is gone. `ask` carries the question. */
  stop(limit: number, ask: () => void): Promise<void> {
    if (this.#stopped) return this.#stopped
    this.#clearTimers()
    const run = this.#run
    if (!run) {
      this.#stopped = Promise.resolve()
      this.#setState('stopped', null)
      return this.#stopped
    }
    const timer = setTimeout(() => {
      this.#options.log.warn('engine did not end in time and is killed')
      run.kill()
    }, limit)
    this.#stopped = new Promise(resolve => {
      this.#onStopped = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    ask()
    return this.#stopped
  }

  /** Ends it now. */
  kill(): void {
    this.#run?.kill()
  }

  #onReady(run: EngineRun): void {
    if (run !== this.#run || this.#stopped) return
    this.#setState('running', null)
    this.#steady = setTimeout(() => {
      if (run === this.#run) this.#setState('running', null, 0)
    }, steadyAfter)
  }

  #onExit(run: EngineRun | undefined, reason: string): void {
    if (run !== this.#run && this.#run) return
    this.#run = null
    this.#options.onGone()
    if (this.#stopped) {
      this.#options.log.info('engine ended', { reason })
      this.#setState('stopped', null)
      this.#onStopped?.()
      return
    }
    this.#crashed(reason)
  }

  #crashed(reason: string): void {
    this.#clearTimers()
    const crashes = this.#state.crashes + 1
    const delay = restartDelay(crashes)
    this.#options.log.error('engine died', { reason, crashes, restartInMs: delay })
    this.#setState('crashed', Date.now() + delay, crashes)
    this.#timer = setTimeout(() => this.start(), delay)
  }

  #setState(state: EngineProcessState['state'], nextStartAt: number | null, crashes = this.#state.crashes): void {
    const since = state === this.#state.state ? this.#state.since : Date.now()
    this.#state = { state, since, crashes, nextStartAt }
    this.#options.onState(this.#state)
  }

  #clearTimers(): void {
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#steady) clearTimeout(this.#steady)
    this.#timer = null
    this.#steady = null
  }
}

// Proves that an engine that dies is started again, ever slower while it keeps dying, and that an orderly end has its limit.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EngineProcess, restartDelay } from '../../../src/main/engine-process.ts'
import type { EngineRun } from '../../../src/main/engine-spawn.ts'
import type { Log } from '../../../src/main/log.ts'
import type { EngineProcessState } from '../../../src/shared/contract/shell.ts'
import { portPair } from '../../../src/shared/rpc/port.ts'

const silent: Log = { child: () => silent, info: () => {}, warn: () => {}, error: () => {} }

function make(options: { killWorks?: boolean; spawnThrows?: boolean } = {}) {
  const runs: { ready(): void; exit(reason: string): void; killed: boolean }[] = []
  const states: EngineProcessState[] = []
  const seen = { started: 0, gone: 0 }
  const engine = new EngineProcess({
    log: silent,
    onState: state => states.push(state),
    onStarted: () => seen.started++,
    onGone: () => seen.gone++,
    spawn: ({ onReady, onExit }): EngineRun => {
      if (options.spawnThrows) throw new Error('no such file')
      const run = { ready: onReady, exit: onExit, killed: false }
      runs.push(run)
      return {
        pid: runs.length,
        native: portPair()[0],
        connect: () => {
          throw new Error('not here')
        },
        kill: () => {
          run.killed = true
          if (options.killWorks !== false) onExit('SIGKILL')
        },
      }
    },
  })
  const last = () => {
    const run = runs.at(-1)
    if (!run) throw new Error('never started')
    return run
  }
  return { engine, runs, states, seen, last }
}

describe('EngineProcess', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('is starting until the engine says that it is ready', () => {
    const { engine, states, last } = make()
    engine.start()
    expect(engine.state.state).toBe('starting')
    last().ready()
    expect(states.map(({ state }) => state)).toEqual(['starting', 'running'])
  })

  it('says at once that it died, when it will be back, and is back then', () => {
    const { engine, runs, seen, last } = make()
    engine.start()
    last().ready()
    last().exit('SIGSEGV')
    expect(engine.state).toMatchObject({ state: 'crashed', crashes: 1, nextStartAt: Date.now() + 250 })
    expect(seen).toEqual({ started: 1, gone: 1 })
    vi.advanceTimersByTime(250)
    expect(runs).toHaveLength(2)
    expect(engine.state).toMatchObject({ state: 'starting', crashes: 1, nextStartAt: null })
  })

  it('waits ever longer while it keeps dying, at most 30 s, and forgets after a steady minute', () => {
    expect([1, 2, 3, 4, 8, 50].map(restartDelay)).toEqual([250, 500, 1000, 2000, 30_000, 30_000])
    const { engine, last } = make()
    engine.start()
    for (let crash = 1; crash <= 5; crash++) {
      last().exit('exit 1')
      expect(engine.state.crashes).toBe(crash)
      vi.advanceTimersByTime(restartDelay(crash))
    }
    last().ready()
    vi.advanceTimersByTime(60_000)
    expect(engine.state).toMatchObject({ state: 'running', crashes: 0 })
    last().exit('exit 1')
    expect(engine.state.crashes).toBe(1)
  })

  it('counts a process that cannot be started as one that died', () => {
    const { engine } = make({ spawnThrows: true })
    engine.start()
    expect(engine.state).toMatchObject({ state: 'crashed', crashes: 1 })
    vi.advanceTimersByTime(250)
    expect(engine.state).toMatchObject({ state: 'crashed', crashes: 2 })
  })

  it('is restarted at once when a person asks, also while it waits', () => {
    const { engine, runs, last } = make()
    engine.start()
    last().exit('exit 1')
    engine.restart()
    expect(runs).toHaveLength(2)
    engine.restart()
    expect(runs[1]?.killed).toBe(true)
    vi.advanceTimersByTime(250)
    expect(runs).toHaveLength(3)
  })

  it('that is stopped is asked first, and not started again', async () => {
    const { engine, runs, last } = make()
    engine.start()
    const ask = vi.fn(() => last().exit('exit 0'))
    await engine.stop(5000, ask)
    expect(ask).toHaveBeenCalledOnce()
    expect(last().killed).toBe(false)
    expect(engine.state.state).toBe('stopped')
    vi.advanceTimersByTime(120_000)
    engine.start()
    expect(runs).toHaveLength(1)
  })

  it('that does not end in time is killed', async () => {
    const { engine, last } = make()
    engine.start()
    const stopped = engine.stop(5000, () => {})
    vi.advanceTimersByTime(4999)
    expect(last().killed).toBe(false)
    vi.advanceTimersByTime(1)
    await stopped
    expect(last().killed).toBe(true)
  })

  it('can be stopped while it waits to be started again', async () => {
    const { engine, runs, last } = make()
    engine.start()
    last().exit('exit 1')
    await engine.stop(5000, () => {})
    vi.advanceTimersByTime(60_000)
    expect(runs).toHaveLength(1)
    expect(engine.state.state).toBe('stopped')
    expect(vi.getTimerCount()).toBe(0)
  })
})

// The circuit breaker at work: by feature, with errors counted in the store by kind.
import { expect, it } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import { CircuitBreakers } from '../../../../src/engine/runtime/circuit-breaker.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { createWorkplace } from '../store/lib.ts'

it('S25 switches off the feature that fails, and no other; a lost link is nobody’s fault; counts stay over a restart', async () => {
  const place = createWorkplace()
  try {
    const { clock } = place
    const store = place.open()
    const breakers = new CircuitBreakers({ store, clock, steady: createSteadyTime(clock), log: silentLogger })
    const fail = (error: unknown) => () => Promise.reject(error)
    for (let n = 0; n < 20; n++)
      await expect(breakers.run('check/a', fail(new AppError('LINK_LOST', 'gone')))).rejects.toThrow('gone')
    expect(breakers.openUntil('check/a')).toBeNull()
    for (let n = 0; n < 5; n++) await expect(breakers.run('check/a', fail(new Error('a bug')))).rejects.toThrow('a bug')
    await expect(breakers.run('check/a', async () => 1)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await breakers.run('check/b', async () => 2)).toBe(2)
    clock.advance(600_000)
    expect(await breakers.run('check/a', async () => 3)).toBe(3)
    expect(breakers.openUntil('check/a')).toBeNull()
    breakers.ended('report', new AppError('DISK_FULL', 'full'))
    expect(store.errorCounts.since('2025-12-31')).toEqual([
      { kind: 'database', count: 1 },
      { kind: 'ssh', count: 20 },
      { kind: 'task', count: 5 },
    ])
    store.close()
    expect(place.open().errorCounts.since('2026-01-02')).toEqual([])
  } finally {
    place.dispose()
  }
})

it('S25 S3 what is switched off stays so over restarts of the engine, not longer than it would have been', async () => {
  const place = createWorkplace()
  try {
    const { clock } = place
    let store = place.open()
    const start = () => new CircuitBreakers({ store, clock, steady: createSteadyTime(clock), log: silentLogger })
    const restart = (): CircuitBreakers => {
      store.close()
      store = place.open()
      return start()
    }
    let breakers = start()
    const bug = (): Promise<never> => Promise.reject(new Error('a bug'))
    for (let n = 0; n < 4; n++) await expect(breakers.run('check/few', bug)).rejects.toThrow()
    for (let n = 0; n < 5; n++) await expect(breakers.run('check/a', bug)).rejects.toThrow()
    clock.advance(60_000)
    breakers = restart()
    expect(breakers.allows('check/a')).toBe(false)
    expect(breakers.allows('check/few')).toBe(true)
    clock.advance(540_000)
    // its one try fails: off for ten minutes more, at once
    await expect(breakers.run('check/a', bug)).rejects.toThrow('a bug')
    breakers = restart()
    expect(breakers.allows('check/a')).toBe(false)
    // a clock that was set back must not keep it off for longer than it is ever switched off
    clock.jump(-86_400_000)
    breakers = restart()
    clock.advance(600_000)
    expect(await breakers.run('check/a', async () => 'well')).toBe('well')
    expect(restart().allows('check/a')).toBe(true)
    expect(store.breakers.list()).toEqual([])
    store.breakers.put({ feature: 'check/gone', failures: 5, openUntil: clock.now() - 2 * 86_400_000 })
    restart()
    expect(store.breakers.list()).toEqual([])
  } finally {
    place.dispose()
  }
})

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

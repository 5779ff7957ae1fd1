// Proves the engine's own time, log and disposables, on which every other test stands.
import { describe, expect, it } from 'vitest'
import { ManualClock, sleep } from '../../../../src/engine/lib/clock.ts'
import { DisposableBag, disposable, Emitter } from '../../../../src/engine/lib/disposable.ts'
import { createLogger, Redactor } from '../../../../src/engine/lib/log.ts'

describe('ManualClock', () => {
  it('runs what comes due in order of time and stops what was disposed', () => {
    const clock = new ManualClock(1_000)
    const seen: string[] = []
    clock.after(20, () => seen.push(`late ${clock.now()}`))
    clock.after(10, () => seen.push(`early ${clock.now()}`))
    const gone = clock.every(5, () => seen.push('never'))
    gone.dispose()
    const tick = clock.every(8, () => seen.push(`tick ${clock.monotonic()}`))
    clock.advance(20)
    expect(seen).toEqual(['tick 8', 'early 1010', 'tick 16', 'late 1020'])
    tick.dispose()
    expect(clock.pending).toBe(0)
  })

  it('sleep ends with its time or with its signal, and leaves no timer', async () => {
    const clock = new ManualClock()
    const slept = sleep(clock, 50)
    clock.advance(50)
    await slept
    const controller = new AbortController()
    const aborted = sleep(clock, 50, controller.signal)
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    expect(clock.pending).toBe(0)
  })
})

describe('disposables', () => {
  it('ends once, in reverse order, and at once what comes too late', () => {
    const order: number[] = []
    const bag = new DisposableBag()
    bag.add(disposable(() => order.push(1)))
    bag.add(disposable(() => order.push(2)))
    bag.dispose()
    bag.dispose()
    bag.add(disposable(() => order.push(3)))
    expect(order).toEqual([2, 1, 3])
  })

  it('a listener that throws does not keep the event from the others', () => {
    const errors: unknown[] = []
    const emitter = new Emitter<number>(error => errors.push(error))
    const seen: number[] = []
    emitter.on(() => {
      throw new Error('bad listener')
    })
    emitter.on(value => seen.push(value)).dispose()
    emitter.on(value => seen.push(value * 10))
    emitter.emit(1)
    expect(seen).toEqual([10])
    expect(errors).toHaveLength(1)
  })
})

describe('log', () => {
  const lines: string[] = []
  const redactor = new Redactor()
  const log = createLogger({ sink: line => lines.push(line), now: () => 0, redactor }).child('remote')

  it('redacts secrets that are quoted or escaped in a line, and the longer of two that begin alike', () => {
    const written: string[] = []
    const own = new Redactor()
    for (const secret of ['a"b\\c d', 'tab\there', 'open', 'open sesame']) own.add(secret)
    const to = createLogger({ sink: line => written.push(line), now: () => 0, redactor: own })
    to.info('said tab\there', { detail: 'a"b\\c d', other: 'open sesame' })
    expect(written).toEqual(['1970-01-01T00:00:00.000Z info engine said [redacted] detail=[redacted] other=[redacted]'])
  })

  it('redacts secrets by the name of the field and by their value', () => {
    redactor.add('hunter2!')
    log.info('login', { password: 'whatever', detail: 'tried hunter2! once' })
    expect(lines.at(-1)).toBe(
      '1970-01-01T00:00:00.000Z info remote login password=[redacted] detail="tried [redacted] once"',
    )
  })

  it('keeps remote bytes from forging lines or steering a terminal', () => {
    log.warn('unit', { name: 'a\n1970 error fake \u001b[31m\u202e' })
    expect(lines.at(-1)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('says nothing below its level', () => {
    const before = lines.length
    log.debug('noise')
    expect(lines.length).toBe(before)
  })
})

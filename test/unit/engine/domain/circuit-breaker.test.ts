// S25: a feature that fails for its own reasons is switched off for a while and tried once.
import { expect, it } from 'vitest'
import {
  askBreaker,
  type BreakerState,
  closedBreaker,
  failuresToOpen,
  kindOfError,
  openMs,
  stepBreaker,
} from '../../../../src/engine/domain/circuit-breaker.ts'

const failed = (times: number, now: number, from: BreakerState = closedBreaker): BreakerState => {
  let state = from
  for (let n = 0; n < times; n++) state = stepBreaker(state, false, now)
  return state
}

it('S25 5 failures running switch it off for 10 min, 4 do not', () => {
  expect(askBreaker(failed(failuresToOpen - 1, 0), 0).allowed).toBe(true)
  const open = failed(failuresToOpen, 0)
  expect(askBreaker(open, openMs - 1).allowed).toBe(false)
  expect(askBreaker(open, openMs).allowed).toBe(true)
  // a success in between begins the count anew
  expect(askBreaker(failed(4, 0, stepBreaker(failed(4, 0), true, 0)), 0).allowed).toBe(true)
})

it('S25 then it is tried once: good closes it, bad is 10 min more, no verdict is another try', () => {
  const { state, allowed } = askBreaker(failed(5, 0), openMs)
  expect(allowed).toBe(true)
  expect(askBreaker(state, openMs).allowed).toBe(false)
  expect(stepBreaker(state, true, openMs)).toEqual(closedBreaker)
  const again = stepBreaker(state, false, openMs)
  expect(askBreaker(again, 2 * openMs - 1).allowed).toBe(false)
  expect(askBreaker(again, 2 * openMs).allowed).toBe(true)
  expect(askBreaker(stepBreaker(state, null, openMs), openMs).allowed).toBe(true)
})

it('S25 what is no fault of the feature is not held against it', () => {
  expect(stepBreaker(failed(4, 0), null, 0).failures).toBe(4)
})

it('S25 errors are counted by kind: SSH, database, HTTP, task', () => {
  expect(kindOfError('LINK_LOST')).toBe('ssh')
  expect(kindOfError('DISK_FULL', 'http')).toBe('database')
  expect(kindOfError('PROTOCOL', 'http')).toBe('http')
  expect(kindOfError('INTERNAL')).toBe('task')
})

// How a run of maintenance ends that the engine ended in the middle of, and how a task stands as its check tells it.
import { expect, it } from 'vitest'
import { isUntouched, settled, takeUp } from '../../../../src/engine/domain/maintenance-run.ts'
import { judgeMaintenance, type MaintenanceFacts } from '../../../../src/engine/domain/maintenance-standing.ts'
import { cronTimes } from '../../../../src/engine/lib/cron.ts'
import type { MaintenanceStepRun } from '../../../../src/shared/model/maintenance.ts'
import { RunSchedule } from '../../../../src/shared/model/schedule.ts'

const steps = (...outcomes: MaintenanceStepRun['outcome'][]): MaintenanceStepRun[] =>
  outcomes.map((outcome, at) => ({
    ...{ key: `s${at}`, title: 'A step', commands: [], outcome, startedAt: null, finishedAt: null },
    evidence: outcome === 'failed' ? [{ ok: false, text: 'disk full' }] : [],
  }))
const outcomes = (list: readonly MaintenanceStepRun[]): string => list.map(({ outcome }) => outcome).join(' ')

it('S7 what was under way when the engine ended is lost, and what was to come is left out', () => {
  const { steps: after, end } = takeUp(steps('done', 'running', 'pending'))
  expect(outcomes(after)).toBe('done lost skipped')
  expect(end).toMatchObject({ outcome: 'lost', text: expect.stringContaining('not sent again') })
  expect(after[1]?.evidence.at(-1)?.ok).toBe(false)
})

it('keeps how a run came out that the engine ended only after its last step', () => {
  expect(takeUp(steps('done', 'done')).end.outcome).toBe('done')
  expect(takeUp(steps('done', 'failed', 'skipped')).end).toEqual({ outcome: 'failed', text: 'disk full' })
  expect(takeUp(steps('cancelled', 'skipped')).end.outcome).toBe('cancelled')
  // between two steps nothing says how the run would have gone on
  expect(takeUp(steps('done', 'pending')).end.outcome).toBe('lost')
})

it('begins as if for the first time only where nothing was sent', () => {
  expect(isUntouched({ steps: steps('pending', 'pending'), stopped: [] })).toBe(true)
  const stopped = [{ scope: 'system' as const, name: 'bot.service' }]
  expect(isUntouched({ steps: steps('pending', 'pending'), stopped })).toBe(false)
  for (const one of ['running', 'done', 'lost', 'cancelled'] as const)
    expect(isUntouched({ steps: steps(one, 'pending'), stopped: [] }), one).toBe(false)
  expect(outcomes(settled(steps('failed', 'pending')))).toBe('failed skipped')
})

it('S7 leaves no step under way in a run that ended, whatever kept its end from being written down', () => {
  expect(outcomes(settled(steps('done', 'running', 'pending')))).toBe('done lost skipped')
})

const day = 86_400_000
const made = Date.UTC(2026, 0, 1, 12)
const nightly = RunSchedule.parse({ cron: '0 4 * * *', zone: 'UTC' })
const judge = (change: Partial<MaintenanceFacts>, after: number) =>
  judgeMaintenance(
    { schedule: nightly, enabled: true, createdAt: made, lastDoneAt: null, lastFailure: null, ...change },
    made + after,
    cronTimes,
  )

it('is unhealthy after a bad end, and where it did not end well for twice its interval', () => {
  expect(judge({}, 1)).toMatchObject({ status: 'unknown' })
  expect(judge({}, 2 * day)).toMatchObject({ status: 'unknown' })
  expect(judge({}, 2 * day + 1)).toMatchObject({ status: 'unhealthy' })
  expect(judge({ lastDoneAt: made + day }, 2.5 * day)).toMatchObject({ status: 'healthy' })
  expect(judge({ lastDoneAt: made + day }, 3 * day + 1)).toMatchObject({
    status: 'unhealthy',
    message: 'It last ended well 2 d ago; it is to run every 24 h',
  })
  expect(judge({ lastDoneAt: made, lastFailure: 'it is damaged' }, 1)).toEqual({
    status: 'unhealthy',
    message: 'The last run: it is damaged',
  })
})

it('is silent where it is switched off, and never late without a schedule', () => {
  expect(judge({ enabled: false, lastFailure: 'it is damaged' }, 9 * day).status).toBe('healthy')
  expect(judge({ schedule: null, lastDoneAt: made }, 99 * day).status).toBe('healthy')
})

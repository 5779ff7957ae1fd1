// How maintenance is shown: trouble first, never green for what did not end well, and what takes something away asks for more than a click.
import { expect, test } from 'vitest'
import { runStatus, stepsText, taskStatus, whyOf } from '../../../src/renderer/lib/maintenance-status.ts'
import { isRisky } from '../../../src/renderer/views/maintenance/risk.ts'
import { matchesTask, taskRows } from '../../../src/renderer/views/maintenance/tasks-order.ts'
import { findJobs, jobsOf } from '../../../src/renderer/views/palette/palette-search.ts'
import type { MaintenanceKind, MaintenanceView } from '../../../src/shared/model/maintenance.ts'
import { backupsOf } from '../../fakes/demo/backups-made.ts'
import { tasksOf } from '../../fakes/demo/maintenance-made.ts'

const now = 1_700_000_000_000
const tasks = new Map(tasksOf(now).map(view => [view.task.id, view]))
const task = (id: string): MaintenanceView => {
  const view = tasks.get(id)
  if (!view) throw new Error(`no ${id}`)
  return view
}
const kind = (type: string, risk: MaintenanceKind['risk']): MaintenanceKind => ({
  ...{ type, risk, title: type.toUpperCase(), description: '', schema: {}, previews: false },
})

test('what ended well is green, and nothing else is', () => {
  expect(taskStatus(task('tidy'))).toEqual({ tone: 'healthy', word: 'Done' })
  const others = [...tasks.values()].filter(({ task: { id } }) => id !== 'tidy').map(view => taskStatus(view).tone)
  expect(others).not.toContain('healthy')
})

test('what is under way comes first, then why it failed, then that it is off or never ran', () => {
  expect(taskStatus(task('sweep')).word).toBe('Under way')
  expect(taskStatus({ ...task('certificates'), running: task('sweep').running }).word).toBe('Under way')
  expect(taskStatus(task('away'))).toMatchObject({ tone: 'unknown', word: 'Waits for the host' })
  expect(taskStatus(task('certificates'))).toMatchObject({ tone: 'unhealthy', detail: expect.stringContaining('9 d') })
  const unsaid = { ...task('certificates'), problem: null }
  expect(taskStatus(unsaid).detail).toBe('Run a command failed, so nothing more was done')
  expect(taskStatus({ ...task('tidy'), problem: 'It is late' })).toMatchObject({
    tone: 'unhealthy',
    detail: 'It is late',
  })
  expect(taskStatus(task('pruning')).word).toBe('Lost')
  expect(taskStatus(task('off'))).toEqual({ tone: 'off', word: 'Switched off' })
  expect(taskStatus(task('journal'))).toEqual({ tone: 'unknown', word: 'Not run yet' })
  const cancelled = { ...task('tidy').lastRun, outcome: 'cancelled' } as MaintenanceView['lastRun']
  expect(taskStatus({ ...task('tidy'), lastRun: cancelled })).toMatchObject({ tone: 'unknown', word: 'Cancelled' })
})

test('a run tells how far it is and why it did not end well', () => {
  const running = task('sweep').running
  const done = task('tidy').lastRun
  if (!running || !done) throw new Error('no runs')
  expect(stepsText(running)).toBe('1 of 3 steps done')
  expect(whyOf(done)).toBeNull()
  expect(runStatus(done).tone).toBe('healthy')
})

test('trouble stands first, then what comes next; all of its words can be looked for', () => {
  const rows = taskRows([...tasks.values()].reverse(), [], [kind('vacuum-journal', 'confirm')])
  expect(rows[0]?.view.task.id).toBe('certificates')
  expect(rows.at(-1)?.view.task.id).toBe('off')
  const found = (text: string): string[] => rows.filter(row => matchesTask(row, text)).map(row => row.view.task.id)
  expect(found('tidying bots-1')).toEqual(['tidy'])
  expect(found('VACUUM-JOURNAL local')).toEqual(['journal'])
  expect(found('stats-bot.service')).toEqual(['tidy'])
  expect(found('nothing like it')).toEqual([])
})

test('only steps that are all known to be safe are run by a click', () => {
  const kinds = [kind('safe', 'safe'), kind('hurts', 'confirm')]
  const step = (type: string) => ({ key: type, type, spec: {} })
  expect(isRisky([step('safe')], kinds)).toBe(false)
  expect(isRisky([step('safe'), step('hurts')], kinds)).toBe(true)
  expect(isRisky([step('unheard-of')], kinds)).toBe(true)
})

test('tasks and backups are found by their names, with how they stand', () => {
  const jobs = jobsOf(backupsOf(now), [...tasks.values()])
  expect(findJobs(jobs, 'tidy', 5)).toMatchObject([{ name: 'Nightly tidying', path: '/maintenance/tidy' }])
  expect(findJobs(jobs, 'trading', 5)).toMatchObject([{ path: '/backups/trading', status: { word: 'Good' } }])
  expect(findJobs(jobs, '', 5)).toEqual([])
})

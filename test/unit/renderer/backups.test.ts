// How backups, snapshots and their runs are shown: trouble first, and never green for what is not there.
import { expect, test } from 'vitest'
import {
  backupStatus,
  drillStatus,
  progressText,
  replacesSoundly,
  restoreStatus,
  retentionText,
  runStatus,
  snapshotStatus,
} from '../../../src/renderer/lib/backup-status.ts'
import {
  schedulePresets,
  scheduleText,
  timeInZone,
  waitsText,
  whenText,
} from '../../../src/renderer/lib/schedule-words.ts'
import { backupRows, matchesBackup } from '../../../src/renderer/views/backups/backups-order.ts'
import { BackupDraft, type BackupRun, type BackupView } from '../../../src/shared/model/backup.ts'
import type { HostView } from '../../../src/shared/model/host.ts'
import type { Snapshot } from '../../../src/shared/model/snapshot.ts'
import { snapshotsOf } from '../../fakes/demo/backups-made.ts'

const now = 1_700_000_000_000
const [snapshot] = snapshotsOf(now) as [Snapshot, ...Snapshot[]]
const draft = BackupDraft.parse({
  name: 'Bot',
  hostId: 'web',
  unit: { scope: 'system', name: 'bot.service' },
  sources: [{ key: 'sqlite', type: 'sqlite', spec: {} }],
  targets: ['nas'],
  retention: {},
})
const run = (parts: Partial<BackupRun>): BackupRun => ({
  ...{ id: 'r', backupId: 'bot', reason: 'schedule', startedAt: now, finishedAt: now, outcome: 'good' },
  ...{ evidence: [], progress: null, snapshots: [] },
  ...parts,
})
const view = (parts: Partial<BackupView> = {}, backup: Partial<BackupDraft> = {}): BackupView => ({
  backup: { ...draft, ...backup, id: 'bot', createdAt: 0, checkId: 'c', stored: [] },
  nextAt: null,
  waitsFor: null,
  running: null,
  lastRun: run({}),
  lastGood: snapshot,
  provenAt: null,
  snapshots: 1,
  bytes: 1,
  problem: null,
  ...parts,
})
const failed = run({
  outcome: 'failed',
  evidence: [
    { ok: false, text: 'The first attempt was cut off' },
    { ok: false, text: 'pg_dump ended with 1' },
    { ok: true, text: 'Nothing of it was left' },
  ],
})

test('a backup that was taken and verified is good, and nothing less is', () => {
  expect(backupStatus(view())).toEqual({ tone: 'healthy', word: 'Good' })
  expect(backupStatus(view({ lastGood: null, lastRun: null }))).toEqual({ tone: 'unknown', word: 'None yet' })
  expect(backupStatus(view({}, { enabled: false }))).toEqual({ tone: 'off', word: 'Switched off' })
})

test('what failed last says why, in the last of the reasons', () => {
  expect(backupStatus(view({ lastRun: failed }))).toEqual({
    tone: 'unhealthy',
    word: 'Last one failed',
    detail: 'pg_dump ended with 1',
  })
  expect(backupStatus(view({ lastRun: failed, lastGood: null })).word).toBe('Failed')
  expect(backupStatus(view({ lastRun: run({ outcome: 'failed' }) }))).not.toHaveProperty('detail')
  expect(backupStatus(view({ lastRun: run({ outcome: 'partly' }) }))).toEqual({
    tone: 'degraded',
    word: 'Not everywhere',
  })
})

test('what the engine finds wrong outweighs the last run, and what is under way outweighs both', () => {
  const problem = 'The last good one is 4 d old'
  expect(backupStatus(view({ problem }))).toEqual({ tone: 'unhealthy', word: 'Needs attention', detail: problem })
  expect(backupStatus(view({ problem, lastRun: failed })).detail).toBe(problem)
  expect(backupStatus(view({ problem, lastGood: null })).word).toBe('No good one')
  expect(backupStatus(view({ problem, running: run({ outcome: 'running' }) })).tone).toBe('busy')
})

test('S31 a backup that waits for its host is neither failed nor good', () => {
  expect(backupStatus(view({ running: run({ outcome: 'waiting' }) }))).toEqual({
    tone: 'unknown',
    word: 'Waits for the host',
  })
})

test('a text of the host cannot bring control characters on the screen', () => {
  const said = backupStatus(view({ problem: 'bad\u202etxt' })).detail
  expect(said).toContain('bad')
  expect(said).not.toContain('\u202e')
})

test('S29 a snapshot that holds other bytes is damaged even where it was proven once', () => {
  expect(snapshotStatus({ ...snapshot, provenAt: null })).toEqual({ tone: 'healthy', word: 'Verified' })
  expect(snapshotStatus({ ...snapshot, provenAt: now }).word).toBe('Proven')
  expect(snapshotStatus({ ...snapshot, provenAt: now, state: 'damaged', problem: 'other bytes' })).toEqual({
    tone: 'unhealthy',
    word: 'Damaged',
    detail: 'other bytes',
  })
  expect(snapshotStatus({ ...snapshot, state: 'missing' })).toEqual({ tone: 'unhealthy', word: 'Missing' })
})

test('only what came to a good end is green', () => {
  const green = (tones: readonly { tone: string; word: string }[]) =>
    tones.filter(({ tone }) => tone === 'healthy').map(({ word }) => word)
  const runs = (['running', 'waiting', 'good', 'partly', 'failed', 'cancelled'] as const).map(outcome => ({ outcome }))
  expect(green(runs.map(runStatus))).toEqual(['Good'])
  const restores = (['running', 'restored', 'rolled-back', 'failed', 'cancelled'] as const).map(outcome => ({
    outcome,
  }))
  expect(green(restores.map(restoreStatus))).toEqual(['Restored'])
  const drills = (['running', 'proven', 'failed', 'cancelled'] as const).map(outcome => ({ outcome }))
  expect(green(drills.map(drillStatus))).toEqual(['Proven'])
})

test('what a restore replaced may go where what was restored is in place, and never where that is not known', () => {
  const kept = [{ part: 'db', place: '/var/lib/.db.quarterdeck-old-1' }]
  const step = (name: 'verify' | 'roll-back' | 'swap', outcome: 'done' | 'failed') => ({
    step: name,
    outcome,
    text: '',
  })
  const soundly = (outcome: 'restored' | 'failed' | 'rolled-back' | 'running', steps: ReturnType<typeof step>[]) =>
    replacesSoundly({ outcome, kept, steps })
  expect(soundly('restored', [step('verify', 'done')])).toBe(true)
  // only its service could not be asked
  expect(soundly('failed', [step('swap', 'done'), step('verify', 'done')])).toBe(true)
  expect(soundly('failed', [step('swap', 'failed')])).toBe(false)
  expect(soundly('failed', [step('verify', 'failed')])).toBe(false)
  expect(soundly('failed', [step('verify', 'done'), step('roll-back', 'failed')])).toBe(false)
  expect(soundly('running', [step('verify', 'done')])).toBe(false)
  expect(replacesSoundly({ outcome: 'restored', kept: [], steps: [step('verify', 'done')] })).toBe(false)
})

test('progress says only what is known', () => {
  const MiB = 1024 * 1024
  const known = { step: 'Dumping', part: 'sqlite', bytes: 412 * MiB, totalBytes: 824 * MiB }
  expect(progressText({ ...known, bytesPerSecond: 38 * MiB, secondsLeft: 18 })).toBe(
    '412 MiB of about 824 MiB · 38.0 MiB/s · 18 s left',
  )
  expect(progressText({ ...known, totalBytes: null, bytesPerSecond: null, secondsLeft: null })).toBe('412 MiB')
})

test('a rule of keeping and a schedule are read as sentences', () => {
  const none = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
  expect(retentionText({ last: 7, hourly: 24, daily: 14, weekly: 8, monthly: 12 })).toBe(
    'the last 7, one an hour for 24 h, one a day for 14 days, one a week for 8 weeks, one a month for 12 months',
  )
  expect(retentionText({ ...none, last: 1, weekly: 1 })).toBe('the last 1, one a week for 1 week')
  expect(retentionText(none)).toBe('nothing')
  expect(scheduleText('0 3 * * *')).toBe('Every night at 03:00')
  expect(scheduleText('5 14 * * 2')).toBe('Tuesdays at 14:05')
  expect(scheduleText('5 4 1 * 2')).toBe('Cron 5 4 1 * 2')
  const nightly = { cron: '0 3 * * *', zone: 'UTC', catchUp: true, onlyOnMains: false }
  expect(waitsText('mains')).toBe('waits for mains power')
  expect(waitsText('network')).toBe('waits for its network')
  expect(whenText({ ...nightly, jitterSeconds: 0, onlyOnNetworks: [] })).toBe('Every night at 03:00, UTC')
  expect(whenText({ ...nightly, jitterSeconds: 900, onlyOnMains: true, onlyOnNetworks: ['Home', '10.0.0.1'] })).toBe(
    'Every night at 03:00, UTC, up to 15 min later, only on mains, only on Home or 10.0.0.1',
  )
  expect(schedulePresets(4).map(({ label }) => label)).toEqual([
    'Every hour',
    'Every 6 hours',
    'Every night at 04:00',
    'Sundays at 04:00',
    'On the first of each month at 04:00',
  ])
  expect(timeInZone(Date.UTC(2026, 2, 29, 2), 'Europe/Berlin')).toBe('Sun 29 Mar, 04:00')
})

test('trouble comes first, then the names in their order, and every word of the filter has to be said', () => {
  const rows = backupRows(
    [
      view({}, { name: 'Bot 10' }),
      view({}, { name: 'Bot 9', hostId: 'gone' }),
      view({ lastRun: failed }, { name: 'Zoo', unit: null }),
    ],
    [{ host: { id: 'web', name: 'web-1' } } as HostView],
  )
  const names = (text: string) => rows.filter(row => matchesBackup(row, text)).map(row => row.view.backup.name)
  expect(names('')).toEqual(['Zoo', 'Bot 9', 'Bot 10'])
  expect(rows.map(({ hostName }) => hostName)).toEqual(['web-1', 'gone', 'web-1'])
  expect(names('FAILED web-1')).toEqual(['Zoo'])
  expect(names('bot.service good')).toEqual(['Bot 9', 'Bot 10'])
  expect(names('sqlite gone')).toEqual(['Bot 9'])
  expect(names('bot nowhere')).toEqual([])
})

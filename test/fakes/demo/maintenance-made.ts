// The demo's maintenance tasks, one in each state a person meets. Knows nothing of how they are served. Never part of the app.
import {
  MaintenanceDraft,
  type MaintenanceRun,
  type MaintenanceStepRun,
  type MaintenanceView,
} from '../../../src/shared/model/maintenance.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const nightly = { cron: '0 4 * * *', zone: 'Europe/Berlin' }

type Draft = Parameters<typeof MaintenanceDraft.parse>[0]

const vacuumJournal = (key = 'vacuum-journal') => ({ key, type: 'vacuum-journal', spec: { keepMegabytes: 500 } })
const oldLogs = (folder: string, key = 'delete-old-logs') => ({
  key,
  type: 'delete-old-logs',
  spec: { folders: [folder], olderThanDays: 30, pattern: '*.log*', sudo: false },
})
const commands = (argv: string[], key = 'runbook') => ({
  key,
  type: 'runbook',
  spec: { commands: [{ argv, timeoutSeconds: 60, sudo: false }] },
})

export function stepRun(key: string, title: string, parts: Partial<MaintenanceStepRun> = {}): MaintenanceStepRun {
  return { key, title, commands: [], outcome: 'pending', startedAt: null, finishedAt: null, evidence: [], ...parts }
}

function runOf(taskId: string, at: number, parts: Partial<MaintenanceRun>): MaintenanceRun {
  return {
    id: `${taskId}-${at}`,
    taskId,
    reason: 'schedule',
    startedAt: at,
    finishedAt: at + 14_000,
    outcome: 'done',
    steps: [],
    evidence: [],
    progress: null,
    stopped: [],
    ...parts,
  }
}

const done = (at: number, text: string): Partial<MaintenanceStepRun> => ({
  outcome: 'done',
  startedAt: at,
  finishedAt: at + 6_000,
  evidence: [{ ok: true, text }],
})

export function tasksOf(now: number): MaintenanceView[] {
  const night = now - 8 * hour
  const view = (id: string, draft: Draft, parts: Partial<MaintenanceView> = {}): MaintenanceView => {
    const parsed = MaintenanceDraft.parse(draft)
    const task = { ...parsed, id, createdAt: now - 50 * day, checkId: `maintenance-${id}`, stored: [] }
    const nextAt = parsed.schedule !== null && parsed.enabled ? now + 16 * hour : null
    return { task, nextAt, waitsFor: null, running: null, lastRun: null, lastDoneAt: null, problem: null, ...parts }
  }
  const tidied = runOf('tidy', night, {
    steps: [
      stepRun('delete-old-logs', 'Delete old logs', done(night, '214 files of 1.2 GiB deleted in /opt/stats-bot/logs')),
      stepRun('vacuum-journal', 'Shorten the journal', done(night + 7_000, '312 MB of archived journals were removed')),
    ],
  })
  const failed = runOf('certificates', night - day, {
    outcome: 'failed',
    steps: [
      stepRun('runbook', 'Run a command', {
        outcome: 'failed',
        startedAt: night - day,
        finishedAt: night - day + 2_000,
        evidence: [{ ok: false, text: 'certbot renew ended with 1: the challenge for mail.example.org failed' }],
      }),
      stepRun('vacuum-journal', 'Shorten the journal', { outcome: 'skipped' }),
    ],
    evidence: [{ ok: false, text: 'Run a command failed, so nothing more was done' }],
  })
  const running = runOf('sweep', now - 12_000, {
    reason: 'person',
    finishedAt: null,
    outcome: 'running',
    progress: 'Deleting old logs in /srv/www/logs',
    stopped: [{ scope: 'system', name: 'stats-bot.service' }],
    steps: [
      stepRun('vacuum-journal', 'Shorten the journal', done(now - 12_000, '88 MB of archived journals were removed')),
      stepRun('delete-old-logs', 'Delete old logs', {
        outcome: 'running',
        startedAt: now - 5_000,
        evidence: [{ ok: true, text: '31 files of 84 MiB in /srv/www/logs' }],
      }),
      stepRun('runbook', 'Run a command'),
    ],
  })
  const waiting = runOf('away', now - 25 * minute, {
    finishedAt: null,
    outcome: 'waiting',
    progress: 'Waits for db-1 to be back',
    steps: [stepRun('runbook', 'Run a command')],
  })
  const lost = runOf('pruning', night, {
    outcome: 'lost',
    steps: [stepRun('runbook', 'Run a command', { outcome: 'lost', startedAt: night, finishedAt: night + 40_000 })],
    evidence: [{ ok: false, text: 'The link broke after the command was sent; what became of it is not known' }],
  })
  return [
    view(
      'tidy',
      {
        name: 'Nightly tidying',
        hostId: 'bots-1',
        steps: [oldLogs('/opt/stats-bot/logs'), vacuumJournal()],
        stopUnits: [{ scope: 'system', name: 'stats-bot.service' }],
        schedule: nightly,
      },
      { lastRun: tidied, lastDoneAt: night + 14_000 },
    ),
    view(
      'certificates',
      {
        name: 'Renew certificates',
        hostId: 'web-1',
        steps: [commands(['certbot', 'renew', '--quiet']), vacuumJournal()],
        schedule: { cron: '30 4 * * 1', zone: 'Europe/Berlin' },
      },
      { lastRun: failed, lastDoneAt: now - 9 * day, problem: 'The last run failed, and it last went well 9 d ago' },
    ),
    view(
      'sweep',
      {
        name: 'Sweep the web server',
        hostId: 'web-1',
        steps: [vacuumJournal(), oldLogs('/srv/www/logs'), commands(['nginx', '-s', 'reopen'])],
        schedule: nightly,
      },
      { running, lastRun: null },
    ),
    view(
      'away',
      {
        name: 'Analyse the statistics',
        hostId: 'db-1',
        steps: [commands(['vacuumdb', '--analyze', 'stats'])],
        schedule: nightly,
      },
      { running: waiting },
    ),
    view(
      'pruning',
      {
        name: 'Prune images',
        hostId: 'bots-1',
        steps: [commands(['podman', 'image', 'prune', '-f'])],
        schedule: nightly,
      },
      { lastRun: lost, lastDoneAt: now - 2 * day },
    ),
    view('journal', { name: 'Shorten the journal', hostId: 'local', steps: [vacuumJournal()], schedule: null }),
    view('off', {
      name: 'Old exports',
      hostId: 'bots-1',
      steps: [oldLogs('/opt/trading-bot/exports')],
      schedule: nightly,
      enabled: false,
    }),
  ]
}

/** Far more than anybody has, with names that try to break out. */
export function manyTasksOf(now: number): MaintenanceView[] {
  const [pattern] = tasksOf(now)
  if (!pattern) return []
  return Array.from({ length: 120 }, (_, index) => ({
    ...pattern,
    task: {
      ...pattern.task,
      id: `crowd-${index}`,
      name: index % 9 === 0 ? `<b>not bold</b> ${'very '.repeat(12)}long ${index}` : `Tidy folder ${index}`,
    },
    nextAt: now + index * hour,
  }))
}

export function runsOf(view: MaintenanceView, now: number): MaintenanceRun[] {
  const { id } = view.task
  const newest = [view.running, view.lastRun].filter(run => run !== null)
  if (id !== 'tidy') return newest
  const older = [1, 2, 3].map(days => {
    const at = now - 8 * hour - days * day
    return runOf(id, at, {
      reason: days === 2 ? 'catch-up' : 'schedule',
      steps: [
        stepRun('delete-old-logs', 'Delete old logs', done(at, 'Nothing was old enough')),
        stepRun('vacuum-journal', 'Shorten the journal', done(at + 7_000, 'Nothing to be removed')),
      ],
    })
  })
  return [...newest, ...older]
}

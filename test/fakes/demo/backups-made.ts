// The demo's backups, one in each state a person meets. Knows nothing of how they are served. Never part of the app.
import {
  type Backup,
  BackupDraft,
  type BackupRun,
  type BackupView,
  localTargetId,
  type TargetView,
} from '../../../src/shared/model/backup.ts'
import type { DrillRun } from '../../../src/shared/model/restore.ts'
import type { Snapshot, SnapshotPart } from '../../../src/shared/model/snapshot.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const MiB = 1024 * 1024

export function targetsOf(now: number): TargetView[] {
  const view = (id: string, type: string, name: string, spec: Record<string, unknown>, parts: Partial<TargetView>) => ({
    target: { id, type, name, spec, createdAt: now - 90 * day, stored: [] },
    freeBytes: null,
    problem: null,
    snapshots: 0,
    bytes: 0,
    ...parts,
  })
  return [
    view(
      localTargetId,
      'local-folder',
      'This computer',
      { folder: '' },
      {
        freeBytes: 182_000 * MiB,
        snapshots: 9,
        bytes: 3_400 * MiB,
      },
    ),
    view(
      'nas',
      'host-folder',
      'Folder on alpine-nas',
      { hostId: 'alpine-nas', folder: '/srv/backups' },
      {
        freeBytes: 2_100_000 * MiB,
        snapshots: 3,
        bytes: 1_024 * MiB,
      },
    ),
    view(
      'offsite',
      's3',
      'Offsite bucket',
      { endpoint: 'https://s3.example', bucket: 'mira-backups' },
      {
        problem: 'The server said 403: the access key is not allowed to list the bucket',
      },
    ),
  ]
}

function draftOf(parts: Partial<BackupDraft> & Pick<BackupDraft, 'name' | 'hostId' | 'sources'>): BackupDraft {
  return BackupDraft.parse({
    targets: [localTargetId],
    schedule: { cron: '0 3 * * *', zone: 'Europe/Berlin' },
    retention: {},
    drill: { cron: '0 3 * * 0', zone: 'Europe/Berlin' },
    ...parts,
  })
}

const backups = {
  trading: draftOf({
    name: 'Trading bot',
    hostId: 'bots-1',
    unit: { scope: 'system', name: 'trading-bot.service' },
    sources: [
      { key: 'sqlite', type: 'sqlite', spec: { path: '/opt/trading-bot/trades.db' } },
      { key: 'unit', type: 'unit', spec: { scope: 'system', name: 'trading-bot.service' } },
    ],
    targets: [localTargetId, 'nas'],
    retention: { last: 7, hourly: 0, daily: 14, weekly: 8, monthly: 0 },
  }),
  stats: draftOf({
    name: 'Statistics database',
    hostId: 'db-1',
    sources: [{ key: 'postgres', type: 'postgres', spec: { database: 'stats' } }],
    encryption: { kind: 'passphrase' },
  }),
  web: draftOf({
    name: 'Web folders',
    hostId: 'web-1',
    sources: [{ key: 'files', type: 'files', spec: { paths: ['/srv/www'] } }],
    schedule: {
      cron: '0 * * * *',
      zone: 'Europe/Berlin',
      jitterSeconds: 300,
      catchUp: true,
      onlyOnMains: false,
      onlyOnNetworks: [],
    },
    drill: null,
  }),
  mail: draftOf({
    name: 'Mail settings',
    hostId: 'mail',
    sources: [{ key: 'files', type: 'files', spec: { paths: ['/etc/postfix'] } }],
    schedule: null,
  }),
} as const

function partOf(
  key: string,
  type: string,
  file: string,
  rawBytes: number,
  tables: SnapshotPart['tables'],
): SnapshotPart {
  return {
    key,
    type,
    spec: {},
    identity: { hostKey: 'SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDLk0M1ZQdmPjVW5qE', machineId: '9f1c', source: file },
    file,
    bytes: Math.round(rawBytes / 3),
    sha256: 'ab'.repeat(32),
    rawBytes,
    rawSha256: 'cd'.repeat(32),
    compression: 'zstd',
    encryption: 'none',
    versions: ['sqlite3 3.40.1'],
    tables,
    verified: 'integrity_check found nothing wrong',
    notes: [],
  }
}

const tradingParts = [
  partOf('sqlite', 'sqlite', 'sqlite.db.zst', 412 * MiB, [
    { name: 'trades', rows: 184_204 },
    { name: 'positions', rows: 41 },
  ]),
  partOf('unit', 'unit', 'unit.tar.zst', 12_400, []),
]

function snapshotOf(
  backupId: string,
  draft: BackupDraft,
  at: number,
  parts: readonly SnapshotPart[],
  rest: Partial<Snapshot> = {},
): Snapshot {
  const name = `${new Date(at).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z-4f2a`
  const targetId = rest.targetId ?? localTargetId
  return {
    id: `${targetId}/${backupId}/${name}`,
    targetId,
    manifest: {
      format: 'quarterdeck-snapshot',
      version: 1,
      backupId,
      backupName: draft.name,
      hostName: draft.hostId,
      hostId: draft.hostId,
      name,
      startedAt: at,
      finishedAt: at + 42_000,
      reason: 'schedule',
      quarterdeck: '0.1.0',
      parts: [...parts],
    },
    state: 'good',
    problem: null,
    hashedAt: at + 42_000,
    provenAt: null,
    ...rest,
  }
}

export function snapshotsOf(now: number): Snapshot[] {
  const { trading, stats, web } = backups
  const forum = { ...web, name: 'Forum', hostId: 'web-1' }
  const night = now - 9 * hour
  return [
    snapshotOf('trading', trading, night, tradingParts, { provenAt: now - 8 * hour }),
    snapshotOf('trading', trading, night, tradingParts, { targetId: 'nas' }),
    snapshotOf('trading', trading, night - day, tradingParts),
    snapshotOf('trading', trading, night - 2 * day, tradingParts, {
      state: 'damaged',
      problem: 'sqlite.db.zst holds other bytes than were written: its hash is 3f9e…',
    }),
    snapshotOf('trading', trading, night - 3 * day, tradingParts),
    snapshotOf('stats', stats, night - 4 * day, [
      partOf('postgres', 'postgres', 'postgres.dump', 1_900 * MiB, [{ name: 'public.events', rows: 9_120_433 }]),
    ]),
    // left by backups that are not set up here: one removed, one another computer's
    snapshotOf('forum', forum, night - 40 * day, [partOf('files', 'files', 'files.tar.zst', 640 * MiB, [])], {
      targetId: 'nas',
    }),
    snapshotOf(
      'sealed',
      { ...forum, name: 'Wiki', hostId: 'old-laptop' },
      night - 90 * day,
      [{ ...partOf('sqlite', 'sqlite', 'sqlite.db.zst.age', 71 * MiB, []), encryption: 'passphrase' }],
      { targetId: 'nas' },
    ),
    snapshotOf('web', web, now - 50 * minute, [partOf('files', 'files', 'files.tar.zst', 2_200 * MiB, [])]),
  ]
}

/** The one that is under way. */
function runningOf(now: number): BackupRun {
  return {
    id: 'run-web',
    backupId: 'web',
    reason: 'schedule',
    startedAt: now - 21_000,
    finishedAt: null,
    outcome: 'running',
    evidence: [],
    progress: {
      step: 'Taking files',
      part: 'files',
      bytes: 780 * MiB,
      totalBytes: 2_200 * MiB,
      bytesPerSecond: 37 * MiB,
      secondsLeft: 38,
    },
    snapshots: [],
  }
}

export function backupsOf(now: number): BackupView[] {
  const snapshots = snapshotsOf(now)
  const view = (id: string, draft: BackupDraft, parts: Partial<BackupView> = {}): BackupView => {
    const own = snapshots.filter(snapshot => snapshot.manifest.backupId === id)
    const backup: Backup = { ...draft, id, createdAt: now - 60 * day, checkId: `backup-${id}`, stored: [] }
    return {
      backup,
      nextAt: draft.schedule === null ? null : now + 15 * hour,
      waitsFor: null,
      running: null,
      lastRun: runsOf(id, now)[0] ?? null,
      lastGood: own.find(({ state }) => state === 'good') ?? null,
      provenAt: own.reduce<number | null>((at, { provenAt }) => provenAt ?? at, null),
      snapshots: own.length,
      bytes: own.reduce((sum, { manifest }) => sum + manifest.parts.reduce((all, part) => all + part.bytes, 0), 0),
      problem: null,
      ...parts,
    }
  }
  return [
    view('trading', backups.trading),
    view('stats', backups.stats, {
      problem: 'The last good one is 4 d old, and it is to be taken every day',
      ...{ nextAt: now - 3 * 24 * hour, waitsFor: 'mains' },
    }),
    view('web', backups.web, { running: runningOf(now), nextAt: now + 10 * minute }),
    view('mail', backups.mail),
  ]
}

export function runsOf(backupId: string, now: number): BackupRun[] {
  const run = (number: number, parts: Partial<BackupRun>): BackupRun => ({
    id: `run-${backupId}-${number}`,
    backupId,
    reason: 'schedule',
    startedAt: now - 9 * hour - number * day,
    finishedAt: now - 9 * hour - number * day + 42_000,
    outcome: 'good',
    evidence: [
      { ok: true, text: '412 MiB taken in 42 s, hashed on both ends' },
      { ok: true, text: 'integrity_check found nothing wrong' },
    ],
    progress: null,
    snapshots: [],
    ...parts,
  })
  if (backupId === 'trading') return [run(0, {}), run(1, {}), run(2, { reason: 'person' })]
  if (backupId === 'web')
    return [runningOf(now), run(0, { startedAt: now - 50 * minute, finishedAt: now - 49 * minute })]
  if (backupId === 'stats')
    return [
      run(0, {
        outcome: 'failed',
        evidence: [
          { ok: false, text: 'pg_dump ended with 1: permission denied for table events' },
          { ok: true, text: 'Nothing of it was left, here or on the host' },
        ],
      }),
    ]
  return []
}

export function drillsOf(backupId: string, now: number): DrillRun[] {
  if (backupId !== 'trading') return []
  return [
    {
      id: 'drill-1',
      backupId,
      snapshotId: snapshotsOf(now)[0]?.id ?? '',
      startedAt: now - 8 * hour,
      finishedAt: now - 8 * hour + 20_000,
      outcome: 'proven',
      evidence: [{ ok: true, text: 'trades has 184,204 rows, as the manifest says' }],
      progress: null,
    },
  ]
}

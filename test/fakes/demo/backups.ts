// The demo's answers about backups. Knows nothing of ports. Never part of the app.
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import {
  type Backup,
  type BackupProgress,
  type BackupRun,
  type BackupView,
  localTargetId,
} from '../../../src/shared/model/backup.ts'
import { type DrillRun, type RestorePlan, type RestoreRun, restoreSteps } from '../../../src/shared/model/restore.ts'
import type { Snapshot } from '../../../src/shared/model/snapshot.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { drillsOf, runsOf, snapshotsOf } from './backups-made.ts'
import { backupKinds } from './kinds.ts'
import type { World } from './world.ts'

type Area = 'backup' | 'snapshot' | 'target' | 'restore' | 'drill'
type BackupCalls = Pick<Handlers<EngineContract>, Extract<keyof Handlers<EngineContract>, `${Area}.${string}`>>

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const MiB = 1024 * 1024

export function backupHandlers(world: World, emit: Server<EngineContract>['emit']): BackupCalls {
  const runs = new Map<string, BackupRun[]>()
  const restores: RestoreRun[] = []
  const drills: DrillRun[] = []
  const unlocked = new Set<string>()
  const viewOf = (id: string): BackupView => {
    const view = world.backups.get(id)
    if (!view) throw new AppError('NOT_FOUND', 'This backup is not there any more')
    return view
  }
  const snapshotOf = (id: string): Snapshot => {
    const snapshot = world.snapshots.get(id)
    if (!snapshot) throw new AppError('NOT_FOUND', 'This snapshot is not there any more')
    return snapshot
  }
  const put = (view: BackupView): BackupView => {
    world.backups.set(view.backup.id, view)
    emit('backup.changed', view)
    return view
  }
  const tell = (run: BackupRun): void => {
    runs.set(run.backupId, [run, ...(runs.get(run.backupId) ?? []).filter(({ id }) => id !== run.id)])
    emit('backupRun.changed', run)
    put({
      ...viewOf(run.backupId),
      running: run.finishedAt === null ? run : null,
      lastRun: run,
    })
  }
  const progressOf = (step: string, share: number): BackupProgress => ({
    step,
    part: null,
    bytes: share * 412 * MiB,
    totalBytes: 412 * MiB,
    bytesPerSecond: 38 * MiB,
    secondsLeft: Math.round((1 - share) * 11),
  })
  const carryOut = async (run: BackupRun): Promise<void> => {
    for (const share of [0.1, 0.35, 0.6, 0.85]) {
      tell({ ...run, progress: progressOf('Taking sqlite', share) })
      await wait(400)
      if (viewOf(run.backupId).running === null) return
    }
    const { backup } = viewOf(run.backupId)
    const [pattern] = snapshotsOf(Date.now())
    if (!pattern) return
    const name = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}Z-${String(world.snapshots.size).padStart(4, '0')}`
    const snapshot: Snapshot = {
      ...pattern,
      id: `${localTargetId}/${backup.id}/${name}`,
      manifest: { ...pattern.manifest, backupId: backup.id, backupName: backup.name, name, startedAt: run.startedAt },
      provenAt: null,
    }
    world.snapshots.set(snapshot.id, snapshot)
    emit('snapshot.changed', snapshot)
    put({ ...viewOf(backup.id), lastGood: snapshot, snapshots: viewOf(backup.id).snapshots + 1 })
    const evidence = [{ ok: true, text: '412 MiB taken in 2 s, hashed on both ends' }]
    tell({ ...run, outcome: 'good', finishedAt: Date.now(), evidence, snapshots: [snapshot.id] })
  }
  const inPlace: Readonly<Record<string, string>> = {
    sqlite: '/opt/trading-bot/trades.db',
    unit: '/etc/systemd/system/trading-bot.service',
  }
  const planOf: BackupCalls['restore.plan'] = async ({ snapshotId, parts, to }) => {
    await wait(300)
    const snapshot = snapshotOf(snapshotId)
    const plan: RestorePlan = {
      snapshot,
      hostName: snapshot.manifest.hostName,
      confirm: to.kind === 'in-place' ? snapshot.manifest.hostName : to.place,
      unit: to.kind === 'in-place' ? viewOf(snapshot.manifest.backupId).backup.unit : null,
      parts: snapshot.manifest.parts
        .filter(({ key }) => parts.length === 0 || parts.includes(key))
        .map(part => ({
          key: part.key,
          type: part.type,
          place: to.kind === 'in-place' ? (inPlace[part.key] ?? '/srv') : to.place,
          thenBytes: part.rawBytes,
          nowBytes: to.kind === 'in-place' ? Math.round(part.rawBytes * 1.1) : null,
          nowChangedAt: to.kind === 'in-place' ? Date.now() - 4_000 : null,
          sameIdentity: true,
          tables: part.tables.map(({ name, rows }) => ({
            name,
            rowsThen: rows,
            rowsNow: (rows ?? 0) + 912,
            schema: name === 'positions' ? ('changed' as const) : ('same' as const),
          })),
          steps: [
            'Back up what is there now, and verify that',
            'Write the restored file beside it, and check it',
            'Swap the two in one step; the old one stays beside',
          ],
        })),
      problems: [],
    }
    return plan
  }
  const carryOutRestore = async (run: RestoreRun): Promise<void> => {
    let now = run
    // the definition alone does not fit the service any more, so that a way back can be looked at
    const fails = run.draft.parts.length === 1 && run.draft.parts[0] === 'unit' && run.draft.to.kind === 'in-place'
    const tellRestore = (next: RestoreRun): void => {
      now = next
      const at = restores.findIndex(({ id }) => id === next.id)
      if (at < 0) restores.unshift(next)
      else restores[at] = next
      emit('restore.changed', next)
    }
    for (const step of restoreSteps.filter(each => each !== 'roll-back')) {
      const text = step === 'stop' || step === 'start' ? 'trading-bot.service' : ''
      tellRestore({
        ...now,
        steps: [...now.steps, { step, outcome: 'running', text }],
        progress: step === 'stage' ? { ...progressOf('Restoring trades.db', 0.4), part: 'sqlite' } : null,
      })
      await wait(400)
      const outcome = step === 'verify' && fails ? 'failed' : 'done'
      tellRestore({ ...now, steps: now.steps.map(each => (each.step === step ? { ...each, outcome } : each)) })
    }
    if (fails) {
      tellRestore({
        ...now,
        outcome: 'rolled-back',
        finishedAt: Date.now(),
        steps: [...now.steps, { step: 'roll-back', outcome: 'done', text: '/etc/systemd/system/trading-bot.service' }],
        evidence: [{ ok: false, text: 'trading-bot.service ended with status 203 after 0.2 s' }],
      })
      return
    }
    tellRestore({
      ...now,
      outcome: 'restored',
      finishedAt: Date.now(),
      evidence: [{ ok: true, text: 'trading-bot.service is active for 5 s' }],
      kept: [{ part: 'sqlite', place: '/opt/trading-bot/.trades.db.before-4f2a' }],
    })
  }
  return {
    'backup.kinds': () => backupKinds,
    'backup.list': () => [...world.backups.values()],
    'backup.get': viewOf,
    'backup.propose': ({ hostId, scope, name }) => {
      const pattern = viewOf('trading').backup
      const { id: _, createdAt: __, checkId: ___, stored: ____, ...draft } = pattern
      return {
        draft: { ...draft, name, hostId, unit: { scope, name } },
        reasons: { sqlite: 'It lies in the service’s working folder', unit: 'The service itself and its environment' },
      }
    },
    'backup.add': ({ draft }) => {
      const id = `backup-${world.backups.size + 1}`
      const backup: Backup = { ...draft, id, createdAt: Date.now(), checkId: `check-${id}`, stored: [] }
      put({
        backup,
        nextAt: null,
        waitsFor: null,
        running: null,
        lastRun: null,
        lastGood: null,
        provenAt: null,
        snapshots: 0,
        bytes: 0,
        problem: null,
      })
      return backup
    },
    'backup.edit': ({ id, draft }) => {
      const view = viewOf(id)
      return put({ ...view, backup: { ...view.backup, ...draft } }).backup
    },
    'backup.remove': id => {
      world.backups.delete(id)
      emit('backup.removed', id)
    },
    'backup.run': id => {
      const run: BackupRun = {
        id: `run-${Date.now()}`,
        backupId: viewOf(id).backup.id,
        reason: 'person',
        startedAt: Date.now(),
        finishedAt: null,
        outcome: 'running',
        evidence: [],
        progress: null,
        snapshots: [],
      }
      void carryOut(run)
      return run
    },
    'backup.cancel': id => {
      const view = [...world.backups.values()].find(({ running }) => running?.id === id)
      if (view?.running) tell({ ...view.running, outcome: 'cancelled', finishedAt: Date.now(), progress: null })
    },
    'backup.runs': ({ id }) => [...(runs.get(id) ?? []), ...runsOf(id, Date.now())],
    'snapshot.list': ({ backupId }) =>
      [...world.snapshots.values()]
        .filter(({ manifest }) => manifest.backupId === backupId)
        .sort((a, b) => b.manifest.startedAt - a.manifest.startedAt),
    'backup.runBeforeUpdate': () => [],
    'backup.networks': () => ['Home', '192.168.1.1'],
    'snapshot.missingKeys': () => ({}),
    'snapshot.orphans': () =>
      [...world.snapshots.values()]
        .filter(({ manifest }) => !world.backups.has(manifest.backupId))
        .map(snapshot => ({
          snapshot,
          targetName: world.targets.get(snapshot.targetId)?.target.name ?? snapshot.targetId,
          bytes: snapshot.manifest.parts.reduce((sum, part) => sum + part.bytes, 0),
          missingKey:
            unlocked.has(snapshot.id) || snapshot.manifest.parts.every(part => part.encryption === 'none')
              ? null
              : 'passphrase',
        })),
    'snapshot.unlock': ({ id, key }) => {
      if (key !== 'open sesame') throw new AppError('BACKUP_BAD', 'This passphrase does not open it')
      unlocked.add(id)
      emit('snapshot.changed', snapshotOf(id))
    },
    'snapshot.verify': async id => {
      await wait(800)
      const snapshot = { ...snapshotOf(id), hashedAt: Date.now() }
      emit('snapshot.changed', snapshot)
      return snapshot
    },
    'snapshot.remove': id => {
      world.snapshots.delete(id)
      emit('snapshot.removed', id)
    },
    'snapshot.retentionPreview': ({ id, retention }) =>
      [...world.snapshots.values()]
        .filter(({ manifest }) => manifest.backupId === id)
        .sort((a, b) => b.manifest.startedAt - a.manifest.startedAt)
        .slice(Math.max(1, retention.last))
        .map(snapshot => snapshot.id),
    'snapshot.items': async ({ id, part }) => {
      await wait(300)
      const { tables } = snapshotOf(id).manifest.parts.find(({ key }) => key === part) ?? { tables: [] }
      return tables.length > 0
        ? tables.map(({ name, rows }) => ({ path: name, kind: 'table' as const, bytes: null, rows, modifiedAt: null }))
        : [
            { path: 'etc/systemd/system/trading-bot.service', kind: 'file', bytes: 512, rows: null, modifiedAt: null },
            { path: 'etc/trading-bot/env', kind: 'file', bytes: 210, rows: null, modifiedAt: null },
          ]
    },
    'snapshot.extract': async ({ folder, path, part }) => {
      await wait(500)
      return `${folder}/${(path ?? part).split('/').at(-1)}`
    },
    'target.list': () => [...world.targets.values()],
    'target.add': ({ draft }) => {
      const target = { ...draft, id: `place-${world.targets.size + 1}`, createdAt: Date.now(), stored: [] }
      world.targets.set(target.id, { target, freeBytes: null, problem: null, snapshots: 0, bytes: 0 })
      emit('target.changed', [...world.targets.values()])
      return target
    },
    'target.edit': ({ id, draft }) => {
      const view = world.targets.get(id)
      if (!view) throw new AppError('NOT_FOUND', 'This place is not there any more')
      const target = { ...view.target, ...draft }
      world.targets.set(id, { ...view, target })
      emit('target.changed', [...world.targets.values()])
      return target
    },
    'target.remove': id => {
      if ([...world.backups.values()].some(({ backup }) => backup.targets.includes(id)))
        throw new AppError('CONFLICT', 'A backup is kept here', { hint: 'Choose another place for it first.' })
      world.targets.delete(id)
      emit('target.changed', [...world.targets.values()])
    },
    'target.test': async () => {
      await wait(500)
      return { problem: null }
    },
    'restore.plan': planOf,
    'restore.run': ({ draft }) => {
      const run: RestoreRun = {
        id: `restore-${Date.now()}`,
        draft,
        backupId: snapshotOf(draft.snapshotId).manifest.backupId,
        startedAt: Date.now(),
        finishedAt: null,
        outcome: 'running',
        steps: [],
        evidence: [],
        progress: null,
        before: null,
        kept: [],
      }
      void carryOutRestore(run)
      return run
    },
    'restore.cancel': () => {},
    'restore.list': ({ backupId }) => restores.filter(run => backupId === null || run.backupId === backupId),
    'restore.dropOld': id => {
      const run = restores.find(each => each.id === id)
      if (!run) throw new AppError('NOT_FOUND', 'This restore is not known any more')
      const dropped = { ...run, kept: [] }
      restores[restores.indexOf(run)] = dropped
      emit('restore.changed', dropped)
      return dropped
    },
    'drill.run': async id => {
      const run: DrillRun = {
        id: `drill-${Date.now()}`,
        backupId: id,
        snapshotId: viewOf(id).lastGood?.id ?? '',
        startedAt: Date.now(),
        finishedAt: Date.now() + 800,
        outcome: 'proven',
        evidence: [{ ok: true, text: 'trades has 184,204 rows, as the manifest says' }],
        progress: null,
      }
      await wait(800)
      drills.unshift(run)
      emit('drill.changed', run)
      put({ ...viewOf(id), provenAt: Date.now() })
      return run
    },
    'drill.list': ({ backupId }) => [
      ...drills.filter(run => run.backupId === backupId),
      ...drillsOf(backupId, Date.now()),
    ],
  }
}

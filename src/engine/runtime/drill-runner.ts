// Proves that the newest good snapshot can be restored: to a scratch place that is dropped afterwards (R33). Knows no kind of source.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Backup } from '../../shared/model/backup.ts'
import type { DrillRun } from '../../shared/model/restore.ts'
import type { Snapshot } from '../../shared/model/snapshot.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { scheduleActor } from './backup-runner.ts'
import type { HostTurns } from './host-turns.ts'
import { ProgressMeter } from './progress-meter.ts'
import type { Publish } from './publish.ts'
import type { Snapshots } from './snapshots.ts'
import { isOffline, type SourceAccess } from './source-access.ts'
import { inWords, type Targets } from './targets.ts'

const mostListed = 50

export interface DrillRunnerOptions {
  store: Pick<Store, 'backups'>
  sources: SourceAccess
  snapshots: Snapshots
  targets: Pick<Targets, 'open'>
  turns: HostTurns
  audit: Pick<AuditLog, 'begin' | 'resume'>
  clock: Clock
  log: Logger
  publish: Publish
  onChange: (backupId: string) => void
}

interface Live {
  run: DrillRun
  readonly controller: AbortController
  readonly finish: ReturnType<AuditLog['begin']>
}

export class DrillRunner implements Disposable {
  readonly #options: DrillRunnerOptions
  readonly #log: Logger
  readonly #live = new Map<string, Live>()

  constructor(options: DrillRunnerOptions) {
    this.#options = options
    this.#log = options.log.child('drills')
  }

  /** A drill that was cut off proved nothing; what it left on a host, its source removes the next time. */
  resume(): void {
    const { store, clock, audit } = this.#options
    const text = 'Quarterdeck ended in the middle of it'
    for (const run of store.backups.unfinished<DrillRun>('drill')) {
      store.backups.updateJob({
        ...{ ...run, outcome: 'cancelled', finishedAt: clock.now(), progress: null },
        evidence: [...run.evidence, { ok: false, text }],
      } as DrillRun)
      audit.resume({ actor: scheduleActor, verb: 'drill.run', actionRunId: run.id })('cancelled', text)
    }
  }

  /** Begins and returns at once. Throws NOT_FOUND where there is nothing to prove, CONFLICT while one is under way. */
  start(backupId: string, actor: string): DrillRun {
    const { store, snapshots, audit, clock } = this.#options
    const stored = store.backups.get(backupId)
    if (!stored) throw new AppError('NOT_FOUND', 'This backup is not there any more')
    if (this.running(backupId)) throw new AppError('CONFLICT', 'A drill of it is under way')
    const snapshot = snapshots.lastGood(backupId)
    if (!snapshot) throw new AppError('NOT_FOUND', 'There is no good snapshot to prove yet')
    const run: DrillRun = {
      ...{ id: randomUUID(), backupId, snapshotId: snapshot.id, startedAt: clock.now(), finishedAt: null },
      ...{ outcome: 'running', evidence: [], progress: null },
    }
    store.backups.insertJob('drill', run)
    const { backup } = stored
    const about = { actor, hostId: backup.hostId, target: backup.name, actionRunId: run.id }
    const finish = audit.begin({ ...about, verb: 'drill.run' })
    const live: Live = { run, finish, controller: new AbortController() }
    this.#live.set(run.id, live)
    void this.#work(live, backup, snapshot)
    return run
  }

  running(backupId: string): DrillRun | null {
    return [...this.#live.values()].find(({ run }) => run.backupId === backupId)?.run ?? null
  }

  /** Newest first. */
  list(backupId: string): DrillRun[] {
    return this.#options.store.backups
      .jobs<DrillRun>('drill', backupId, mostListed)
      .map(run => this.#live.get(run.id)?.run ?? run)
  }

  cancel(runId: string): void {
    this.#live.get(runId)?.controller.abort(new AppError('CANCELLED', 'Cancelled'))
  }

  forget(backupId: string): void {
    const run = this.running(backupId)
    if (run) this.cancel(run.id)
  }

  dispose(): void {
    for (const { controller } of this.#live.values()) controller.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
  }

  async #work(live: Live, backup: Backup, snapshot: Snapshot): Promise<void> {
    const { turns, snapshots } = this.#options
    const { signal } = live.controller
    let leave = (): void => {}
    try {
      leave = await turns.take(backup.hostId, signal)
      const evidence = await this.#drill(live, backup, snapshot)
      leave()
      const proven = evidence.length > 0 && evidence.every(({ ok }) => ok)
      if (proven) snapshots.proven(snapshot.id)
      this.#end(live, proven ? 'proven' : 'failed', evidence)
    } catch (caught) {
      leave()
      if (signal.aborted && AppError.from(signal.reason).code === 'ENGINE_GONE') return
      const text = signal.aborted ? 'It was cancelled' : inWords(caught)
      // a host or target that is away says nothing of the backup
      const outcome = signal.aborted || isOffline(caught) ? 'cancelled' : 'failed'
      this.#end(live, outcome, [...live.run.evidence, { ok: false, text }])
    }
  }

  async #drill(live: Live, backup: Backup, snapshot: Snapshot): Promise<Evidence[]> {
    const { sources, snapshots, targets, clock } = this.#options
    const { signal } = live.controller
    const meter = new ProgressMeter(clock, progress => this.#tell(live, { progress }))
    const open = await targets.open(snapshot.targetId, signal)
    try {
      const evidence: Evidence[] = []
      for (const artefact of await snapshots.artefacts(snapshot, open, [])) {
        const { part } = artefact
        await sources.use(part, { hostId: backup.hostId, backupId: backup.id, signal, offline: true }, async source => {
          meter.step(`Restoring ${source.type.label(source.spec)} to a scratch place`, part.key, part.rawBytes)
          for (const { ok, text } of await source.type.drill(source.context, source.spec, artefact))
            evidence.push({ ok, text: snapshot.manifest.parts.length > 1 ? `${part.key}: ${text}` : text })
        })
        this.#tell(live, { evidence: [...evidence] })
      }
      return evidence
    } finally {
      await open.dispose().catch(() => {})
    }
  }

  #tell(live: Live, change: Partial<DrillRun>): void {
    live.run = { ...live.run, ...change }
    this.#options.publish('drill.changed', live.run)
  }

  #end(live: Live, outcome: DrillRun['outcome'], evidence: readonly Evidence[]): void {
    const { store, clock, publish, onChange } = this.#options
    live.run = { ...live.run, outcome, evidence: [...evidence], finishedAt: clock.now(), progress: null }
    this.#live.delete(live.run.id)
    const last = evidence.findLast(({ ok }) => !ok)?.text ?? null
    try {
      store.backups.updateJob(live.run)
      live.finish(outcome === 'proven' ? 'verified' : outcome === 'cancelled' ? 'cancelled' : 'failed', last)
    } catch (caught) {
      this.#log.error('the end of a drill could not be recorded', { id: live.run.id, error: String(caught) })
    }
    this.#log.info('drill ended', { backup: live.run.backupId, outcome })
    publish('drill.changed', live.run)
    onChange(live.run.backupId)
  }
}

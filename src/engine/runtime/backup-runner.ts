// Runs backups: one at a time per host, waiting while the host is away, written down from their beginning to their end. Knows no schedule and no restore.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { BackupProgress, BackupRun } from '../../shared/model/backup.ts'
import type { Manifest } from '../../shared/model/snapshot.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import { BackupRecord, type BackupRecordOptions } from './backup-record.ts'
import { type TakeParts, takeSnapshot } from './backup-take.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import type { HostTurns } from './host-turns.ts'
import { ProgressMeter } from './progress-meter.ts'
import { isOffline } from './source-access.ts'
import type { PartDraft } from './source-parts.ts'
import { inWords } from './targets.ts'

/** One that lost its host so often is no longer the host's fault alone. */
const mostTries = 5
/** A host that is just back is given a moment to tell of itself. */
const settleMs = 2_000
/** What waits is tried now and then also without a sign, for a target may be what was missing. */
const retryMs = 300_000
const soonMs = 10_000

export interface RunRequest {
  readonly backupId: string
  readonly reason: Manifest['reason']
  readonly actor: string
  /** Taken as they are, whatever the backup's sources say by now: what a restore is about to replace. */
  readonly exactly?: readonly PartDraft[]
  /** The host is this one's already: a restore works on it. */
  readonly turnTaken?: boolean
}

export interface BackupRunnerOptions extends TakeParts, BackupRecordOptions {
  readonly store: Pick<Store, 'backups' | 'hosts'>
  readonly turns: HostTurns
  readonly breakers: Pick<CircuitBreakers, 'ended'>
}

interface Live {
  readonly record: BackupRecord
  request: RunRequest
  readonly controller: AbortController
  tries: number
  retry: Disposable | null
  working: boolean
}

export class BackupRunner implements Disposable {
  /** A run is over. */
  readonly ended = new Emitter<BackupRun>()
  readonly #options: BackupRunnerOptions
  readonly #log: Logger
  readonly #live = new Map<string, Live>()
  /** Why runs of this life failed that somebody waits for. */
  readonly #failures = new Map<string, AppError>()
  #disposed = false

  constructor(options: BackupRunnerOptions) {
    this.#options = options
    this.#log = options.log.child('backups')
  }

  /** Runs that were under way when the engine ended failed, and say so; those that waited go on waiting. */
  resume(): void {
    const { store } = this.#options
    for (const run of store.backups.unfinished<BackupRun>('backup')) {
      if (run.outcome === 'waiting' && store.backups.get(run.backupId)) {
        this.#begin({ backupId: run.backupId, reason: run.reason, actor: scheduleActor }, run)
        continue
      }
      const text = 'Quarterdeck ended in the middle of it. What was written of it is no backup, and is removed.'
      BackupRecord.resumed(run, scheduleActor, this.#recording()).end('failed', { ok: false, text })
    }
  }

  /** Retries what waits as soon as a host is there: it may be what is backed up, or where that is kept. */
  attach(session: HostSession): Disposable {
    return session.link.onStatus(({ state }) => {
      if (state !== 'ready') return
      for (const live of this.#live.values()) if (live.record.run.outcome === 'waiting') this.#retryIn(live, settleMs)
    })
  }

  /** What waits for a secret tries again once it can be read. */
  onVaultUnlocked(): void {
    for (const live of this.#live.values()) if (live.record.run.outcome === 'waiting') this.#retryIn(live, settleMs)
  }

  /** Begins, or gives a run that waits another try, for the reason that is given now. Throws NOT_FOUND, and CONFLICT while one is under way. */
  start(request: RunRequest): BackupRun {
    const { backups } = this.#options.store
    if (!backups.get(request.backupId)) throw new AppError('NOT_FOUND', 'This backup is not there any more')
    const before = this.#of(request.backupId)
    if (before?.working || (before && request.reason === 'before-restore'))
      throw new AppError('CONFLICT', 'This backup is being made just now', { hint: 'Wait for it, or cancel it.' })
    if (before) {
      before.request = request
      before.record.tell({ reason: request.reason })
      void this.#attempt(before)
      return before.record.run
    }
    return this.#begin(request, null)
  }

  /** What is under way, or waits. */
  running(backupId: string): BackupRun | null {
    return this.#of(backupId)?.record.run ?? null
  }

  /** Resolves when it is over. */
  wait(runId: string): Promise<BackupRun> {
    const done = this.#options.store.backups.job<BackupRun>(runId)
    if (!this.#live.has(runId) && done) return Promise.resolve(done)
    return new Promise(resolve => {
      const listener = this.ended.on(run => {
        if (run.id !== runId) return
        listener.dispose()
        resolve(run)
      })
    })
  }

  /** Why a run failed, where it was one of this life. */
  failureOf(runId: string): AppError | null {
    return this.#failures.get(runId) ?? null
  }

  cancel(runId: string): void {
    const live = this.#live.get(runId)
    if (!live) return
    live.controller.abort(new AppError('CANCELLED', 'Cancelled'))
    if (!live.working) this.#end(live, 'cancelled', { ok: false, text: 'It was called off while it waited' })
  }

  /** Newest first. */
  list(backupId: string, limit: number): BackupRun[] {
    return this.#options.store.backups
      .jobs<BackupRun>('backup', backupId, limit)
      .map(run => this.#live.get(run.id)?.record.run ?? run)
  }

  /** The backup is about to go. */
  forget(backupId: string): void {
    const live = this.#of(backupId)
    if (live) this.cancel(live.record.run.id)
  }

  dispose(): void {
    this.#disposed = true
    for (const live of this.#live.values()) {
      live.retry?.dispose()
      live.controller.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
    }
    this.ended.dispose()
  }

  #of(backupId: string): Live | undefined {
    return [...this.#live.values()].find(({ record }) => record.run.backupId === backupId)
  }

  #begin(request: RunRequest, waiting: BackupRun | null): BackupRun {
    const record = waiting
      ? BackupRecord.resumed(waiting, request.actor, this.#recording())
      : BackupRecord.begun(request, this.#recording())
    const live: Live = {
      ...{ record, request, controller: new AbortController(), tries: 0, retry: null, working: false },
    }
    this.#live.set(record.run.id, live)
    if (waiting) this.#retryIn(live, retryMs)
    else void this.#attempt(live)
    return record.run
  }

  #recording(): BackupRecordOptions {
    return { ...this.#options, log: this.#log }
  }

  #retryIn(live: Live, ms: number): void {
    if (live.working) return
    live.retry?.dispose()
    live.retry = this.#options.clock.after(ms, () => void this.#attempt(live))
  }

  /** One go at it; never rejects. */
  async #attempt(live: Live): Promise<void> {
    if (live.working || this.#disposed || !this.#live.has(live.record.run.id)) return
    live.working = true
    live.retry?.dispose()
    live.retry = null
    live.tries++
    const { signal } = live.controller
    let leave = (): void => {}
    try {
      const stored = this.#options.store.backups.get(live.record.run.backupId)
      if (!stored) throw new AppError('NOT_FOUND', 'This backup is not there any more')
      const { backup } = stored
      // while the host is away it goes on waiting, without a word
      this.#options.sources.session(backup.hostId)
      live.record.work(waitingFor('Waiting for its turn on this host'))
      if (!live.request.turnTaken) leave = await this.#options.turns.take(backup.hostId, signal)
      const { snapshots, failed } = await takeSnapshot(this.#options, {
        ...{ backup, reason: live.request.reason, signal },
        ...(live.request.exactly ? { exactly: live.request.exactly } : {}),
        hostName: this.#options.store.hosts.get(backup.hostId)?.name ?? backup.hostId,
        name: nameAt(this.#options.clock.now()),
        meter: new ProgressMeter(this.#options.clock, progress => live.record.tell({ progress })),
        say: evidence => live.record.say(evidence),
      })
      live.record.made(snapshots.map(({ id }) => id))
      leave()
      this.#options.breakers.ended(featureOf(backup.id), null)
      const where = `${snapshots.length} of ${snapshots.length + failed.size} places`
      const text = failed.size === 0 ? 'Verified and kept' : `Verified and kept in ${where}`
      this.#end(live, failed.size === 0 ? 'good' : 'partly', { ok: failed.size === 0, text })
    } catch (caught) {
      leave()
      this.#failed(live, caught)
    } finally {
      live.working = false
    }
  }

  #failed(live: Live, caught: unknown): void {
    const { signal } = live.controller
    const text = inWords(caught)
    if (signal.aborted) {
      // the engine ends: the next start finds it under way and says what became of it
      if (AppError.from(signal.reason).code === 'ENGINE_GONE') return
      this.#end(live, 'cancelled', { ok: false, text: 'It was cancelled; nothing of it is left' })
      return
    }
    this.#log.warn('a backup failed', { backup: live.record.run.backupId, error: text })
    const { code } = AppError.from(caught)
    const { reason } = live.request
    const onSchedule = reason === 'schedule' || reason === 'catch-up'
    // nobody may be there to unlock the vault; a person who is told so can
    const mayWait = isOffline(caught) ? onSchedule || reason === 'person' : onSchedule && code === 'VAULT_LOCKED'
    // one that did not come to begin was no try
    if (code === 'NOT_CONNECTED' || code === 'VAULT_LOCKED') live.tries--
    if (mayWait && live.tries < mostTries) {
      this.#wait(live, text)
      return
    }
    this.#options.breakers.ended(featureOf(live.record.run.backupId), caught)
    if (this.#failures.size > 100) this.#failures.clear()
    this.#failures.set(live.record.run.id, AppError.from(caught))
    this.#end(live, 'failed', { ok: false, text })
  }

  /** A host that is away is no failure: tried again when it is back (semantics 31). */
  #wait(live: Live, text: string): void {
    live.working = false
    live.record.wait(text)
    const hostId = this.#options.store.backups.get(live.record.run.backupId)?.backup.hostId
    this.#retryIn(live, hostId !== undefined && this.#options.sources.isReady(hostId) ? soonMs : retryMs)
  }

  #end(live: Live, outcome: BackupRun['outcome'], last: Evidence): void {
    live.retry?.dispose()
    this.#live.delete(live.record.run.id)
    live.record.end(outcome, last)
    this.ended.emit(live.record.run)
  }
}

export const scheduleActor = 'rule: schedule'
export const featureOf = (backupId: string): string => `backup/${backupId}`

const waitingFor = (step: string): BackupProgress => ({
  ...{ step, part: null, bytes: 0, totalBytes: null, bytesPerSecond: null, secondsLeft: null },
})

/** Sorts by time: `20261122T132000Z-4f2a91`. */
function nameAt(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  return `${time}-${randomBytes(3).toString('hex')}`
}

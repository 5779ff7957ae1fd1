// Restores a snapshot step by step, each written down before it begins, so that after a kill or a lost link all is old or all is new (semantics 32). Knows no kind of source.
import { randomBytes, randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import {
  type RestoreDraft,
  type RestorePlan,
  RestoreRun,
  type Snapshot,
  type SnapshotPart,
} from '../../shared/model/backup.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { afterKill, mayCancel, type RestoreStep, type StagedState } from '../domain/restore-state.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { AuditLog } from './audit-log.ts'
import type { BackupRunner } from './backup-runner.ts'
import type { HostTurns } from './host-turns.ts'
import { ProgressMeter } from './progress-meter.ts'
import type { Publish } from './publish.ts'
import { chosenParts, placeOf, planRestore, type RestorePlanParts } from './restore-plan.ts'
import { isUp, type RestoreUnitsOptions, turnUnit } from './restore-units.ts'
import { isOffline, type OpenSource } from './source-access.ts'
import { inWords } from './targets.ts'

const backMs = 500
const mostListed = 100

/** A run with what is needed to find out, after a kill, what is to be done. */
interface StoredRestore extends RestoreRun {
  readonly hostId: string
  readonly actor: string
  readonly unit: CheckUnit | null
  /** The unit ran before, so it is to run afterwards. */
  readonly wasUp: boolean
  /** Names what was staged on the host. */
  readonly staging: string
  /** The step that began last. */
  readonly reached: RestoreStep | null
  /** The parts, as they were in the snapshot: it need not be there any more to finish or undo. */
  readonly parts: readonly SnapshotPart[]
  /** Keys of those that were there before. */
  readonly present: readonly string[]
}

export interface RestoreRunnerOptions extends RestorePlanParts, RestoreUnitsOptions {
  runner: Pick<BackupRunner, 'start' | 'wait' | 'failureOf' | 'cancel'>
  turns: HostTurns
  audit: Pick<AuditLog, 'begin'>
  clock: Clock
  log: Logger
  publish: Publish
}

interface Live {
  run: StoredRestore
  readonly cancel: AbortController
  readonly gone: AbortSignal
  readonly finish: ReturnType<AuditLog['begin']>
  readonly meter: ProgressMeter
}

export class RestoreRunner implements Disposable {
  readonly #options: RestoreRunnerOptions
  readonly #log: Logger
  readonly #live = new Map<string, Live>()
  readonly #gone = new AbortController()

  constructor(options: RestoreRunnerOptions) {
    this.#options = options
    this.#log = options.log.child('restore')
  }

  async plan(draft: RestoreDraft, signal: AbortSignal): Promise<RestorePlan> {
    return (await planRestore(this.#options, draft, signal)).plan
  }

  /**
   * Begins and returns at once. Rejects, with nothing done, with INVALID_INPUT where something else was typed, IDENTITY_DIFFERS where host or source is
   * not the one that was backed up, and CONFLICT where something speaks against it.
   */
  async start(draft: RestoreDraft, typed: string, actor: string, signal: AbortSignal): Promise<RestoreRun> {
    const { store, clock } = this.#options
    const { plan, hostId, present } = await planRestore(this.#options, draft, signal)
    if (typed.trim() !== plan.confirm)
      throw new AppError('INVALID_INPUT', `Type ${plan.confirm} to confirm`, { detail: { field: 'typed' } })
    if (plan.problems.length > 0) throw new AppError('CONFLICT', plan.problems.join('; '))
    const other = plan.parts.find(part => !part.sameIdentity)
    if (other && !draft.despiteIdentity)
      throw new AppError('IDENTITY_DIFFERS', `${other.place} on ${plan.hostName} is not what was backed up`, {
        hint: 'Another host or database has its place. Restore it elsewhere, or insist.',
      })
    const { backupId } = plan.snapshot.manifest
    const busy = [...this.#live.values()].find(({ run }) => run.hostId === hostId && run.backupId === backupId)
    if (busy) throw new AppError('CONFLICT', 'A restore of this backup is under way')
    const run: StoredRestore = {
      ...{ id: randomUUID(), draft, backupId, startedAt: clock.now(), finishedAt: null, outcome: 'running' },
      ...{ steps: [], evidence: [], progress: null, before: null, kept: [] },
      ...{ hostId, actor, unit: plan.unit, wasUp: false, staging: randomBytes(5).toString('hex'), reached: null },
      ...{ parts: chosenParts(plan.snapshot, draft), present },
    }
    store.backups.insertJob('restore', run)
    const live = this.#enter(run)
    void this.#drive(live, async () => {
      if (draft.to.kind === 'in-place') await this.#inPlace(live, plan.snapshot)
      else await this.#elsewhere(live, plan.snapshot, draft.to.place)
    })
    return RestoreRun.parse(live.run)
  }

  /** After a start of the engine: what was under way is finished or undone as soon as its host is there. */
  resume(): void {
    for (const run of this.#options.store.backups.unfinished<StoredRestore>('restore')) {
      const steps = run.steps.map(step =>
        step.outcome === 'running'
          ? { ...step, outcome: 'failed' as const, text: `${step.text}: Quarterdeck ended in the middle of it` }
          : step,
      )
      const live = this.#enter({ ...run, steps, progress: null })
      const why = new AppError('ENGINE_GONE', 'Quarterdeck ended in the middle of it')
      void this.#drive(live, async () => {
        await this.#hostBack(live)
        await this.#recover(live, why)
      })
    }
  }

  /** Throws CONFLICT once the swap has begun. */
  cancel(id: string): void {
    const live = this.#live.get(id)
    if (!live) return
    if (!mayCancel(live.run.reached))
      throw new AppError('CONFLICT', 'What is there is being replaced just now, so it is carried through')
    live.cancel.abort(new AppError('CANCELLED', 'Cancelled'))
  }

  /** Newest first. */
  list(backupId: string | null): RestoreRun[] {
    return this.#options.store.backups
      .jobs<StoredRestore>('restore', backupId, mostListed)
      .map(run => RestoreRun.parse(this.#live.get(run.id)?.run ?? run))
  }

  /** Drops what a restore replaced. Rejects with NOT_CONNECTED. */
  async dropOld(id: string): Promise<RestoreRun> {
    const { store } = this.#options
    const run = store.backups.job<StoredRestore>(id)
    if (!run) throw new AppError('NOT_FOUND', 'This restore is not known')
    if (this.#live.has(id)) throw new AppError('CONFLICT', 'This restore is still under way')
    let kept = run.kept
    for (const part of run.parts.filter(({ key }) => kept.some(one => one.part === key))) {
      await this.#use(run, part, this.#gone.signal, ({ type, context, spec }) =>
        type.dropOld(context, spec, { id: run.staging }),
      )
      kept = kept.filter(one => one.part !== part.key)
      store.backups.updateJob({ ...run, kept } as StoredRestore)
    }
    const after = RestoreRun.parse({ ...run, kept })
    this.#options.publish('restore.changed', after)
    return after
  }

  dispose(): void {
    this.#gone.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
  }

  #enter(run: StoredRestore): Live {
    const { audit, clock } = this.#options
    const target = this.#options.store.backups.get(run.backupId)?.backup.name ?? run.backupId
    const command = `${run.draft.snapshotId} ${run.draft.to.kind}`
    const live: Live = {
      ...{ run, cancel: new AbortController(), gone: this.#gone.signal },
      finish: audit.begin({ actor: run.actor, verb: 'restore.run', hostId: run.hostId, target, command }),
      meter: new ProgressMeter(clock, progress => this.#tell(live, { progress })),
    }
    this.#live.set(run.id, live)
    return live
  }

  /** Carries it through: what fails is undone, what lost its host waits for it. Never rejects. */
  async #drive(live: Live, begin: () => Promise<void>): Promise<void> {
    let leave = (): void => {}
    let undoing = false
    let first: unknown = null
    let work = begin
    try {
      leave = await this.#options.turns.take(live.run.hostId, AbortSignal.any([live.gone, live.cancel.signal]))
    } catch (caught) {
      work = () => Promise.reject(caught)
    }
    for (;;) {
      try {
        await work()
        break
      } catch (caught) {
        if (live.gone.aborted) return
        const why = first ?? caught
        first = why
        this.#log.warn('a step of a restore failed', { id: live.run.id, error: AppError.from(caught).message })
        const elsewhere = live.run.draft.to.kind === 'elsewhere'
        if (isOffline(caught) && live.run.reached !== null && !elsewhere && !live.cancel.signal.aborted) {
          this.#say(live, { ok: false, text: 'The connection was lost; it goes on when the host is back' })
          work = async () => {
            await this.#hostBack(live)
            await this.#recover(live, why)
          }
        } else if (undoing || elsewhere || live.run.reached === null) {
          this.#end(live, live.cancel.signal.aborted ? 'cancelled' : 'failed', inWords(caught))
          break
        } else {
          undoing = true
          work = () => this.#undo(live, why)
        }
      }
    }
    leave()
  }

  async #inPlace(live: Live, snapshot: Snapshot): Promise<void> {
    const signal = AbortSignal.any([live.gone, live.cancel.signal])
    await this.#backUp(live, snapshot)
    const { targets, snapshots } = this.#options
    await this.#step(live, 'stage', 'Restoring beside what is there', async () => {
      const open = await targets.open(snapshot.targetId, signal)
      try {
        const keys = live.run.parts.map(({ key }) => key)
        for (const artefact of await snapshots.artefacts(snapshot, open, keys))
          await this.#use(live.run, artefact.part, signal, ({ type, spec, context }) => {
            live.meter.step(`Restoring ${type.label(spec)} beside what is there`, artefact.part.key)
            return type.stage(context, spec, artefact, { id: live.run.staging })
          })
      } finally {
        await open.dispose().catch(() => {})
      }
    })
    await this.#step(live, 'check', 'Looking at what was restored', async () => {
      for (const part of live.run.parts) {
        const evidence = await this.#use(live.run, part, signal, ({ type, spec, context }) =>
          type.check(context, spec, part, { id: live.run.staging }),
        )
        for (const one of evidence) this.#say(live, one)
        const bad = evidence.find(({ ok }) => !ok)
        if (bad) throw new AppError('BACKUP_BAD', bad.text)
      }
    })
    const { unit } = live.run
    if (unit) {
      const { sources } = this.#options
      this.#tell(live, { wasUp: await isUp(sources.session(live.run.hostId), unit) })
      if (live.run.wasUp) await this.#turn(live, 'stop', 'stop', signal)
      else this.#skip(live, 'stop', `${unit.name} was not running`)
    }
    if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
    await this.#swapOn(live)
  }

  /** From here on it is carried through or rolled back; each step may be repeated. */
  async #swapOn(live: Live): Promise<void> {
    await this.#step(live, 'swap', 'Putting it in place', async () => {
      for (const part of live.run.parts) {
        const { kept } = await this.#use(live.run, part, live.gone, ({ type, spec, context }) =>
          type.swap(context, spec, { id: live.run.staging }),
        )
        const others = live.run.kept.filter(one => one.part !== part.key)
        this.#save(live, { kept: kept === null ? others : [...others, { part: part.key, place: kept }] })
      }
    })
    if (live.run.unit && live.run.wasUp) await this.#turn(live, 'start', 'start', live.gone)
    await this.#step(live, 'verify', 'Seeing that it is there', async () => {
      for (const part of live.run.parts)
        await this.#use(live.run, part, live.gone, async ({ type, spec, context }) => {
          const look = await type.look(context, spec)
          if (look.bytes === null) throw new AppError('BACKUP_BAD', `${look.place} is not there after the swap`)
        })
    })
    this.#end(live, 'restored', null)
  }

  async #elsewhere(live: Live, snapshot: Snapshot, place: string): Promise<void> {
    const signal = AbortSignal.any([live.gone, live.cancel.signal])
    const { targets, snapshots } = this.#options
    await this.#step(live, 'stage', `Restoring it to ${place}`, async () => {
      const open = await targets.open(snapshot.targetId, signal)
      try {
        const keys = live.run.parts.map(({ key }) => key)
        for (const artefact of await snapshots.artefacts(snapshot, open, keys))
          await this.#use(live.run, artefact.part, signal, async ({ type, spec, context }) => {
            live.meter.step(`Restoring ${type.label(spec)}`, artefact.part.key)
            const to = placeOf(place, artefact.part, live.run.parts.length)
            const where = await type.restoreTo(context, spec, artefact, to)
            this.#say(live, { ok: true, text: `${artefact.part.key} is at ${where}` })
          })
      } finally {
        await open.dispose().catch(() => {})
      }
    })
    this.#end(live, 'restored', null)
  }

  /** The verified backup of the present state. What is damaged as it is cannot be backed up well: the swap keeps it. */
  async #backUp(live: Live, snapshot: Snapshot): Promise<void> {
    const { runner } = this.#options
    const { present, backupId } = live.run
    const stored = this.#options.store.backups.get(snapshot.manifest.backupId)
    const parts = present.filter(key => stored?.backup.sources.some(source => source.key === key))
    if (present.length === 0) return this.#skip(live, 'back-up', 'Nothing is there now')
    if (parts.length < present.length)
      throw new AppError('CONFLICT', 'What is there now is not part of a backup any more', {
        hint: 'Add it to the backup again, or restore it elsewhere: nothing is replaced without a backup before.',
      })
    await this.#step(live, 'back-up', 'Backing up what is there now', async () => {
      const request = { backupId, reason: 'before-restore', actor: live.run.actor, parts, turnTaken: true } as const
      const begun = runner.start(request)
      const stop = (): void => runner.cancel(begun.id)
      live.cancel.signal.addEventListener('abort', stop, { once: true })
      const run = await runner.wait(begun.id)
      live.cancel.signal.removeEventListener('abort', stop)
      if (live.cancel.signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
      const [made] = run.snapshots
      if (made !== undefined) {
        this.#save(live, { before: made })
        return
      }
      const why = runner.failureOf(run.id)
      if (why?.code !== 'BACKUP_BAD') throw why ?? new AppError('COMMAND_FAILED', 'What is there now was not backed up')
      this.#say(live, {
        ok: false,
        text: `What is there now is damaged itself, so it is only kept beside: ${why.message}`,
      })
    })
  }

  /** After a kill or a lost link: asks the host how far it was, and goes on or undoes it. */
  async #recover(live: Live, why: unknown): Promise<void> {
    if (live.run.draft.to.kind === 'elsewhere') throw why
    const states: StagedState[] = []
    for (const part of live.run.parts)
      states.push(
        await this.#use(live.run, part, live.gone, ({ type, spec, context }) =>
          type.stagedState(context, spec, { id: live.run.staging }),
        ),
      )
    switch (afterKill(live.run.reached, states)) {
      case 'go-on':
        return await this.#swapOn(live)
      case 'roll-back':
        return await this.#rollBack(live, why)
      case 'throw-away':
        return await this.#throwAway(live, why)
    }
  }

  async #undo(live: Live, why: unknown): Promise<void> {
    if (mayCancel(live.run.reached)) await this.#throwAway(live, why)
    else await this.#rollBack(live, why)
  }

  async #throwAway(live: Live, why: unknown): Promise<void> {
    await this.#discard(live)
    if (live.run.unit && live.run.wasUp && !(await this.#unitIsUp(live)))
      await this.#turn(live, 'start', 'start', live.gone)
    const cancelled = live.cancel.signal.aborted
    this.#end(live, cancelled ? 'cancelled' : 'failed', `${inWords(why)}. What was there was not touched.`)
  }

  async #rollBack(live: Live, why: unknown): Promise<void> {
    await this.#step(live, 'roll-back', 'Putting back what was there', async () => {
      const { unit, wasUp, hostId, actor } = live.run
      if (unit && (await this.#unitIsUp(live))) await turnUnit(this.#options, hostId, unit, 'stop', actor, live.gone)
      for (const part of [...live.run.parts].reverse())
        await this.#use(live.run, part, live.gone, ({ type, spec, context }) =>
          type.swapBack(context, spec, { id: live.run.staging }),
        )
      this.#save(live, { kept: [] })
      await this.#discard(live)
      if (unit && wasUp) await turnUnit(this.#options, hostId, unit, 'start', actor, live.gone)
    })
    this.#end(live, 'rolled-back', inWords(why))
  }

  async #discard(live: Live): Promise<void> {
    for (const part of live.run.parts)
      await this.#use(live.run, part, live.gone, ({ type, spec, context }) =>
        type.discard(context, spec, { id: live.run.staging }),
      )
  }

  #unitIsUp({ run }: Live): Promise<boolean> {
    return run.unit ? isUp(this.#options.sources.session(run.hostId), run.unit) : Promise.resolve(false)
  }

  async #turn(live: Live, step: RestoreStep, verb: 'start' | 'stop', signal: AbortSignal): Promise<void> {
    const { unit, hostId, actor } = live.run
    if (!unit) return
    await this.#step(live, step, `${verb === 'stop' ? 'Stopping' : 'Starting'} ${unit.name}`, async () => {
      // it may be so already, where this is tried again
      if ((await this.#unitIsUp(live)) === (verb === 'start')) return
      this.#say(live, { ok: true, text: await turnUnit(this.#options, hostId, unit, verb, actor, signal) })
    })
  }

  #use<T>(run: StoredRestore, part: SnapshotPart, signal: AbortSignal, work: (open: OpenSource) => Promise<T>) {
    return this.#options.sources.use(part, { hostId: run.hostId, backupId: run.backupId, signal }, work)
  }

  /** Waits until the host can be worked with again; rejects only when the engine ends. */
  async #hostBack(live: Live): Promise<void> {
    for (;;) {
      try {
        const session = this.#options.sources.session(live.run.hostId)
        if (!live.run.unit || session.units.manager(live.run.unit.scope)) return
      } catch {
        if (!this.#options.store.hosts.get(live.run.hostId)) throw new AppError('NOT_FOUND', 'The host was removed')
      }
      await sleep(this.#options.clock, backMs, live.gone)
    }
  }

  /** Written down before it begins, and at its end. */
  async #step(live: Live, step: RestoreStep, text: string, act: () => Promise<void>): Promise<void> {
    const before = live.run.steps
    live.meter.step(text)
    this.#save(live, { reached: step, steps: [...before, { step, outcome: 'running', text }] })
    try {
      await act()
    } catch (caught) {
      if (!live.gone.aborted)
        this.#save(live, { steps: [...before, { step, outcome: 'failed', text: `${text}: ${inWords(caught)}` }] })
      throw caught
    }
    this.#save(live, { steps: [...before, { step, outcome: 'done', text }] })
  }

  #skip(live: Live, step: RestoreStep, text: string): void {
    this.#save(live, { steps: [...live.run.steps, { step, outcome: 'skipped', text }] })
  }

  #say(live: Live, evidence: Evidence): void {
    this.#tell(live, { evidence: [...live.run.evidence, evidence].slice(-200) })
  }

  #save(live: Live, change: Partial<StoredRestore>): void {
    this.#tell(live, change)
    this.#options.store.backups.updateJob(live.run)
  }

  #tell(live: Live, change: Partial<StoredRestore>): void {
    live.run = { ...live.run, ...change }
    this.#options.publish('restore.changed', RestoreRun.parse(live.run))
  }

  #end(live: Live, outcome: RestoreRun['outcome'], why: string | null): void {
    const { clock, store, publish } = this.#options
    const evidence = why === null ? live.run.evidence : [...live.run.evidence, { ok: false, text: why }]
    live.run = { ...live.run, outcome, evidence, finishedAt: clock.now(), progress: null }
    this.#live.delete(live.run.id)
    try {
      store.backups.updateJob(live.run)
      const audited = { restored: 'verified', cancelled: 'cancelled' } as const
      live.finish(outcome === 'restored' || outcome === 'cancelled' ? audited[outcome] : 'failed', why)
    } catch (caught) {
      this.#log.error('the end of a restore could not be recorded', { id: live.run.id, error: String(caught) })
    }
    this.#log.info('restore ended', { backup: live.run.backupId, outcome })
    publish('restore.changed', RestoreRun.parse(live.run))
  }
}

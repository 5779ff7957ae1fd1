// Begins restores, carries each through or undoes it, and takes up after a kill or a lost link what was under way, so that all is old or all is new.
import { randomBytes, randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { RestoreDraft, RestorePlan, RestoreRun } from '../../shared/model/restore.ts'
import { mayCancel } from '../domain/restore-state.ts'
import { settledWithin, sleep } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { HostTurns } from './host-turns.ts'
import { chosenParts, planRestore } from './restore-plan.ts'
import {
  failedText,
  RestoreRecord,
  type RestoreRecordOptions,
  restoreOf,
  type StoredRestore,
} from './restore-record.ts'
import { lookAgainMs, sightOf, untilSeen } from './restore-sight.ts'
import { RestoreWork, type RestoreWorkOptions } from './restore-work.ts'
import { isOffline } from './source-access.ts'
import { inWords, sentences } from './targets.ts'

const mostListed = 100
/** The longest pause between two questions to a server that does not answer. */
const mostPauseMs = 30_000
const lostText = 'The connection was lost; it goes on when the host is back'

export interface RestoreRunnerOptions extends RestoreWorkOptions, Omit<RestoreRecordOptions, 'store' | 'clock'> {
  turns: HostTurns
}

interface Live {
  /** Resolves when it is over. */
  done: Promise<void>
  readonly record: RestoreRecord
  readonly cancel: AbortController
  readonly work: RestoreWork
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
    const { snapshot } = plan
    const { backupId } = snapshot.manifest
    const busy = [...this.#live.values()].some(
      ({ record }) => record.run.hostId === hostId && record.run.backupId === backupId,
    )
    if (busy) throw new AppError('CONFLICT', 'A restore of this backup is under way')
    const run: StoredRestore = {
      ...{ id: randomUUID(), draft, backupId, startedAt: clock.now(), finishedAt: null, outcome: 'running' },
      ...{ steps: [], evidence: [], progress: null, before: null, kept: [] },
      ...{ hostId, actor, unit: plan.unit, wasUp: false, staging: randomBytes(5).toString('hex'), reached: null },
      ...{ parts: chosenParts(snapshot, draft), present },
    }
    store.backups.insertJob('restore', run)
    const live = this.#enter(run)
    const { to } = draft
    live.done = this.#drive(live, () =>
      to.kind === 'in-place' ? live.work.inPlace(snapshot) : live.work.elsewhere.run(snapshot, to.place),
    )
    return restoreOf(live.record.run)
  }

  /** After a start of the engine: what was under way is finished or undone as soon as its host is there. */
  resume(): void {
    for (const run of this.#options.store.backups.unfinished<StoredRestore>('restore')) {
      const steps = run.steps.map(step =>
        step.outcome === 'running'
          ? {
              ...step,
              outcome: 'failed' as const,
              text: failedText(step.text, 'Quarterdeck ended in the middle of it'),
            }
          : step,
      )
      const live = this.#enter({ ...run, steps, progress: null })
      const why = new AppError('ENGINE_GONE', 'Quarterdeck ended in the middle of it')
      live.done = this.#drive(live, () => this.#goOn(live, why))
    }
  }

  /** Throws CONFLICT once the swap has begun. */
  cancel(id: string): void {
    const live = this.#live.get(id)
    if (!live) return
    if (!mayCancel(live.record.run.reached))
      throw new AppError('CONFLICT', 'What is there is being replaced just now, so it is carried through')
    live.cancel.abort(new AppError('CANCELLED', 'Cancelled'))
  }

  /** Those that write to this host and are not over, also while they wait for it. */
  underWay(hostId: string): StoredRestore[] {
    return [...this.#live.values()].map(({ record }) => record.run).filter(run => run.hostId === hostId)
  }

  /** Newest first. */
  list(backupId: string | null): RestoreRun[] {
    return this.#options.store.backups
      .jobs<StoredRestore>('restore', backupId, mostListed)
      .map(run => restoreOf(this.#live.get(run.id)?.record.run ?? run))
  }

  /** Drops what a restore replaced. Rejects with NOT_CONNECTED. */
  async dropOld(id: string): Promise<RestoreRun> {
    const { store, sources, publish } = this.#options
    const run = store.backups.job<StoredRestore>(id)
    if (!run) throw new AppError('NOT_FOUND', 'This restore is not known')
    if (run.finishedAt === null) throw new AppError('CONFLICT', 'This restore is still under way')
    const on = { hostId: run.hostId, backupId: run.backupId, signal: this.#gone.signal }
    let { kept } = run
    for (const part of run.parts.filter(({ key }) => run.kept.some(one => one.part === key))) {
      await sources.use(part, on, ({ type, context, spec }) => type.dropOld(context, spec, { id: run.staging }))
      kept = kept.filter(one => one.part !== part.key)
      store.backups.updateJob({ ...run, kept } as StoredRestore)
    }
    const after = restoreOf({ ...run, kept })
    publish('restore.changed', after)
    return after
  }

  /**
   * Before the engine ends: calls off what may be, lets a swap come to its end, and waits that long for either. What takes longer, or has its host
   * away, the next engine finds as it was written down. Never rejects.
   */
  async end(graceMs: number): Promise<void> {
    const { sources, clock } = this.#options
    const open = [...this.#live.values()].filter(({ record }) => sources.isReady(record.run.hostId))
    for (const { record, cancel } of open)
      if (mayCancel(record.run.reached)) cancel.abort(new AppError('CANCELLED', 'Quarterdeck was quit'))
    await settledWithin(
      clock,
      graceMs,
      open.map(({ done }) => done),
    )
  }

  dispose(): void {
    this.#gone.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
  }

  #enter(run: StoredRestore): Live {
    const cancel = new AbortController()
    const record = new RestoreRecord(run, this.#gone.signal, { ...this.#options, log: this.#log })
    const live: Live = {
      done: Promise.resolve(),
      record,
      cancel,
      work: new RestoreWork(record, cancel.signal, this.#gone.signal, this.#options),
    }
    this.#live.set(run.id, live)
    return live
  }

  /** Carries it through: what fails is undone, what lost its host waits for it. Never rejects. */
  async #drive(live: Live, begin: () => Promise<void>): Promise<void> {
    const { record, cancel } = live
    const { hostId, draft, id } = record.run
    const cancelled = cancel.signal
    let leave = (): void => {}
    let undoing = false
    let rounds = 0
    let told = ''
    let first: unknown = null
    let work = begin
    try {
      leave = await this.#options.turns.take(hostId, AbortSignal.any([this.#gone.signal, cancelled]))
    } catch (caught) {
      work = () => Promise.reject(caught)
    }
    for (;;) {
      try {
        await work()
        break
      } catch (caught) {
        // the next engine finds it as it was written down
        if (this.#gone.signal.aborted) return
        // who called it off knows why
        const why = first ?? (AppError.from(caught).code === 'CANCELLED' ? (cancelled.reason ?? caught) : caught)
        first = why
        const { message: error, code } = AppError.from(caught)
        if (error !== told) this.#log.warn('a step of a restore failed', { id, error })
        told = error
        const untouched = record.run.reached === null
        if (isOffline(caught) && !untouched) {
          // a server that does not run is no host that is away: nothing tells when it is back, so it is asked less and less often
          const noServer = code === 'UNREACHABLE' && this.#options.sources.isReady(hostId)
          const text = noServer ? sentences(inWords(caught), 'It is asked again until it answers') : lostText
          // once, where the link comes and goes
          if (draft.to.kind === 'in-place' && !record.run.evidence.some(one => one.text === text))
            record.say({ ok: false, text })
          const pause =
            rounds === 0 ? 0 : noServer ? Math.min(mostPauseMs, lookAgainMs * 2 ** (rounds - 1)) : lookAgainMs
          rounds++
          work = () => this.#goOn(live, why, pause)
        } else if (undoing || untouched) {
          // whoever no longer waits for the host has it all the same
          const whole = draft.to.kind === 'elsewhere' && cancelled.aborted && live.work.elsewhere.isWhole
          if (whole) record.end('restored', null)
          else record.end(cancelled.aborted ? 'cancelled' : 'failed', inWords(untouched ? why : caught))
          break
        } else {
          undoing = true
          work = () => live.work.undo(why)
        }
      }
    }
    this.#live.delete(id)
    leave()
  }

  async #goOn(live: Live, why: unknown, pauseMs = 0): Promise<void> {
    const { record, cancel, work } = live
    const { run } = record
    let given = this.#gone.signal
    if (pauseMs > 0) await sleep(this.#options.clock, pauseMs, given)
    if (run.draft.to.kind === 'elsewhere') {
      // nothing was made yet
      if (run.reached === null) throw why
      if (sightOf(this.#options, run) !== 'clear') work.elsewhere.sayWhereItLies()
      // in place nothing may be left half-way; here a person may give it up, and was told where it lies
      given = AbortSignal.any([given, cancel.signal])
    }
    await work.recover(why, await untilSeen(this.#options, run, given))
  }
}

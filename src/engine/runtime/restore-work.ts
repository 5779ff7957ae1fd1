// The steps of one restore, and how they are undone or gone on with (semantics 32); knows no kind of source, and not when it is called.
import { AppError } from '../../shared/errors.ts'
import type { RestoreRun } from '../../shared/model/restore.ts'
import type { Snapshot } from '../../shared/model/snapshot.ts'
import { afterKill, mayCancel, type RestoreStep, type StagedState } from '../domain/restore-state.ts'
import type { BackupRunner } from './backup-runner.ts'
import { RestoreAccess } from './restore-access.ts'
import { RestoreElsewhere } from './restore-elsewhere.ts'
import type { RestorePlanParts } from './restore-plan.ts'
import type { RestoreRecord } from './restore-record.ts'
import { isUp, isUpAtRest, type RestoreUnitsOptions, turnUnit } from './restore-units.ts'
import { inWords, sentences } from './targets.ts'
import { unitCommand } from './unit-command.ts'

export interface RestoreWorkOptions extends RestorePlanParts, RestoreUnitsOptions {
  runner: Pick<BackupRunner, 'start' | 'wait' | 'failureOf' | 'cancel'>
}

export class RestoreWork {
  readonly elsewhere: RestoreElsewhere
  readonly #options: RestoreWorkOptions
  readonly #access: RestoreAccess
  readonly #record: RestoreRecord
  /** A person called it off, which counts until the swap; the engine ends, which always counts. */
  readonly #cancel: AbortSignal
  readonly #gone: AbortSignal
  readonly #either: AbortSignal
  /** Its service cannot be asked, and that may never change: what lies there is settled without it. */
  #blind = false
  /** The databases cannot be asked without the service. */
  #carries = false

  constructor(record: RestoreRecord, cancel: AbortSignal, gone: AbortSignal, options: RestoreWorkOptions) {
    this.#record = record
    this.#cancel = cancel
    this.#gone = gone
    this.#either = AbortSignal.any([cancel, gone])
    this.#options = options
    this.#access = new RestoreAccess(record, this.#either, options)
    this.elsewhere = new RestoreElsewhere(record, this.#access, { cancel, gone })
  }

  async inPlace(snapshot: Snapshot): Promise<void> {
    const record = this.#record
    const { parts, staging, unit, hostId } = record.run
    await this.#backUp()
    await record.step('stage', '', () =>
      this.#access.artefacts(snapshot, (artefact, { type, spec, context }) => {
        record.meter.step(`Restoring ${type.label(spec)} beside what is there`, artefact.part.key)
        return type.stage(context, spec, artefact, { id: staging })
      }),
    )
    await record.step('check', '', async () => {
      for (const part of parts) {
        const evidence = await this.#access.use(part, this.#either, ({ type, spec, context }) =>
          type.check(context, spec, part, { id: staging }),
        )
        for (const one of evidence) record.say(one)
        const bad = evidence.find(({ ok }) => !ok)
        if (bad) throw new AppError('BACKUP_BAD', bad.text)
      }
    })
    if (unit) {
      record.meter.step(`Looking at ${unit.name}`)
      const session = () => this.#options.sources.session(hostId)
      record.save({ wasUp: await isUpAtRest(this.#options, session, hostId, unit, this.#either) })
      // a cancel does not break it off: a service that is still on its way down cannot be started again
      if (record.run.wasUp) await this.#turn('stop')
      else record.skip('stop', `${unit.name} was not running`)
    }
    if (this.#either.aborted) throw new AppError('CANCELLED', 'Cancelled')
    await this.#swapOn()
  }

  /** After a kill or a lost link: asks the host how far it was, and goes on or undoes it. */
  async recover(why: unknown, sight: 'blind' | 'clear'): Promise<void> {
    this.#blind = sight === 'blind'
    const { draft, parts, staging, reached } = this.#record.run
    if (draft.to.kind === 'elsewhere') return await this.elsewhere.settle(why)
    const states: StagedState[] = []
    try {
      for (const part of parts)
        states.push(
          await this.#access.use(part, this.#gone, ({ type, spec, context }) =>
            type.stagedState(context, spec, { id: staging }),
          ),
        )
    } catch (caught) {
      await this.#wakeServer(caught)
      throw caught
    }
    const next = afterKill(reached, states)
    if (next === 'go-on') await this.#swapOn()
    else if (next === 'roll-back') await this.#rollBack(why)
    else await this.#throwAway(why)
  }

  async undo(why: unknown): Promise<void> {
    if (this.#record.run.draft.to.kind === 'elsewhere') await this.elsewhere.settle(why)
    else if (mayCancel(this.#record.run.reached)) await this.#throwAway(why)
    else await this.#rollBack(why)
  }

  /** The service that was stopped may be the databases' own server, or carry it: then only with it running there is an answer. */
  async #wakeServer(caught: unknown): Promise<void> {
    const { parts, unit, wasUp, hostId, actor } = this.#record.run
    const byServer = parts.every(part => this.#access.kindOf(part).type.byServer)
    if (AppError.from(caught).code !== 'UNREACHABLE' || !byServer || !unit || !wasUp || this.#blind) return
    if (await this.#unitIsUp()) return
    // one that does not start is tried again with the next look
    const text = await turnUnit(this.#options, hostId, unit, 'start', actor, this.#gone).catch(() => null)
    if (text === null) return
    this.#carries = true
    this.#record.say({ ok: true, text: `The databases are asked with ${unit.name} running: ${text}` })
  }

  /** From here on it is carried through or rolled back; each step may be repeated. */
  async #swapOn(): Promise<void> {
    const record = this.#record
    const { parts, staging } = record.run
    await record.step('swap', '', async () => {
      for (const part of parts) {
        const { kept } = await this.#access.use(part, this.#gone, ({ type, spec, context }) =>
          type.swap(context, spec, { id: staging }),
        )
        const others = record.run.kept.filter(one => one.part !== part.key)
        record.save({ kept: kept === null ? others : [...others, { part: part.key, place: kept }] })
      }
    })
    if (record.run.unit && record.run.wasUp) await this.#turn('start')
    await record.step('verify', '', async () => {
      for (const part of parts)
        await this.#access.use(part, this.#gone, async ({ type, spec, context }) => {
          const look = await type.look(context, spec)
          if (look.bytes === null) throw new AppError('BACKUP_BAD', `${look.place} is not there after the swap`)
        })
    })
    const { kept } = record.run
    const before =
      kept.length === 0 ? '' : `. What was there before is kept at ${kept.map(({ place }) => place).join(', ')}`
    this.#end('restored', null, `What was restored is in place${before}`)
  }

  /** The verified backup of the present state. What is damaged as it is cannot be backed up well: where a person insists, only the swap keeps it. */
  async #backUp(): Promise<void> {
    const { runner } = this.#options
    const record = this.#record
    // called off as its turn came
    if (this.#either.aborted) throw new AppError('CANCELLED', 'Cancelled')
    const { present, parts, backupId, actor, draft } = record.run
    if (present.length === 0) {
      record.skip('back-up', 'Nothing is there now')
      return
    }
    await record.step('back-up', '', async () => {
      // as the snapshot names them: the source of that key may be of something else by now
      const exactly = parts
        .filter(({ key }) => present.includes(key))
        .map(({ key, type, spec }) => ({ key, type, spec }))
      const begun = runner.start({ backupId, reason: 'before-restore', actor, exactly, turnTaken: true })
      const stop = (): void => runner.cancel(begun.id)
      this.#cancel.addEventListener('abort', stop, { once: true })
      const run = await runner.wait(begun.id)
      this.#cancel.removeEventListener('abort', stop)
      if (this.#cancel.aborted) throw new AppError('CANCELLED', 'Cancelled')
      const [made] = run.snapshots
      if (made !== undefined) {
        record.save({ before: made })
        return
      }
      const why = runner.failureOf(run.id)
      if (why?.code !== 'BACKUP_BAD') throw why ?? new AppError('COMMAND_FAILED', 'What is there now was not backed up')
      if (!draft.despiteDamage)
        throw new AppError('BACKUP_BAD', `What is there now cannot be backed up well: ${why.message}`, {
          hint: 'Where it is damaged itself, insist on going on without a backup of it: it is kept beside.',
        })
      record.say({
        ok: false,
        text: `What is there now is damaged itself, so it is only kept beside: ${why.message}`,
      })
    })
  }

  async #throwAway(why: unknown): Promise<void> {
    await this.#discard()
    const { unit, wasUp } = this.#record.run
    if (unit && wasUp && !(await this.#unitIsUp())) await this.#turn('start')
    const outcome = this.#cancel.aborted ? 'cancelled' : 'failed'
    this.#end(outcome, sentences(inWords(why), 'What was there was not touched.'))
  }

  async #rollBack(why: unknown): Promise<void> {
    const record = this.#record
    await record.step('roll-back', '', async () => {
      const { unit, wasUp, hostId, actor, parts, staging } = record.run
      if (unit && !this.#carries && (await this.#unitIsUp()))
        await turnUnit(this.#options, hostId, unit, 'stop', actor, this.#gone)
      for (const part of [...parts].reverse())
        await this.#access.use(part, this.#gone, ({ type, spec, context }) =>
          type.swapBack(context, spec, { id: staging }),
        )
      record.save({ kept: [] })
      await this.#discard()
      if (unit && wasUp && !this.#blind) await turnUnit(this.#options, hostId, unit, 'start', actor, this.#gone)
    })
    this.#end('rolled-back', inWords(why), 'What was there before is in place again')
  }

  /** Without its service it has failed, whatever came of the data; `stands` is what a person then finds in place. */
  #end(outcome: RestoreRun['outcome'], why: string | null, stands: string | null = null): void {
    const { unit, wasUp, hostId } = this.#record.run
    if (!this.#blind || !unit || !wasUp) {
      this.#record.end(outcome, why)
      return
    }
    const services = `the ${unit.scope === 'user' ? 'user services' : 'services'} of ${this.#options.store.hosts.get(hostId)?.name ?? hostId}`
    // should it run all the same, it has files open that are not in place any more; a name may hold a backslash
    const command = unitCommand(unit, null, ['restart', `'${unit.name}'`]).join(' ')
    const byHand = [
      `${unit.name} was not started again, as ${services} cannot be asked`,
      `Start it by hand: ${command}`,
    ]
    this.#record.end('failed', sentences(...[why, stands, ...byHand].filter(text => text !== null)))
  }

  async #discard(): Promise<void> {
    const { parts, staging } = this.#record.run
    for (const part of parts)
      await this.#access.use(part, this.#gone, ({ type, spec, context }) =>
        type.discard(context, spec, { id: staging }),
      )
  }

  async #unitIsUp(): Promise<boolean> {
    const { unit, hostId } = this.#record.run
    return unit !== null && !this.#blind && (await isUp(this.#options.sources.session(hostId), unit))
  }

  async #turn(verb: RestoreStep & ('start' | 'stop')): Promise<void> {
    const { unit, hostId, actor } = this.#record.run
    if (!unit) return
    if (this.#blind) {
      this.#record.skip(verb, `${unit.name} cannot be asked just now`)
      return
    }
    await this.#record.step(verb, unit.name, async () => {
      // it may be so already, where this is tried again
      if ((await this.#unitIsUp()) === (verb === 'start')) return
      const text = await turnUnit(this.#options, hostId, unit, verb, actor, this.#gone, verb === 'start')
      this.#record.say({ ok: true, text })
    })
  }
}

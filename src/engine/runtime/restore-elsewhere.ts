// A restore to another place: it replaces nothing, and of what it made nothing half-done stays, also after a kill. Knows no kind of source.
import { AppError } from '../../shared/errors.ts'
import type { Snapshot, SnapshotPart } from '../../shared/model/snapshot.ts'
import type { RestoreAccess } from './restore-access.ts'
import { placeOf } from './restore-plan.ts'
import type { RestoreRecord } from './restore-record.ts'
import { isOffline } from './source-access.ts'
import { inWords, sentences } from './targets.ts'

export class RestoreElsewhere {
  readonly #record: RestoreRecord
  readonly #access: RestoreAccess
  readonly #cancel: AbortSignal
  readonly #gone: AbortSignal

  constructor(
    record: RestoreRecord,
    access: RestoreAccess,
    { cancel, gone }: { cancel: AbortSignal; gone: AbortSignal },
  ) {
    this.#record = record
    this.#access = access
    this.#cancel = cancel
    this.#gone = gone
  }

  async run(snapshot: Snapshot, place: string): Promise<void> {
    const record = this.#record
    const { staging } = record.run
    await record.step('stage', place, () =>
      this.#access.artefacts(snapshot, async (artefact, { type, spec, context }) => {
        const { part } = artefact
        record.meter.step(`Restoring ${type.label(spec)}`, part.key)
        const where = await type.restoreTo(context, spec, artefact, this.#placeOf(part), { id: staging })
        // on disk before its mark goes: whoever takes up after a kill knows of it by the one or the other
        this.#keepWhole(part, where)
        await type.settleTo(context, spec, this.#placeOf(part), { id: staging })
      }),
    )
    record.end('restored', null)
  }

  /** Removes what it made and did not finish; what is whole stays, and is named. */
  async settle(why: unknown): Promise<void> {
    const record = this.#record
    const { parts, staging } = record.run
    for (const part of parts) {
      const to = this.#placeOf(part)
      const whole = await this.#access
        .use(part, this.#gone, ({ type, spec, context }) => type.settleTo(context, spec, to, { id: staging }))
        .catch(caught => {
          if (isOffline(caught) || this.#isWhole(part)) throw caught
          const lies = `What is half-done may be left there: ${this.#unsettled(part)}`
          throw new AppError(AppError.from(caught).code, sentences(inWords(why), inWords(caught), lies))
        })
      if (whole && !this.#isWhole(part)) this.#keepWhole(part, to)
    }
    if (this.isWhole) record.end('restored', null)
    else
      record.end(
        this.#cancel.aborted ? 'cancelled' : 'failed',
        sentences(inWords(why), 'Nothing half-done is left there.'),
      )
  }

  /** Says once where what is not finished lies, while the host is away. */
  sayWhereItLies(): void {
    const record = this.#record
    // one after the other: those that follow were not begun
    const half = record.run.parts.find(part => !this.#isWhole(part))
    if (!half) return
    const where = `The host is away. What is half-done there: ${this.#unsettled(half)}.`
    if (record.run.evidence.some(({ text }) => text.startsWith(where))) return
    // who has called it off already leaves it
    const next = this.#cancel.aborted ? 'It stays there.' : 'It is removed when the host is back; cancel to leave it.'
    record.save({ evidence: [...record.run.evidence, { ok: false, text: `${where} ${next}` }] })
  }

  /** All that was asked for is there, and no more than its mark may be left beside it. */
  get isWhole(): boolean {
    return this.#record.run.parts.every(part => this.#isWhole(part))
  }

  #unsettled(part: SnapshotPart): string {
    const { type, spec } = this.#access.kindOf(part)
    return type.unsettledAt(spec, this.#placeOf(part), { id: this.#record.run.staging })
  }

  #placeOf(part: SnapshotPart): string {
    const { draft, parts } = this.#record.run
    return draft.to.kind === 'elsewhere' ? placeOf(draft.to.place, part, parts.length) : ''
  }

  #keepWhole({ key }: SnapshotPart, where: string): void {
    const { evidence, whole = [] } = this.#record.run
    this.#record.save({ evidence: [...evidence, { ok: true, text: `${key} is at ${where}` }], whole: [...whole, key] })
  }

  #isWhole({ key }: SnapshotPart): boolean {
    return this.#record.run.whole?.includes(key) ?? false
  }
}

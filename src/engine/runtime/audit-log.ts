// Writes what people and rules did into the audit log and tells windows of it; decides nothing.
import type { AuditEntry, AuditVerb } from '../../shared/model/audit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'

type Act = Pick<AuditEntry, 'actor'> & { verb: AuditVerb } & Partial<
    Pick<AuditEntry, 'hostId' | 'target' | 'command' | 'actionRunId'>
  >

export class AuditLog {
  readonly #store: Store
  readonly #clock: Clock
  readonly #publish: Publish

  constructor(store: Store, clock: Clock, publish: Publish) {
    this.#store = store
    this.#clock = clock
    this.#publish = publish
  }

  /** Something that is done already. */
  record(act: Act): void {
    const at = this.#clock.now()
    this.#insert(act, { at, finishedAt: at, outcome: 'verified' })
  }

  /** Something that begins now; written before it is sent anywhere. Returns how to write down its end. */
  begin(act: Act): (outcome: AuditEntry['outcome'], detail: string | null) => void {
    return this.#finisher(this.#insert(act, { at: this.#clock.now(), finishedAt: null, outcome: 'running' }))
  }

  /** Something that began before the engine ended: the entry of its beginning gets its end, too. */
  resume(act: Act & { actionRunId: string }): ReturnType<AuditLog['begin']> {
    const begun = this.#store.audit.openOfRun(act.actionRunId)
    return begun ? this.#finisher(begun.id) : this.begin(act)
  }

  #finisher(id: number): (outcome: AuditEntry['outcome'], detail: string | null) => void {
    return (outcome, detail) =>
      this.#publish('audit.changed', this.#store.audit.finish(id, { finishedAt: this.#clock.now(), outcome, detail }))
  }

  #insert(act: Act, times: Pick<AuditEntry, 'at' | 'finishedAt' | 'outcome'>): number {
    const entry = { hostId: null, target: null, command: null, actionRunId: null, detail: null, ...act, ...times }
    const id = this.#store.audit.insert(entry)
    this.#publish('audit.changed', { ...entry, id })
    return id
  }
}

// Keeps the record of one renewal: each step is on disk and in the windows before the next begins. Does nothing itself.
import type { RenewalRun } from '../../shared/model/login.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import { renewalOf, type StoredRenewal } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'

type Step = RenewalRun['steps'][number]

const mostEvidence = 60

export class RenewalRecord {
  #run: StoredRenewal
  readonly #options: { store: Pick<Store, 'logins'>; clock: Clock; publish: Publish }

  constructor(run: StoredRenewal, options: { store: Pick<Store, 'logins'>; clock: Clock; publish: Publish }) {
    this.#run = run
    this.#options = options
  }

  get run(): StoredRenewal {
    return this.#run
  }

  has(step: Step['step']): boolean {
    return this.#run.steps.some(one => one.step === step)
  }

  /** One at a time runs: what a kill cut short begins again in its turn, and a step that was over may have to be done anew before. */
  begin(step: Step['step']): void {
    const steps = this.#run.steps.filter(one => one.step === step || one.outcome !== 'running')
    this.#run = { ...this.#run, steps }
    this.#put({ step, outcome: 'running', text: '' })
  }

  /** The running step came through. */
  done(text: string): void {
    this.#close('done', text)
  }

  /** The running step, or the newest, did not. */
  fail(text: string): void {
    this.#close('failed', text)
  }

  pass(step: Step['step'], text: string): void {
    this.#put({ step, outcome: 'done', text })
  }

  skip(step: Step['step'], text: string): void {
    this.#put({ step, outcome: 'skipped', text })
  }

  note(evidence: Evidence): void {
    const text = evidence.text.slice(0, 1_500)
    this.set({ evidence: [...this.#run.evidence, { ok: evidence.ok, text }].slice(-mostEvidence) })
  }

  set(change: Partial<StoredRenewal>): void {
    this.#run = { ...this.#run, ...change }
    this.#options.store.logins.updateRun(this.#run)
    if (this.#run.finishedAt === null) this.publish()
  }

  /**
   * Tells nobody: that is for when all of its end is written. `failure` is why the running step broke. Where it cannot be written it is so in
   * memory all the same: nobody is to see it running for ever.
   */
  end(outcome: Exclude<RenewalRun['outcome'], 'running'>, failure: string | null = null): void {
    const steps = failure === null ? this.#run.steps : this.#closed('failed', failure)
    this.#run = { ...this.#run, steps, outcome, finishedAt: this.#options.clock.now() }
    this.#options.store.logins.updateRun(this.#run)
  }

  publish(): void {
    this.#options.publish('renewal.changed', renewalOf(this.#run))
  }

  #put(step: Step): void {
    const { steps } = this.#run
    const at = steps.findIndex(one => one.step === step.step)
    this.set({ steps: at < 0 ? [...steps, step] : steps.map((one, index) => (index === at ? step : one)) })
  }

  #close(outcome: Step['outcome'], text: string): void {
    const steps = this.#closed(outcome, text)
    if (steps !== this.#run.steps) this.set({ steps })
  }

  #closed(outcome: Step['outcome'], text: string): RenewalRun['steps'] {
    const { steps } = this.#run
    const running = steps.findLastIndex(step => step.outcome === 'running')
    const at = running >= 0 ? running : outcome === 'failed' ? steps.length - 1 : -1
    return at < 0 ? steps : steps.map((step, index) => (index === at ? { ...step, outcome, text } : step))
  }
}

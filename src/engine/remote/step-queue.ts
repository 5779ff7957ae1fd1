// The steps of a connection test on their way to whoever reads them, while the test goes on; knows nothing of what a step does.
import { AppError } from '../../shared/errors.ts'
import { type ConnectionStep, connectionSteps } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'

type StepName = ConnectionStep['step']
export type Finding = Pick<ConnectionStep, 'outcome' | 'message'> & { hint?: string | undefined }

/** Steps on their way to whoever reads them; the work goes on meanwhile. */
export class StepQueue {
  readonly #clock: Clock
  readonly #ready: ConnectionStep[] = []
  readonly #reached = new Set<StepName>()
  #wake: (() => void) | null = null
  #current: StepName | null = null
  #began = 0
  #over = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  run(work: () => Promise<void>): void {
    void work()
      .catch((caught: unknown) => {
        const error = AppError.from(caught)
        this.end({ outcome: 'failed', message: error.message, hint: error.hint })
      })
      .finally(() => {
        for (const step of connectionSteps) {
          if (!this.#reached.has(step)) this.#push(step, { outcome: 'skipped', message: 'Not reached' }, null, null)
        }
        this.#over = true
        this.#wake?.()
      })
  }

  begin(step: StepName): void {
    this.#current = step
    this.#reached.add(step)
    this.#began = this.#clock.monotonic()
    this.#push(step, { outcome: 'running', message: '' }, null, null)
  }

  end(finding: Finding, offeredKey: ConnectionStep['offeredKey'] = null): void {
    if (this.#current === null) return
    const took = Math.round(this.#clock.monotonic() - this.#began)
    this.#push(this.#current, finding, offeredKey, finding.outcome === 'skipped' ? null : took)
    this.#current = null
  }

  /** A step whose failure is an AppError; false where nothing after it makes sense. */
  async step(step: StepName, work: () => Promise<Finding>): Promise<boolean> {
    this.begin(step)
    try {
      const finding = await work()
      this.end(finding)
      return finding.outcome !== 'failed'
    } catch (caught) {
      const error = AppError.from(caught)
      this.end({ outcome: 'failed', message: error.message, hint: error.hint })
      if (error.code === 'CANCELLED' || error.code === 'LINK_LOST') throw error
      return false
    }
  }

  async next(): Promise<ConnectionStep | null> {
    for (;;) {
      const step = this.#ready.shift()
      if (step !== undefined) return step
      if (this.#over) return null
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }

  #push(step: StepName, finding: Finding, offeredKey: ConnectionStep['offeredKey'], milliseconds: number | null): void {
    const { outcome, message, hint = null } = finding
    this.#ready.push({ step, outcome, message, hint, offeredKey, milliseconds })
    this.#wake?.()
  }
}

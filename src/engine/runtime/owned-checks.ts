// Tells checks how what owns them stands, and tells the same again only when that is due; knows no owner.
import type { ProbeStatus } from '../../shared/model/check.ts'
import type { Clock } from '../lib/clock.ts'
import type { Prober } from './prober.ts'

export class OwnedChecks {
  readonly #options: { prober: Pick<Prober, 'check' | 'record'>; clock: Clock }
  readonly #told = new Map<string, { status: string; message: string; at: number }>()

  constructor(options: { prober: Pick<Prober, 'check' | 'record'>; clock: Clock }) {
    this.#options = options
  }

  /** `judge` is asked only for a check that is there and on. */
  tell(checkId: string, judge: () => { readonly status: ProbeStatus; readonly message: string }): void {
    const { prober, clock } = this.#options
    const check = prober.check(checkId)
    if (!check?.enabled) return
    const { status, message } = judge()
    const now = clock.now()
    const told = this.#told.get(checkId)
    const due = !told || now - told.at >= check.intervalSeconds * 1_000 || now < told.at
    if (!due && told.status === status && told.message === message) return
    this.#told.set(checkId, { status, message, at: now })
    prober.record(check, null, { status, message: message.slice(0, 2_000), cause: 'other', latencyMs: null })
  }
}

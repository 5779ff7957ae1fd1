// Lets the store roll up, compact and forget in small slices, at a steady pace; knows nothing of how it does so.
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/index.ts'

const pauseMs = 30_000
/** Between two slices of one round, so that the event loop breathes. */
const breathMs = 20

export function maintainStore(store: Store, clock: Clock, log: Logger): Disposable {
  let timer: Disposable
  const round = (): void => {
    let more = false
    try {
      more = store.samples.maintain(clock.now())
    } catch (error) {
      log.warn('maintenance failed', { error: String(error) })
    }
    timer = clock.after(more ? breathMs : pauseMs, round)
  }
  timer = clock.after(pauseMs, round)
  return { dispose: () => timer.dispose() }
}

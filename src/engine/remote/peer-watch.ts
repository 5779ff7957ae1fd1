// Finds out whether the other end of a session still answers (semantics 8); decides nothing and ends nothing by itself.
import { keepalive, nextCheck, peerVerdict } from '../domain/connection-state.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Session } from './session.ts'

/** Asks after each interval of silence, and calls `onGone` where the peer stays silent for too long. */
export function watchPeer(session: Session, clock: Clock, onGone: () => void): Disposable {
  const { socket } = session.dialled
  let heardAt = clock.monotonic()
  let timer: Disposable
  const listen = (): void => {
    heardAt = clock.monotonic()
  }
  const look = (planned: number): void => {
    const now = clock.monotonic()
    const verdict = peerVerdict(now - heardAt, now - planned)
    if (verdict === 'gone') {
      onGone()
      return
    }
    if (verdict === 'silent') void session.ping()
    if (verdict === 'doubtful') expectAnswer(session, clock, onGone)
    schedule()
  }
  const schedule = (): void => {
    const now = clock.monotonic()
    const wait = nextCheck(now - heardAt, now)
    timer = clock.after(wait, () => look(now + wait))
  }
  socket.on('data', listen)
  schedule()
  return {
    dispose() {
      timer.dispose()
      socket.off('data', listen)
    },
  }
}

/** Asks at once; `onGone` where no answer comes in a short time. */
export function expectAnswer(session: Session, clock: Clock, onGone: () => void): void {
  const timer = clock.after(keepalive.probeTimeout, onGone)
  session.gone.addEventListener('abort', () => timer.dispose(), { once: true })
  void session.ping().then(() => timer.dispose())
}

// Keeps the number of simultaneous handshakes with one address under sshd's default MaxStartups (10); knows nothing of SSH.
import { type Disposable, disposable } from '../lib/disposable.ts'

const mostAtOnce = 7

export interface HandshakeGate {
  /** Resolves with a pass when there is room; dispose it when the handshake is over. Rejects when `signal` aborts. */
  enter(address: string, signal: AbortSignal): Promise<Disposable>
}

/** A gate to share between all links; passes are given in the order in which they were asked for. */
export function createHandshakeGate(limit = mostAtOnce): HandshakeGate {
  const lanes = new Map<string, { inside: number; waiting: (() => void)[] }>()

  function pass(address: string): Disposable {
    return disposable(() => {
      const lane = lanes.get(address)
      if (lane === undefined) return
      lane.inside -= 1
      lane.waiting.shift()?.()
      if (lane.inside === 0 && lane.waiting.length === 0) lanes.delete(address)
    })
  }

  return {
    enter(address, signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      const lane = lanes.get(address) ?? { inside: 0, waiting: [] }
      lanes.set(address, lane)
      if (lane.inside < limit) {
        lane.inside += 1
        return Promise.resolve(pass(address))
      }
      return new Promise((resolve, reject) => {
        const admit = (): void => {
          signal.removeEventListener('abort', onAbort)
          lane.inside += 1
          resolve(pass(address))
        }
        const onAbort = (): void => {
          lane.waiting.splice(lane.waiting.indexOf(admit), 1)
          reject(signal.reason)
        }
        lane.waiting.push(admit)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
  }
}

// Lets one backup, restore, drill or maintenance at a time work on a host; knows none of them.
import { Gate } from './gate.ts'

export class HostTurns {
  readonly #gates = new Map<string, Gate>()

  /** Resolves with the way out once it is this one's turn; rejects with the signal's reason. */
  take(hostId: string, signal: AbortSignal): Promise<() => void> {
    let gate = this.#gates.get(hostId)
    if (!gate) {
      gate = new Gate(1)
      this.#gates.set(hostId, gate)
    }
    return gate.enter(signal)
  }
}

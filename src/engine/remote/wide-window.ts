// Widens what a host may send on one channel before it waits for an answer: ssh2 grants 2 MiB, which is 40 MB/s at a round trip of 50 ms. Knows nothing of commands.
import type { ClientChannel } from 'ssh2'

/** Fills 480 MB/s at 50 ms. It is also what may lie here unread where the reader pauses. */
export const wideWindow = 24 * 1024 * 1024
/** Granted in steps, as each is a packet. */
const step = wideWindow / 16

/** The parts of ssh2's channel that its types leave out; windowAdjust of its own does the same with a constant. */
interface Inner {
  incoming?: { window?: number }
  outgoing?: { id?: number; state?: string }
  _client?: { _protocol?: { channelWindowAdjust?(channel: number, bytes: number): void } }
}

/**
 * Keeps the window of a channel wide for as long as it is read. What waits unread counts against it, so a reader that pauses costs no more
 * than one window. Call it when the reader listens already. Where ssh2 is another inside, its own window stays.
 */
export function widen(channel: ClientChannel): void {
  const { incoming, outgoing, _client: client } = channel as ClientChannel & Inner
  const protocol = client?._protocol
  if (incoming === undefined || outgoing === undefined || typeof protocol?.channelWindowAdjust !== 'function') return
  const topUp = (): void => {
    if (outgoing.id === undefined || incoming.window === undefined || outgoing.state === 'closed') return
    const more = wideWindow - incoming.window - channel.readableLength
    if (more < step) return
    incoming.window += more
    protocol.channelWindowAdjust?.(outgoing.id, more)
  }
  channel.on('data', topUp)
  topUp()
}

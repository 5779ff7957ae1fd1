// Where much flows: widens what a host may send on one channel before it waits for an answer (ssh2 grants 2 MiB, which is 40 MB/s at a round trip of 50 ms). Knows nothing of commands.
import { createSecretKey } from 'node:crypto'
import type { Client, ClientChannel } from 'ssh2'

/** At its widest it fills 480 MB/s at 50 ms. It is also what may lie here unread where the reader pauses. */
export const wideWindow = 24 * 1024 * 1024
/** What ssh2 grants by itself. */
const narrow = 2 * 1024 * 1024

/** The parts of ssh2's channel that its types leave out; windowAdjust of its own does the same with a constant. */
interface Inner {
  incoming?: { window?: number }
  outgoing?: { id?: number; state?: string }
  _client?: { _protocol?: Protocol }
}

interface Protocol {
  channelWindowAdjust?(channel: number, bytes: number): void
  /** With AES-GCM; made anew whenever the keys are. */
  _decipher?: { _decipherKey?: unknown }
}

/**
 * Widens the window of a channel for as long as its reader keeps up: where what came lies unread, the line is not what it waits for, and a
 * wider window would only be memory. Call it when the reader listens already. Where ssh2 is another inside, its own window stays.
 */
export function widen(channel: ClientChannel): void {
  const { incoming, outgoing, _client: client } = channel as ClientChannel & Inner
  const protocol = client?._protocol
  if (incoming === undefined || outgoing === undefined || typeof protocol?.channelWindowAdjust !== 'function') return
  let [size, since, unread] = [narrow, 0, 0]
  channel.on('data', (chunk: Buffer) => {
    since += chunk.length
    unread = Math.max(unread, channel.readableLength)
    if (since >= size) {
      if (unread < size / 2) size = Math.min(2 * size, wideWindow)
      since = 0
      unread = 0
    }
    if (outgoing.id === undefined || incoming.window === undefined || outgoing.state === 'closed') return
    const more = size - incoming.window - channel.readableLength
    // in steps, as each is a packet
    if (more < size / 8) return
    incoming.window += more
    prepareKey(protocol)
    protocol.channelWindowAdjust?.(outgoing.id, more)
  })
}

/**
 * Is what ssh2 gives out memory of its own, and none of what the socket read? Once encryption is on it is where Node decrypts; a native part of
 * ssh2 would decrypt in place.
 */
export function decryptsToCopies(client: Client): boolean {
  const decipher = (client as Inner['_client'])?._protocol?._decipher
  return decipher !== undefined && '_decipherInstance' in decipher
}

/** ssh2 makes a decipher of the bare key for each packet; of a key that Node has prepared once that takes half the time. */
function prepareKey({ _decipher: decipher }: Protocol): void {
  const key = decipher?._decipherKey
  if (decipher && key instanceof Uint8Array) decipher._decipherKey = createSecretKey(key)
}

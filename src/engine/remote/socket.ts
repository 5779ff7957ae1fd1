// Opens the TCP connection under a link: every address of a name in turn, no Nagle delay, writes of one turn joined; knows nothing of SSH.
import { promises as dns, type LookupAddress } from 'node:dns'
import { Socket, type SocketConnectOpts } from 'node:net'
import type { Place } from './failures.ts'
import { resolveFailure, tcpFailure } from './failures.ts'

const triesPerAddress = 2_500

/**
 * A socket that sends what is written in one turn of the event loop as one segment. With Nagle off each SSH packet would be a
 * segment of its own; with it on each answer would wait for a delayed acknowledgement.
 */
class JoinedSocket extends Socket {
  #corked = false

  override write(chunk: unknown, second?: unknown, third?: unknown): boolean {
    if (!this.#corked) {
      this.#corked = true
      this.cork()
      process.nextTick(() => {
        this.#corked = false
        this.uncork()
      })
    }
    return super.write(chunk as Uint8Array, second as BufferEncoding, third as (error?: Error | null) => void)
  }
}

/** All addresses of a name. Throws RESOLVE_FAILED. */
export async function resolveAddress(place: Place): Promise<LookupAddress[]> {
  try {
    return await dns.lookup(bare(place.address), { all: true })
  } catch (error) {
    throw resolveFailure(place, error)
  }
}

/** Connects to the first address that answers. Throws PORT_CLOSED or UNREACHABLE; aborts with the signal's reason. */
export function connectTcp(place: Place, addresses: readonly LookupAddress[], signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new JoinedSocket()
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    const onError = (error: Error): void => {
      signal.removeEventListener('abort', onAbort)
      reject(tcpFailure(place, error))
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', onError)
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      socket.setNoDelay(true)
      socket.setKeepAlive(true, 15_000)
      resolve(socket)
    })
    const [first] = addresses
    const options: SocketConnectOpts = {
      host: bare(place.address),
      port: place.port,
      lookup: (_name, wanted, done) => {
        if (first === undefined) done(new Error('no address'), '', 4)
        else if (wanted.all) done(null, [...addresses])
        else done(null, first.address, first.family)
      },
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: triesPerAddress,
    }
    socket.connect(options)
  })
}

function bare(address: string): string {
  return address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address
}

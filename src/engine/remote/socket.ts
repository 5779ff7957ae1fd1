// Opens the TCP connection under a link: every address of a name in turn, no Nagle delay, writes of one turn joined, reads into one memory; knows nothing of SSH.
import { promises as dns, type LookupAddress } from 'node:dns'
import { Socket, type SocketConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Place } from './failures.ts'
import { resolveFailure, tcpFailure } from './failures.ts'

const triesPerAddress = 2_500
const readAtOnce = 128 * 1024

/**
 * A socket that sends what is written in one turn of the event loop as one segment. With Nagle off each SSH packet would be a
 * segment of its own; with it on each answer would wait for a delayed acknowledgement. What it reads always comes into the same memory.
 */
class JoinedSocket extends Socket {
  readonly #memory: Buffer
  #corked = false
  #lends = false

  constructor() {
    const memory = Buffer.allocUnsafeSlow(readAtOnce)
    super({ onread: { buffer: memory, callback: bytes => this.#came(bytes) } })
    this.#memory = memory
  }

  lend(): void {
    this.#lends = true
  }

  #came(bytes: number): boolean {
    const chunk = this.#memory.subarray(0, bytes)
    if (this.#lends && this.readableLength === 0) this.emit('data', chunk)
    else this.push(Buffer.from(chunk))
    return true
  }

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

/**
 * From now on what comes is given to the listeners of `data` and is theirs only until they return: at a hundred megabytes a second a memory of its
 * own for each read keeps the garbage collector busy. For whoever copies all that it keeps. Another stream than `connectTcp` gave stays as it is.
 */
export function lendReads(socket: Duplex): void {
  if (socket instanceof JoinedSocket) socket.lend()
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

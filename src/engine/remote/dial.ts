// One attempt to reach a host: name, TCP (or a jump host), host key, login. Remembers nothing from one attempt to the next.
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import { AppError } from '../../shared/errors.ts'
import type { HostDraft, HostKey } from '../../shared/model/host.ts'
import { type ConnectingStep, stepLimits } from '../domain/connection-state.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { HostKeyBook, SecretSource } from '../ports.ts'
import { offeredAlgorithms } from './algorithms.ts'
import { loadCredential } from './credentials.ts'
import { deferred } from './deferred.ts'
import { beforeHostKey, endedInLogin, lostError, type Place, placeName, refusedKey, stepTimeout } from './failures.ts'
import type { HandshakeGate } from './handshake-gate.ts'
import { describeKey } from './host-keys.ts'
import { createLogin } from './login.ts'
import { connectTcp, lendReads, resolveAddress } from './socket.ts'
import { decryptsToCopies } from './wide-window.ts'

export interface DialOptions {
  readonly hostId: string
  readonly target: Pick<HostDraft, 'address' | 'port' | 'user' | 'auth'>
  /** Opens the way through a jump host; null for a direct connection. */
  readonly via: ((signal: AbortSignal) => Promise<Duplex>) | null
  readonly secrets: SecretSource
  readonly keys: HostKeyBook
  readonly clock: Clock
  readonly gate: HandshakeGate
  readonly agentSocket: string | null
  readonly onStep: (step: ConnectingStep) => void
  /** What a step that went well found, for a person who watches. */
  readonly onFound?: (step: ConnectingStep, text: string) => void
  readonly signal: AbortSignal
}

/** A handshake takes a few kB, a greeting before it rarely more. */
const mostBeforeLogin = 256 * 1024

/** An established, authenticated connection. */
export interface Dialled {
  readonly client: Client
  readonly socket: Duplex
  readonly hostKey: HostKey
  readonly warning: string | null
  /** Resolves once, when the connection is gone, with why. */
  readonly closed: Promise<AppError>
  /** Gives the connection up at once with this reason. */
  drop(reason: AppError): void
}

export type DialOutcome =
  | { readonly ok: true; readonly connection: Dialled }
  | { readonly ok: false; readonly error: AppError; readonly step: ConnectingStep; readonly offeredKey: HostKey | null }

/** Tries once. Expected failures are data; an abort ends as CANCELLED. */
export async function dial(options: DialOptions): Promise<DialOutcome> {
  const { target, clock, gate, signal } = options
  const place: Place = { address: target.address, port: target.port }
  const ending = new AbortController()
  const stop = (): void => ending.abort(new AppError('CANCELLED', 'Cancelled'))
  let step: ConnectingStep = 'resolve'
  const limit: { timer: Disposable | null } = { timer: null }
  let offeredKey: HostKey | null = null
  let pass: Disposable | null = null

  const enter = (next: ConnectingStep): void => {
    step = next
    limit.timer?.dispose()
    limit.timer = clock.after(stepLimits[next], () => ending.abort(stepTimeout(next, place)))
    options.onStep(next)
  }

  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    enter('resolve')
    let socket: Duplex
    if (options.via === null) {
      const addresses = await race(resolveAddress(place), ending.signal)
      options.onFound?.('resolve', addresses.map(({ address }) => address).join(', '))
      // Waiting for other handshakes to the same address is not this host's slowness: no limit runs meanwhile.
      limit.timer?.dispose()
      pass = await gate.enter(placeName(place), ending.signal)
      enter('tcp')
      socket = await connectTcp(place, addresses, ending.signal)
    } else {
      enter('tcp')
      socket = await race(options.via(ending.signal), ending.signal, late => late.destroy())
    }
    enter('host-key')
    const connection = await handshake(options, place, socket, ending.signal, {
      offered: key => {
        offeredKey = key
      },
      authenticating: () => enter('auth'),
    })
    return { ok: true, connection }
  } catch (caught) {
    return { ok: false, error: AppError.from(caught), step, offeredKey }
  } finally {
    limit.timer?.dispose()
    pass?.dispose()
    signal.removeEventListener('abort', stop)
  }
}

function handshake(
  options: DialOptions,
  place: Place,
  socket: Duplex,
  signal: AbortSignal,
  report: { offered: (key: HostKey) => void; authenticating: () => void },
): Promise<Dialled> {
  const { target, keys, hostId, secrets, agentSocket } = options
  const { promise, resolve, reject } = deferred<Dialled>()
  const closed = deferred<AppError>()
  let settled = false
  let lastError: Error | null = null
  let refusal: AppError | null = null
  let accepted: HostKey | null = null
  let authenticating = false
  let heard = Buffer.alloc(0)
  let received = 0

  const drop = (reason: AppError): void => {
    refusal ??= reason
    socket.destroy()
    finish()
  }
  const login = createLogin({
    user: target.user,
    place,
    load: () => loadCredential(target.auth, hostId, secrets, agentSocket),
    fail: drop,
  })

  const hostVerifier = (raw: Buffer): boolean => {
    const key = describeKey(raw)
    const verdict = keys.check(place.address, place.port, key)
    if (verdict === 'trusted') {
      accepted = key
      return true
    }
    report.offered(key)
    refusal ??= refusedKey(verdict, place, key)
    return false
  }

  const finish = (): void => {
    if (settled) {
      closed.resolve(refusal ?? lostError(place, lastError?.message ?? 'it was closed by the other end'))
      return
    }
    settled = true
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
    if (refusal !== null) reject(refusal)
    else if (!authenticating) reject(beforeHostKey(place, heard, lastError))
    else reject(endedInLogin(place, target.user, lastError))
  }
  const onAbort = (): void => drop(AppError.from(signal.reason))

  if (signal.aborted) {
    socket.destroy()
    return Promise.reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })

  const ssh = new NodeSSH()
  const opening = ssh.connect({
    sock: socket,
    username: target.user,
    algorithms: offeredAlgorithms(keys.knownTypes(place.address, place.port)),
    hostVerifier,
    authHandler: login.handler,
    // The steps have limits of their own, and the link watches for a dead peer itself, by the engine's clock.
    readyTimeout: 0,
    keepaliveInterval: 0,
  })
  // Each failure also arrives as an event of the client, with more detail.
  opening.catch(() => {})
  const client = ssh.connection
  if (client === null) return Promise.reject(new AppError('INTERNAL', 'The SSH client did not start'))
  const listen = (chunk: Buffer): void => {
    if (heard.length < 512) heard = Buffer.concat([heard, chunk.subarray(0, 512)])
    received += chunk.length
    // ssh2 bounds each line of a greeting, but not their number over several packets.
    if (received > mostBeforeLogin) drop(beforeHostKey(place, heard, new Error('the greeting has no end')))
  }
  socket.on('data', listen)
  client.on('error', error => {
    lastError ??= error
    // Before the login every error is the end; a peer that goes on talking must not keep the socket.
    if (!authenticating) finish()
  })
  client.on('handshake', () => {
    if (authenticating) return
    authenticating = true
    socket.off('data', listen)
    report.authenticating()
  })
  client.on('close', finish)
  socket.on('close', finish)
  client.on('ready', () => {
    if (settled) return
    settled = true
    signal.removeEventListener('abort', onAbort)
    if (accepted === null) {
      socket.destroy()
      reject(new AppError('INTERNAL', 'The host key was not checked'))
      return
    }
    if (decryptsToCopies(client)) lendReads(socket)
    resolve({ client, socket, hostKey: accepted, warning: login.warning(), closed: closed.promise, drop })
  })
  return promise
}

function race<T>(work: Promise<T>, signal: AbortSignal, discard?: (late: T) => void): Promise<T> {
  if (signal.aborted) {
    work.then(discard, () => {})
    return Promise.reject(signal.reason)
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason)
      work.then(discard, () => {})
    }
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(
      value => {
        signal.removeEventListener('abort', onAbort)
        if (!signal.aborted) resolve(value)
      },
      error => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}

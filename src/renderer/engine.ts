// The page's way to the engine and to the shell: typed calls that survive a restart of the other end. Knows no screen and no call by name.
import type {
  CallInput,
  CallName,
  CallOutput,
  Contract,
  EventName,
  EventPayload,
  StreamItem,
  StreamName,
} from '../shared/contract/define.ts'
import type { EngineContract } from '../shared/contract/engine.ts'
import type { ShellContract } from '../shared/contract/shell.ts'
import { AppError } from '../shared/errors.ts'
import type { Client, connect, StreamOptions } from '../shared/rpc/client.ts'
import type { Port } from '../shared/rpc/port.ts'
import { openPort, type PortKind } from '../shared/rpc/preload-api.ts'
import { firstPaint } from './lib/first-paint.ts'
import { firstRunWasDone } from './lib/first-run.ts'

/** As a Client, but with a life longer than that of one port. */
export interface Remote<C extends Contract> {
  /** Queries wait for the other end to come back; a command fails at once with ENGINE_GONE, so that nothing happens later by surprise. */
  call<N extends CallName<C>>(name: N, input: CallInput<C[N]>, signal?: AbortSignal): Promise<CallOutput<C[N]>>
  on<N extends EventName<C>>(name: N, listener: (payload: EventPayload<C[N]>) => void): () => void
  stream<N extends StreamName<C>>(
    name: N,
    input: CallInput<C[N]>,
    options?: StreamOptions,
  ): AsyncIterable<StreamItem<C[N]>>
  readonly connected: boolean
  /** Told on every change of `connected`. */
  onConnection(listener: (connected: boolean) => void): () => void
}

export type EngineRemote = Remote<EngineContract>
export type ShellRemote = Remote<ShellContract>
export interface Remotes {
  readonly engine: EngineRemote
  readonly shell: ShellRemote
}

/** A contract and what speaks it over a port. */
export interface Wire<C extends Contract> {
  readonly contract: C
  readonly connect: typeof connect
}

type OpenPort = (onPort: (port: Port) => void) => unknown

/** Keeps one Remote over all the ports that `open` brings; a wire that is still being loaded is waited for by each of them. */
export function createRemote<C extends Contract>(wire: Wire<C> | Promise<Wire<C>>, open: OpenPort): Remote<C> {
  let contract: C | null = null
  let client: Client<C> | null = null
  let everConnected = false
  const connectionListeners = new Set<(connected: boolean) => void>()
  const eventListeners = new Map<string, Set<(payload: unknown) => void>>()
  const attached = new Set<string>()
  const waiting = new Set<() => void>()

  const tell = (connected: boolean): void => {
    for (const listener of [...connectionListeners]) listener(connected)
  }
  /** One listener per event and client; it fans out to all of ours. */
  const attach = (name: EventName<C>): void => {
    if (!client || attached.has(name)) return
    attached.add(name)
    client.on(name, payload => {
      for (const listener of [...(eventListeners.get(name) ?? [])]) listener(payload)
    })
  }

  const use = (port: Port, known: Wire<C>): void => {
    contract = known.contract
    const next = known.connect(contract, port)
    client = next
    everConnected = true
    attached.clear()
    for (const name of eventListeners.keys()) attach(name as EventName<C>)
    void next.closed.then(() => {
      if (client !== next) return
      client = null
      tell(false)
    })
    tell(true)
    for (const wake of [...waiting]) wake()
  }
  open(port => {
    if (wire instanceof Promise) void wire.then(known => use(port, known))
    else use(port, wire)
  })

  const untilConnected = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(wake)
        signal?.removeEventListener('abort', abort)
      }
      const wake = (): void => {
        leave()
        resolve()
      }
      const abort = (): void => {
        leave()
        reject(new AppError('CANCELLED', 'Cancelled'))
      }
      waiting.add(wake)
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
    })

  return {
    async call(name, input, signal) {
      if (!client) {
        if (everConnected && contract?.[name]?.kind === 'command') throw gone()
        await untilConnected(signal)
      }
      if (!client) throw gone()
      return (client as unknown as LooseClient).call(name, input, signal) as never
    },
    on(name, listener) {
      const set = eventListeners.get(name) ?? new Set()
      eventListeners.set(name, set)
      const entry = listener as (payload: unknown) => void
      set.add(entry)
      attach(name)
      return () => set.delete(entry)
    },
    stream(name, input, options) {
      return {
        async *[Symbol.asyncIterator]() {
          if (!client) await untilConnected(options?.signal)
          if (!client) throw gone()
          yield* client.stream(name, input, options)
        },
      }
    },
    get connected() {
      return client !== null
    },
    onConnection(listener) {
      connectionListeners.add(listener)
      return () => connectionListeners.delete(listener)
    },
  }
}

/** Opens both contracts over the ports that the preload script brings. Once per page. */
export function openRemotes(): Remotes {
  // Building the contracts' schemas takes as long as painting the first screen, which needs none of them; at the first run it needs an answer.
  const painted = firstRunWasDone() ? firstPaint() : Promise.resolve()
  const wires = painted.then(() => import('./wires.ts'))
  const open = (kind: PortKind) => (onPort: (port: Port) => void) => void painted.then(() => openPort(kind, onPort))
  return {
    engine: createRemote(
      wires.then(({ engineWire }) => engineWire),
      open('engine'),
    ),
    shell: createRemote(
      wires.then(({ shellWire }) => shellWire),
      open('shell'),
    ),
  }
}

/** The variadic tail of `Client.call` cannot be spread generically. */
interface LooseClient {
  call(name: string, input: unknown, signal?: AbortSignal): Promise<unknown>
}

function gone(): AppError {
  return new AppError('ENGINE_GONE', 'The monitoring engine is restarting', { hint: 'Try again in a moment.' })
}

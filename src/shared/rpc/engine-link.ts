// How the shell and the engine's process are tied together, whichever way the process was started; the engine's half of it. Knows no contract.
import { type EmitterPort, fromEmitterPort, type Port, SimplePort } from './port.ts'

/** What the engine is told first. Nothing of it is secret, and nothing of it is on the command line or in the environment. */
export interface EngineInit {
  readonly dataDirectory: string
  readonly version: string
}

/** Names the folder where the engine's process may keep its compiled code; the programs it starts see nothing of it. */
export const codeCacheVariable = 'QUARTERDECK_CODE_CACHE'

/** In a child process all ports share one pipe; this id is the native contract's, the others are windows'. */
export const nativePortId = 0

/** So long the engine's orderly end waits for what is half done on hosts, where it is there to be waited for. The shell kills it a little later. */
export const longGraceMs = 28_500

/**
 * From the shell. In a utility process `init` and `port` carry a MessagePort beside them, and there is no `data` and no `close`; in a
 * child process the ports are only numbers and what they carry travels as `data`.
 */
export type ToEngine =
  | { readonly type: 'init'; readonly init: EngineInit }
  | { readonly type: 'port'; readonly id: number }
  | { readonly type: 'data'; readonly id: number; readonly data: unknown }
  | { readonly type: 'close'; readonly id: number }

/** To the shell. `ready`: windows are welcome. */
export type FromEngine =
  | { readonly type: 'ready' }
  | { readonly type: 'data'; readonly id: number; readonly data: unknown }
  | { readonly type: 'close'; readonly id: number }

export interface EngineProcessPorts {
  readonly init: Promise<EngineInit>
  /** To the shell's native contract, which the engine asks. Messages sent early wait. */
  readonly native: Port
  /** Calls back with a port for each window that connects, those that came before included, and tells the shell that the engine is ready. */
  onWindowPort(onPort: (port: Port) => void): void
  /** Resolves when the shell is gone, whatever the reason: the engine must end then. */
  readonly parentGone: Promise<void>
}

/** Electron's process.parentPort, as far as it is used. */
interface ParentPort {
  on(type: 'message', listener: (event: { data: unknown; ports: EmitterPort[] }) => void): unknown
  postMessage(message: unknown): void
}

/** The process's own end of the link; rejects nothing, and throws where this process was not started by the shell. */
export function engineProcessPorts(): EngineProcessPorts {
  const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort
  if (parentPort) return overParentPort(parentPort)
  if (process.send) return overPipe()
  throw new Error('The engine was not started by the shell')
}

function overParentPort(parent: ParentPort): EngineProcessPorts {
  const windows = makeWindows(() => parent.postMessage({ type: 'ready' } satisfies FromEngine))
  const init = withResolver<EngineInit>()
  const native = makeProxy()
  parent.on('message', event => {
    const message = event.data as ToEngine
    const raw = event.ports[0]
    if (!raw) return
    const port = fromEmitterPort(raw)
    if (message.type === 'init') {
      native.attach(port)
      init.resolve(message.init)
    } else if (message.type === 'port') windows.add(port)
  })
  // A utility process is ended by Electron when its parent dies, but the native port closing says it as well.
  return { init: init.promise, native: native.port, onWindowPort: windows.onPort, parentGone: native.gone }
}

function overPipe(): EngineProcessPorts {
  const send = (message: FromEngine): void => {
    // The callback keeps a broken pipe from being thrown as an uncaught error: `disconnect` tells of it.
    if (process.connected) process.send?.(message, undefined, undefined, () => {})
  }
  const ports = new Map<number, SimplePort>()
  const makePort = (id: number): SimplePort => {
    const waiting: unknown[] = []
    let listening = false
    const port = new SimplePort({
      send: data => send({ type: 'data', id, data }),
      start: () => {
        listening = true
        queueMicrotask(() => {
          for (const data of waiting.splice(0)) port.deliver(data)
        })
      },
      end: () => {
        ports.delete(id)
        deliveries.delete(id)
        send({ type: 'close', id })
      },
    })
    ports.set(id, port)
    deliveries.set(id, data => {
      if (listening && waiting.length === 0) port.deliver(data)
      else waiting.push(data)
    })
    return port
  }
  const deliveries = new Map<number, (data: unknown) => void>()
  const windows = makeWindows(() => send({ type: 'ready' }))
  const init = withResolver<EngineInit>()
  const gone = withResolver<void>()
  const native = makePort(nativePortId)
  process.on('message', (received: unknown) => {
    const message = received as ToEngine
    if (message.type === 'data') deliveries.get(message.id)?.(message.data)
    else if (message.type === 'init') init.resolve(message.init)
    else if (message.type === 'port') windows.add(makePort(message.id))
    else if (message.type === 'close') {
      const port = ports.get(message.id)
      ports.delete(message.id)
      deliveries.delete(message.id)
      port?.gone()
    }
  })
  process.on('disconnect', () => {
    for (const port of [...ports.values()]) port.gone()
    ports.clear()
    deliveries.clear()
    gone.resolve()
  })
  return { init: init.promise, native, onWindowPort: windows.onPort, parentGone: gone.promise }
}

function makeWindows(ready: () => void): { add(port: Port): void; onPort(callback: (port: Port) => void): void } {
  const early: Port[] = []
  let onPort: ((port: Port) => void) | null = null
  return {
    add(port) {
      if (onPort) onPort(port)
      else early.push(port)
    },
    onPort(callback) {
      onPort = callback
      for (const port of early.splice(0)) callback(port)
      ready()
    },
  }
}

/** A port that can be used before the real one is there. */
function makeProxy(): { port: Port; attach(real: Port): void; gone: Promise<void> } {
  const waiting: unknown[] = []
  const gone = withResolver<void>()
  let real: Port | null = null
  const port = new SimplePort({
    send: message => {
      if (real) real.post(message)
      else waiting.push(message)
    },
    end: () => real?.close(),
  })
  return {
    port,
    gone: gone.promise,
    attach(attached) {
      real = attached
      attached.listen(
        message => port.deliver(message),
        () => {
          port.gone()
          gone.resolve()
        },
      )
      for (const message of waiting.splice(0)) attached.post(message)
    },
  }
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

/**
 * How Node is started for the engine. What streams through it lives for a moment only: a small nursery is emptied more often, and keeps a
 * backup of any size from growing the process by a hundred megabytes of chunks that nobody holds.
 */
export const engineFlags = ['--max-semi-space-size=2'] as const

// One run of the engine as a process of its own, either kind behind one face. Knows nothing of restarts.
import { type ChildProcess, fork } from 'node:child_process'
import { MessageChannelMain, type MessagePortMain, utilityProcess } from 'electron'
import {
  codeCacheVariable,
  type EngineInit,
  engineFlags,
  type FromEngine,
  nativePortId,
  type ToEngine,
} from '../shared/rpc/engine-link.ts'
import { fromEmitterPort, type Port, SimplePort } from '../shared/rpc/port.ts'
import { type Log, lineSplitter } from './log.ts'

export interface SpawnOptions {
  readonly entry: string
  /** A Node binary to run the engine under, where this Electron's own Node is too old for it. */
  readonly node: string | null
  readonly init: EngineInit
  /** Where Node may keep the engine's compiled code from one start to the next; null for nowhere. */
  readonly codeCache: string | null
  readonly log: Log
  /** A line of the engine's own log. */
  readonly onLogLine: (line: string) => void
  readonly onReady: () => void
  /** Once, whatever happened: it ended, was killed, or could not even be started. */
  readonly onExit: (reason: string) => void
}

export interface EngineRun {
  readonly pid: number | undefined
  /** The shell's end of the native contract. */
  readonly native: Port
  /** Makes a new connection to the engine and returns the other end, to be given to a window. */
  connect(): MessagePortMain
  kill(): void
}

/** Starts the engine: as a utility process, or under the given Node. Neither its arguments nor its environment hold secrets. */
export function spawnEngine(options: SpawnOptions): EngineRun {
  return options.node === null ? spawnUtility(options) : spawnNode(options, options.node)
}

// What the shell was started with may contain switches for Electron or test drivers that are not meant for the engine.
function engineEnvironment(codeCache: string | null): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, ELECTRON_RUN_AS_NODE, QUARTERDECK_ENGINE_NODE, ...env } = process.env
  return codeCache === null ? env : { ...env, [codeCacheVariable]: codeCache }
}

function once(onExit: (reason: string) => void): (reason: string) => void {
  let told = false
  return reason => {
    if (told) return
    told = true
    onExit(reason)
  }
}

function spawnUtility(options: SpawnOptions): EngineRun {
  const child = utilityProcess.fork(options.entry, [], {
    serviceName: 'Quarterdeck Engine',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: engineEnvironment(options.codeCache),
  })
  pipeToLog(child, options)
  const { port1, port2 } = new MessageChannelMain()
  const native = fromEmitterPort(port1)
  const exit = once(reason => {
    native.close()
    options.onExit(reason)
  })
  // Exit codes of utility processes are unreliable, so the code is only told, never judged.
  child.on('exit', code => exit(`exit ${code}`))
  child.on('message', message => {
    if ((message as FromEngine).type === 'ready') options.onReady()
  })
  child.postMessage({ type: 'init', init: options.init } satisfies ToEngine, [port2])
  let nextId = nativePortId + 1
  return {
    get pid() {
      return child.pid
    },
    native,
    connect() {
      const channel = new MessageChannelMain()
      child.postMessage({ type: 'port', id: nextId++ } satisfies ToEngine, [channel.port1])
      return channel.port2
    },
    kill: () => {
      // `kill` asks politely; a hanging process needs the signal that cannot be refused.
      if (child.pid !== undefined) tryKill(child.pid)
      else child.kill()
    },
  }
}

function spawnNode(options: SpawnOptions, node: string): EngineRun {
  const child = fork(options.entry, [], {
    execPath: node,
    execArgv: [...engineFlags],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: engineEnvironment(options.codeCache),
    // Ctrl-C in a terminal is for the shell, which then stops the engine in good order.
    detached: process.platform !== 'win32',
  })
  pipeToLog(child, options)
  const ports = new Map<number, { data(data: unknown): void; gone(): void }>()
  const send = (message: ToEngine): void => {
    if (child.connected) child.send(message, () => {})
  }
  const native = new SimplePort({
    send: data => send({ type: 'data', id: nativePortId, data }),
    end: () => send({ type: 'close', id: nativePortId }),
  })
  ports.set(nativePortId, { data: data => native.deliver(data), gone: () => native.gone() })
  const exit = once(reason => {
    for (const port of [...ports.values()]) port.gone()
    ports.clear()
    options.onExit(reason)
  })
  child.on('message', received => {
    const message = received as unknown as FromEngine
    if (message.type === 'data') ports.get(message.id)?.data(message.data)
    else if (message.type === 'ready') options.onReady()
    else if (message.type === 'close') {
      ports.get(message.id)?.gone()
      ports.delete(message.id)
    }
  })
  // A wrong path to Node gives `error` and no `exit`; a process that closed its pipe is of no use and gets a moment to end itself.
  child.on('error', error => {
    kill(child)
    exit(`could not be run: ${error.message}`)
  })
  child.on('disconnect', () => {
    const timer = setTimeout(() => kill(child), 2000)
    child.once('exit', () => clearTimeout(timer))
  })
  child.on('exit', (code, signal) => exit(signal ?? `exit ${code}`))
  send({ type: 'init', init: options.init })
  let nextId = nativePortId + 1
  return {
    pid: child.pid,
    native,
    connect() {
      const id = nextId++
      const { port1, port2 } = new MessageChannelMain()
      relay(port1, id, ports, send)
      return port2
    },
    kill: () => kill(child),
  }
}

/** A window's port and the engine's pipe, tied together. */
function relay(
  port: MessagePortMain,
  id: number,
  ports: Map<number, { data(data: unknown): void; gone(): void }>,
  send: (message: ToEngine) => void,
): void {
  ports.set(id, { data: data => port.postMessage(data), gone: () => port.close() })
  port.on('message', event => send({ type: 'data', id, data: event.data }))
  port.on('close', () => {
    if (ports.delete(id)) send({ type: 'close', id })
  })
  send({ type: 'port', id })
  port.start()
}

function kill(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

// The engine writes its log to stdout, in whole lines and without secrets; stderr is for what it could not log itself.
function pipeToLog(streams: Record<'stdout' | 'stderr', NodeJS.ReadableStream | null>, options: SpawnOptions): void {
  let budget = 1000
  streams.stdout?.on('data', lineSplitter(options.onLogLine))
  streams.stderr?.on(
    'data',
    lineSplitter(line => {
      if (budget-- > 0) options.log.warn('engine printed', { line })
    }),
  )
}

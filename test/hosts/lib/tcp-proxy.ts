// A wire with faults between a test and a host: delay, throttling, loss, cuts and silence; must not know what the bytes mean.

import net from 'node:net'

export interface TcpProxyOptions {
  readonly target: { readonly address: string; readonly port: number }
  /** One way: a round trip takes twice as long. */
  readonly delayMs?: number
  /** In each direction of each connection. */
  readonly bytesPerSecond?: number
  /** Every nth chunk comes `lossDelayMs` late and holds up what follows, as a lost and retransmitted segment does. */
  readonly lossEvery?: number
  readonly lossDelayMs?: number
  /** Where it listens; 127.0.0.1 and a free port by default. */
  readonly listen?: { readonly address?: string; readonly port?: number }
}

export interface TcpProxyStats {
  readonly toTarget: number
  readonly toClient: number
  /** Connections taken so far. */
  readonly connections: number
  readonly open: number
}

export interface TcpProxy extends AsyncDisposable {
  readonly address: string
  readonly port: number
  /** Resets every connection and refuses new ones. */
  cut(): void
  /** Half-open: connections stay, new ones are taken, nothing moves. */
  pause(): void
  /** Ends `cut` and `pause`; what was held by a pause is delivered. */
  resume(): void
  stats(): TcpProxyStats
  resetStats(): void
  dispose(): Promise<void>
}

/** Beyond this much on its way in one direction the sender has to wait: above any window that a test opens. */
const highWater = 128 << 20

type Timing = Required<Pick<TcpProxyOptions, 'delayMs' | 'bytesPerSecond' | 'lossEvery' | 'lossDelayMs'>>

/** One direction of one connection. */
class Wire {
  private readonly queue: { due: number; data: Buffer | null }[] = []
  private queued = 0
  private lineFree = 0
  private lastDue = 0
  private chunks = 0
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined
  private stopped = false
  private readonly from: net.Socket
  private readonly to: net.Socket
  private readonly timing: Timing
  private readonly delivered: (bytes: number) => void

  constructor(from: net.Socket, to: net.Socket, timing: Timing, delivered: (bytes: number) => void) {
    this.from = from
    this.to = to
    this.timing = timing
    this.delivered = delivered
    from.on('data', chunk => this.take(chunk as Buffer))
    from.on('end', () => this.take(null))
    to.on('drain', () => this.settle())
  }

  stop(stopped: boolean): void {
    this.stopped = stopped
    if (!stopped) this.flush()
  }

  end(): void {
    this.stopped = true
    clearTimeout(this.timer as NodeJS.Timeout)
    clearImmediate(this.timer as NodeJS.Immediate)
  }

  private take(data: Buffer | null): void {
    const { delayMs, bytesPerSecond, lossEvery, lossDelayMs } = this.timing
    const size = data?.length ?? 0
    this.lineFree = Math.max(this.lineFree, performance.now()) + (size / bytesPerSecond) * 1000
    const late = data !== null && ++this.chunks % lossEvery === 0 ? lossDelayMs : 0
    this.lastDue = Math.max(this.lastDue, this.lineFree + delayMs + late)
    this.queue.push({ due: this.lastDue, data })
    this.queued += size
    this.settle()
    if (this.queue.length === 1) this.flush()
  }

  private flush(): void {
    if (this.stopped) return
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      const wait = next.due - performance.now()
      if (wait > 0) {
        this.wake(wait)
        break
      }
      this.queue.shift()
      if (next.data === null) this.to.end()
      else {
        this.queued -= next.data.length
        this.delivered(next.data.length)
        this.to.write(next.data)
      }
    }
    this.settle()
  }

  /** Timers are a millisecond coarse and late: the last one is spent asking at each turn of the loop. */
  private wake(wait: number): void {
    const again = () => this.flush()
    this.timer = wait > 1.5 ? setTimeout(again, Math.floor(wait - 1)) : setImmediate(again)
  }

  private settle(): void {
    const full = this.queued + this.to.writableLength > highWater
    if (full) this.from.pause()
    else if (this.from.isPaused()) this.from.resume()
  }
}

/** Listens and passes every connection on to the target. */
export async function createTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const timing: Timing = {
    delayMs: options.delayMs ?? 0,
    bytesPerSecond: options.bytesPerSecond ?? Number.POSITIVE_INFINITY,
    lossEvery: options.lossEvery ?? Number.POSITIVE_INFINITY,
    lossDelayMs: options.lossDelayMs ?? 200,
  }
  const pairs = new Set<{ sockets: net.Socket[]; wires: Wire[] }>()
  let [toTarget, toClient, connections] = [0, 0, 0]
  let [isCut, isPaused] = [false, false]

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, client => {
    if (isCut) return void client.resetAndDestroy()
    connections++
    const { address: host, port } = options.target
    const target = net.connect({ host, port, allowHalfOpen: true, noDelay: true })
    const wires = [
      new Wire(client, target, timing, bytes => (toTarget += bytes)),
      new Wire(target, client, timing, bytes => (toClient += bytes)),
    ]
    const pair = { sockets: [client, target], wires }
    pairs.add(pair)
    for (const wire of wires) wire.stop(isPaused)
    const [other, end] = [(socket: net.Socket) => (socket === client ? target : client), () => pairs.delete(pair)]
    for (const socket of pair.sockets) {
      socket.on('error', () => {
        for (const wire of wires) wire.end()
        if (!other(socket).destroyed) other(socket).resetAndDestroy()
        end()
      })
      socket.on('close', () => {
        if (other(socket).destroyed) end()
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.listen?.port ?? 0, options.listen?.address ?? '127.0.0.1', resolve)
  })
  const bound = server.address() as net.AddressInfo

  const resetAll = () => {
    for (const { sockets, wires } of pairs) {
      for (const wire of wires) wire.end()
      for (const socket of sockets) if (!socket.destroyed) socket.resetAndDestroy()
    }
    pairs.clear()
  }
  const dispose = async () => {
    resetAll()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  return {
    address: bound.address,
    port: bound.port,
    cut() {
      isCut = true
      resetAll()
    },
    pause() {
      isPaused = true
      for (const { wires } of pairs) for (const wire of wires) wire.stop(true)
    },
    resume() {
      isCut = false
      isPaused = false
      for (const { wires } of pairs) for (const wire of wires) wire.stop(false)
    },
    stats: () => ({ toTarget, toClient, connections, open: pairs.size }),
    resetStats() {
      toTarget = 0
      toClient = 0
      connections = 0
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}

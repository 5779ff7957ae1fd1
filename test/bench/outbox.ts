// Measures how many messages are lost, and how fast they go, when the engine is killed twice on the way, against a list in memory.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchContext, Item, Result } from './item.ts'
import type { OutboxOrder } from './lib/outbox-process.ts'

const alerts = 1_000
const channels = 8
const all = alerts * channels
/** Killed when so much of all has arrived. */
const kills = [0.3, 0.65]
const expected = 250

/** Counts what arrives: which hosts' news at which channel, under which ids. */
class Receiver {
  arrived = 0
  readonly news = new Map<string, Set<string>>()
  onArrival: () => void = () => {}
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', chunk => {
        body += chunk
      })
      request.on('end', () => {
        receiver.#take(request.url ?? '', body)
        response.end()
      })
    })
    const receiver = new Receiver(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** News that came under more than one id: a duplicate that nobody could know as one. */
  get strangers(): number {
    return [...this.news.values()].filter(ids => ids.size > 1).length
  }

  #take(path: string, body: string): void {
    const { id, items } = JSON.parse(body) as { id: string; items: { host: string }[] }
    for (const { host } of items) {
      const key = `${path} ${host}`
      this.news.set(key, (this.news.get(key) ?? new Set()).add(id))
    }
    this.arrived += 1
    this.onArrival()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

interface Run {
  readonly seconds: number
  readonly lost: number
  readonly repeated: number
  readonly strangers: number
}

/** Lives until all is sent; killed at the given shares of all messages, and started again. */
async function live(context: BenchContext, memory: boolean, killAt: readonly number[]): Promise<Run> {
  const receiver = await Receiver.start()
  const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-outbox-'))
  const order: OutboxOrder = { directory, url: receiver.url, alerts, channels, memory }
  const file = fileURLToPath(new URL('lib/outbox-process.ts', import.meta.url))
  const started = performance.now()
  let child: ChildProcess | null = null
  const stop = (): void => void child?.kill('SIGKILL')
  context.signal.addEventListener('abort', stop)
  try {
    for (const share of [...killAt, Number.POSITIVE_INFINITY]) {
      const life = fork(file, [], { execPath: context.node, execArgv: ['--disable-warning=ExperimentalWarning'] })
      child = life
      receiver.onArrival = () => {
        if (receiver.news.size >= share * all) life.kill('SIGKILL')
      }
      life.send(order)
      const [code] = (await once(life, 'exit')) as [number | null]
      if (context.signal.aborted) throw new Error('stopped')
      if (share === Number.POSITIVE_INFINITY && code !== 0) throw new Error(`it ended with ${code}`)
      context.log(`   ${receiver.news.size} of ${all} after ${((performance.now() - started) / 1000).toFixed(1)} s`)
      // what was only in memory is gone with the process
      if (memory && share !== Number.POSITIVE_INFINITY) break
    }
    const seconds = (performance.now() - started) / 1000
    const lost = all - receiver.news.size
    return { seconds, lost, repeated: receiver.arrived - receiver.news.size, strangers: receiver.strangers }
  } finally {
    context.signal.removeEventListener('abort', stop)
    stop()
    receiver.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

export const items: readonly Item[] = [
  {
    name: 'outbox',
    async run(context): Promise<readonly Result[]> {
      const killed = await live(context, false, kills)
      const killedPeer = await live(context, true, kills.slice(0, 1))
      const whole = await live(context, false, [])
      const wholePeer = await live(context, true, [])
      context.log(`   killed twice: ${killed.repeated} sent twice, ${killed.strangers} of those under another id`)
      const rate = all / whole.seconds
      const peerRate = all / wholePeer.seconds
      return [
        {
          name: 'outbox lost',
          value: killed.lost + killed.strangers,
          unit: 'messages',
          peer: 'a list in memory, killed once',
          peerValue: killedPeer.lost,
          ratio: (killed.lost + killed.strangers) / killedPeer.lost,
          goal: `0 of ${all} lost, none twice under two ids, killed twice`,
          met: killed.lost === 0 && killed.strangers === 0 && killed.repeated <= kills.length * channels,
        },
        {
          name: 'outbox rate',
          value: rate,
          unit: 'messages/s',
          peer: 'a list in memory, nothing on disk',
          peerValue: peerRate,
          ratio: rate / peerRate,
          goal: `≥ ${expected} messages/s, start included`,
          met: rate >= expected,
        },
      ]
    },
  },
]

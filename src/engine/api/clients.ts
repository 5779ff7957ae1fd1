// The windows (and command lines) that are connected: each is served and hears what happens; knows which host each looks at, and nothing of hosts.
import { type EngineContract, engineContract } from '../../shared/contract/engine.ts'
import type { Port } from '../../shared/rpc/port.ts'
import { type Server, serve } from '../../shared/rpc/server.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Publish } from '../runtime/publish.ts'
import { createHandlers } from './index.ts'
import type { Services } from './services.ts'

export class Clients implements Disposable {
  readonly #log: Logger
  readonly #onWatched: (hostIds: ReadonlySet<string>) => void
  readonly #watched = new Map<Server<EngineContract>, string | null>()

  /** `onWatched` is told the hosts at which anybody looks, whenever they may be others. */
  constructor(log: Logger, onWatched: (hostIds: ReadonlySet<string>) => void) {
    this.#log = log.child('rpc')
    this.#onWatched = onWatched
  }

  get size(): number {
    return this.#watched.size
  }

  /** Tells all of them. */
  readonly publish: Publish = (name, payload) => {
    for (const server of this.#watched.keys()) server.emit(name, payload)
  }

  /** Serves one until its port closes. */
  attach(port: Port, services: Services): Disposable {
    const handlers = createHandlers(services, {
      watch: hostId => {
        this.#watched.set(server, hostId)
        this.#rewatch()
      },
    })
    const server = serve(engineContract, port, handlers, { log: this.#log })
    this.#watched.set(server, null)
    const gone = disposable(() => {
      this.#watched.delete(server)
      server.dispose()
      this.#rewatch()
    })
    port.listen(
      () => {},
      () => gone.dispose(),
    )
    return gone
  }

  dispose(): void {
    for (const server of [...this.#watched.keys()]) server.dispose()
    this.#watched.clear()
  }

  #rewatch(): void {
    this.#onWatched(new Set([...this.#watched.values()].filter(id => id !== null)))
  }
}

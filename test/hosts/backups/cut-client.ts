// A client that takes a file of a test host and is killed at a byte of it: run as a process of its own; must not know what is proven.
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createHandshakeGate } from '../../../src/engine/remote/handshake-gate.ts'
import { createHostKeyBook, memoryKeyStore } from '../../../src/engine/remote/host-keys.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import type { Host, HostKey } from '../../../src/shared/model/host.ts'
import { take } from './taking.ts'

export interface CutClient {
  readonly host: Host
  readonly keys: readonly HostKey[]
  readonly localFolder: string
  readonly hostFolder: string
  readonly name: string
  readonly file: string
  readonly at: number
}

const { host, keys, at, ...places } = JSON.parse(process.argv[2] ?? '{}') as CutClient
const trusted = memoryKeyStore()
for (const key of keys) trusted.trust(host.address, host.port, key)
const link = createSshLink({
  host,
  secrets: { hostSecret: async () => null },
  keys: createHostKeyBook({ trusted, log: silentLogger, files: [] }),
  clock: systemClock,
  log: silentLogger,
  gate: createHandshakeGate(),
  agentSocket: null,
})
link.onStatus(({ state }) => {
  if (state !== 'ready') return
  const kill = (): void => {
    process.kill(process.pid, 'SIGKILL')
  }
  void take({ source: link, keeper: link, ...places, cut: { at, act: kill } }).then(
    () => process.exit(2),
    () => process.exit(3),
  )
})
link.start()

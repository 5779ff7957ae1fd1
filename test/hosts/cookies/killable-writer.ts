// One write to a test host as a process of its own, to be killed in the middle; it stops at the named step until the host has /run/kill/go.
import { readFileSync } from 'node:fs'
import { replaceFile } from '../../../src/engine/cookies/remote-file.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createHandshakeGate } from '../../../src/engine/remote/handshake-gate.ts'
import { createHostKeyBook, memoryKeyStore } from '../../../src/engine/remote/host-keys.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import type { Host, HostKey } from '../../../src/shared/model/host.ts'

export interface WriterOrder {
  readonly host: Host
  readonly keys: readonly HostKey[]
  readonly path: string
  readonly expectedSha256: string
  readonly content: string
  readonly sudo: boolean
  readonly step: string
}

/** What stops the script on the host until it is let go. */
export const pause = (step: string): string =>
  `: >"/run/kill/at-${step}"; while [ ! -e /run/kill/go ]; do sleep 0.05; done`

if (process.argv[2] !== undefined && import.meta.filename === process.argv[1]) {
  const order: WriterOrder = JSON.parse(readFileSync(process.argv[2], 'utf8'))
  const trusted = memoryKeyStore()
  for (const key of order.keys) trusted.trust(order.host.address, order.host.port, key)
  const link = createSshLink({
    host: order.host,
    jump: null,
    secrets: { hostSecret: async () => null },
    keys: createHostKeyBook({ trusted, log: silentLogger, files: [] }),
    clock: systemClock,
    log: silentLogger,
    gate: createHandshakeGate(),
    agentSocket: null,
  })
  link.onStatus(async status => {
    if (status.state !== 'ready') return
    await replaceFile(link, order.path, {
      ...order,
      content: Buffer.from(order.content),
      backUp: true,
      at: step => (step === order.step ? pause(step) : ''),
    })
    process.exit(7)
  })
  link.start()
}

// What the page does in the ipc benchmark: the app's own client on a port of its own. Bundled and evaluated in the real page.
import './no-eval.ts'
import { engineContract } from '../../../src/shared/contract/engine.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { fromEventPort } from '../../../src/shared/rpc/port.ts'

interface Scope {
  testPort: MessagePort
  peer?: { ping(input: unknown): Promise<unknown> }
}

const scope = window as unknown as Scope

/** Milliseconds of each of `count` calls, one after the other. */
async function times(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = []
  for (let index = 0; index < count; index++) {
    const start = performance.now()
    await call()
    taken.push(performance.now() - start)
  }
  return taken
}

const input = { hostId: 'web-1', units: ['webhook-bot.service'] }

Object.assign(window, {
  benchIpc: {
    client: null as ReturnType<typeof connect<typeof engineContract>> | null,
    open() {
      this.client = connect(engineContract, fromEventPort(scope.testPort))
    },
    calls: (count: number) => times(count, async () => benchClient().call('journal.command', input)),
    peerCalls: (count: number) => times(count, async () => scope.peer?.ping(input)),
    /** Entries a second, read for `ms`. */
    async stream(ms: number) {
      const start = performance.now()
      let entries = 0
      for await (const batch of benchClient().stream('journal.export', { hostId: 'web-1' })) {
        entries += batch.length
        if (performance.now() - start > ms) break
      }
      return (entries / (performance.now() - start)) * 1000
    },
  },
})

function benchClient() {
  const { client } = (window as unknown as { benchIpc: { client: ReturnType<typeof connect<typeof engineContract>> } })
    .benchIpc
  return client
}

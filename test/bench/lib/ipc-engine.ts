// An engine that knows no host: it answers over the app's real link and contract as fast as they carry, so that these are what is measured.
import { engineContract } from '../../../src/shared/contract/engine.ts'
import { nativeContract } from '../../../src/shared/contract/native.ts'
import type { JournalEntry } from '../../../src/shared/model/journal.ts'
import { Settings } from '../../../src/shared/model/settings.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { engineProcessPorts } from '../../../src/shared/rpc/engine-link.ts'
import { type Handlers, serve } from '../../../src/shared/rpc/server.ts'

const ports = engineProcessPorts()
const settings = Settings.parse({ firstRunDone: true })
const message = 'Served update 48213 to chat 771 in 18 ms (queue 0, memory 81.4 MB)'

/** Fresh objects each time: a real batch shares nothing with the one before. */
function batch(start: number, size: number): JournalEntry[] {
  return Array.from({ length: size }, (_, index) => ({
    hostId: 'web-1',
    cursor: `s=739ad463348b4ceca5a9e69c95a3c93f;i=${(start + index).toString(16)};b=4ece7a3a1e5a44a4b7b5b6e4f13d1a0b`,
    at: 1_700_000_000_000 + start + index,
    priority: 6,
    unit: 'webhook-bot.service',
    identifier: 'webhook-bot',
    pid: 4711,
    message,
    truncated: false,
  }))
}

ports.onWindowPort(port => {
  const handlers: Record<string, unknown> = {}
  for (const [name, definition] of Object.entries(engineContract)) {
    if (definition.kind !== 'event') handlers[name] = () => Promise.reject(new Error('not in this engine'))
  }
  handlers['settings.get'] = () => settings
  handlers['journal.command'] = () => 'journalctl'
  handlers['journal.export'] = async function* () {
    for (let start = 0; ; start += 500) yield batch(start, 500)
  }
  serve(engineContract, port, handlers as unknown as Handlers<typeof engineContract>)
})
connect(nativeContract, ports.native).on('engine.stop', () => process.exit(0))
void ports.parentGone.then(() => process.exit(0))

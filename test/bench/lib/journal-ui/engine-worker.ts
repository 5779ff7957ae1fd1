// The engine of the journal benchmark: the made-up one, with a journal as long and as quick as it is told. Never part of the app.
import type { JournalEntry, JournalFilter } from '../../../../src/shared/model/journal.ts'
import { installDemo } from '../../../fakes/demo-engine.ts'

/** The page's address is not the worker's; the page gives the number of lines as the worker's name. */
const lines = Number(self.name)
const batchLines = 500
const startedAt = Date.now() - lines
let rate = 0
const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const programs = ['webhook-bot', 'trading-bot', 'nginx', 'cookie-bot@alice', 'sshd', 'stats-bot']
const tails = [
  'handled in 14 ms',
  'GET /api/v1/items?page=3 200 1843 bytes, upstream 127.0.0.1:8001, cache MISS',
  'Accepted publickey for deploy from 203.0.113.9 port 50122 ssh2: ED25519 SHA256:3xq0pT8yK1',
  'сообщение доставлено – 42 ms',
  'order partially filled (0.4 of 1.0), retrying in 2 s with back-off, position BTCUSDT 64211.30',
]

/** About 85 characters, no line like another, a few not in Latin script. */
function entryOf(hostId: string, index: number): JournalEntry {
  const program = programs[index % programs.length] ?? ''
  const tail = tails[index % 61 === 0 ? 3 : ([0, 1, 2, 4][index % 4] ?? 0)] ?? ''
  return {
    hostId,
    cursor: `s=bench;i=${index}`,
    at: startedAt + index,
    priority: index % 97 === 0 ? 3 : 6,
    unit: `${program}.service`,
    identifier: program,
    pid: 700 + (index % 13),
    message: `request ${index.toString(36)} ${tail}`,
    truncated: false,
  }
}

const passes = (entry: JournalEntry, filter: JournalFilter): boolean =>
  filter.text === null || entry.message.includes(filter.text)

/** All lines as quickly as they are taken, then so many a second. */
async function* follow(filter: JournalFilter, signal: AbortSignal): AsyncGenerator<JournalEntry[]> {
  const batch = (from: number, to: number): JournalEntry[] =>
    Array.from({ length: to - from }, (_, offset) => entryOf(filter.hostId, from + offset)).filter(entry =>
      passes(entry, filter),
    )
  let index = 0
  for (; index < lines && !signal.aborted; index += batchLines) {
    const found = batch(index, Math.min(lines, index + batchLines))
    if (found.length > 0) yield found
    // A breath for messages: cancelling has to come through.
    if (index % 10_000 === 0) await wait(0)
  }
  index = lines
  let due = 0
  let last = performance.now()
  while (!signal.aborted) {
    await wait(20)
    const now = performance.now()
    due += ((now - last) / 1000) * rate
    last = now
    const count = Math.floor(due)
    due -= count
    const found = batch(index, index + count)
    index += count
    if (found.length > 0) yield found
  }
}

const target = {
  location: self.location,
  postMessage: (message: unknown, _origin: string, ports: Transferable[]) =>
    self.postMessage(message, { transfer: ports }),
}
Object.assign(self, { window: target })
installDemo({
  world: 'filled',
  hang: [],
  fail: [],
  engine: handlers => ({
    ...handlers,
    'journal.follow': ({ filters }, { signal }) => follow(filters[0] as JournalFilter, signal),
  }),
})
self.onmessage = ({ data }) => {
  if (data.request) (target as unknown as Pick<Window, 'quarterdeck'>).quarterdeck.request(data.request)
  if (data.rate !== undefined) rate = data.rate
}

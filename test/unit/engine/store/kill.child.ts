// Writes of every kind as fast as it can, and says which were acknowledged, until it is killed. Arguments: directory, first time.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { openStore } from '../../../../src/engine/store/store.ts'
import { auditEntry } from './lib.ts'

const directory = process.argv[2] ?? ''
const base = Number(process.argv[3])
const clock = new ManualClock(base)
const store = openStore({ directory, clock, log: silentLogger })
const unit = { hostId: 'a', scope: 'system', name: 'bot.service' } as const
// A killed process leaves no compiled code for the next one; this makes 200 starts bearable.
flushCompileCache()
/** One line per acknowledged write; synchronous, so that it is out before the next write begins. */
const acknowledge = (kind: string, what: number): void => void writeSync(1, `${kind} ${what}\n`)

for (let turn = 0; turn < 900; turn++) {
  const at = base + turn * 1000
  clock.advance(1000)
  store.samples.write('a', at, new Map(Array.from({ length: 20 }, (_, index) => [`series.${index}`, turn + index])))
  acknowledge('look', at)
  store.units.insertTransitions([
    {
      ...unit,
      at,
      fromState: 'activating',
      toState: 'active',
      subState: 'running',
      result: null,
      mainPid: turn,
      restarts: turn,
      invocationId: null,
      reconstructed: false,
    },
  ])
  acknowledge('transition', at)
  // A commit that reaches the disk takes longer: fewer of those, so that the others are hit as well.
  if (turn % 8 === 0) {
    acknowledge('audit', store.audit.insert(auditEntry(at)))
    const id = `secret/${at}`
    store.secrets.put(id, Buffer.from(id))
    acknowledge('secret', at)
  }
  if (turn % 40 === 0) while (store.samples.maintain(clock.now()));
}

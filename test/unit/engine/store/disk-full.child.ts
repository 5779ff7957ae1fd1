// Lives through a full disk and says what it saw as one line of JSON. Arguments: a directory on a small file system of its own.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { openStore } from '../../../../src/engine/store/store.ts'
import { auditEntry, draft, start } from './lib.ts'

const disk = process.argv[2] ?? ''
const directory = join(disk, 'quarterdeck')
const filler = join(disk, 'filler')

/** Takes the disk's last byte. */
function fill(): void {
  const file = openSync(filler, 'a')
  try {
    for (let size = 65_536; size >= 1; size = size > 1 ? size >> 1 : 0)
      try {
        for (;;) writeSync(file, Buffer.alloc(size, 1))
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
function codeOf(work: () => unknown): string {
  try {
    work()
    return 'done'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

const clock = new ManualClock(start)
let store = openStore({ directory, clock, log: silentLogger })
const problems: (string | null)[] = []
store.onProblem(problem => problems.push(problem?.code ?? null))
store.hosts.insert({ ...draft(), id: 'a', kind: 'ssh', createdAt: 1 })
let looks = 0
const names = Array.from({ length: 100 }, (_, index) => `series.${index}`)
const look = (): void => {
  clock.advance(1000)
  looks++
  store.samples.write('a', clock.now(), new Map(names.map(name => [name, looks])))
}
/** How many looks can be asked for. */
const kept = (): number => {
  const [data] = store.samples.query({
    hostId: 'a',
    series: ['series.7'],
    from: start,
    to: clock.now() + 1000,
    points: 5000,
  })
  return data?.avg.filter(value => value !== null).length ?? 0
}
for (let index = 0; index < 50; index++) look()
const before = { problem: store.problem, kept: kept() }

fill()
// The logs still have some room of their own.
let saved = 0
const save = (): string => codeOf(() => store.audit.insert(auditEntry(saved)))
let refused = save()
for (; saved < 5000 && refused === 'done'; saved++) refused = save()
for (let index = 0; index < 1500; index++) look()
const during = {
  refused,
  problem: store.problem?.code ?? null,
  hosts: codeOf(() => store.hosts.insert({ ...draft(), id: 'b', kind: 'ssh', createdAt: 2 })),
  settings: codeOf(() => store.settings.set({ theme: 'dark' })),
  theme: store.settings.get().theme,
  audit: store.audit.list({ hostId: null, target: null, text: null, before: null, limit: 500 }).length,
  read: store.hosts.list().map(host => host.id),
  maintain: codeOf(() => store.samples.maintain(clock.now())),
  kept: kept(),
}
clock.advance(60_000)
const still = { problem: store.problem?.code ?? null, problems: problems.length }

rmSync(filler)
clock.advance(60_000)
const after = {
  problem: store.problem,
  problems,
  kept: kept(),
  looks,
  saved: codeOf(() => store.hosts.insert({ ...draft(), id: 'c', kind: 'ssh', createdAt: 3 })),
}
const full = { timers: 0, start: '' }
store.close()
full.timers = clock.pending
fill()
full.start = codeOf(() => {
  store = openStore({ directory, clock, log: silentLogger })
})
if (full.start === 'done') store.close()
rmSync(filler)
store = openStore({ directory, clock, log: silentLogger })
const again = { hosts: store.hosts.list().map(host => host.id), kept: kept(), setAside: store.setAside }
store.close()
const integrity = ['quarterdeck.db', 'history.db'].map(name => {
  const db = new SQLite(join(directory, name))
  try {
    return db.pragma('integrity_check', { simple: true })
  } finally {
    db.close()
  }
})
writeSync(1, JSON.stringify({ before, during, still, after, full, again, integrity, saved }))

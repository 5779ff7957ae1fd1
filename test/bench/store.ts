// Measures what history costs to write and to read, against one row per sample in a table clustered by (series, time).
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite, { type Database } from 'better-sqlite3'
import { ManualClock } from '../../src/engine/lib/clock.ts'
import { silentLogger } from '../../src/engine/lib/log.ts'
import { openStore } from '../../src/engine/store/store.ts'
import { compare, type Item, percentile, type Result } from './item.ts'

const hosts = 20
const seriesPerHost = 60
const pace = 15_000
const ticksPerDay = 86_400_000 / pace
const dayZero = Date.UTC(2026, 0, 1)
const names = Array.from({ length: seriesPerHost }, (_, index) => `series.${index}`)

/** Bytes that this process has handed to write calls so far. */
function written(): number {
  return Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

/** Repeatable noise. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/**
 * A host as it looks: of 60 series 25 are percentages and rates with full noise, 5 are loads in hundredths, 20 are memory in pages that
 * wanders, 5 fill slowly, 5 stay the same.
 */
function createHost(seed: number): () => Map<string, number> {
  const random = noise(seed)
  const memory = names.map(() => 2e8 + Math.floor(random() * 1e5) * 4096)
  return () => {
    const values = new Map<string, number>()
    for (const [index, name] of names.entries()) {
      if (index >= 30 && random() < 0.7)
        memory[index] = (memory[index] ?? 0) + Math.floor((random() - 0.5) * 400) * 4096
      const value =
        index < 25
          ? random() * 100
          : index < 30
            ? Math.round(random() * 400) / 100
            : index < 50
              ? memory[index]
              : index < 55
                ? 4e10 + Math.floor((memory[index] ?? 0) / 1e6) * 4096
                : 8_589_934_592
      values.set(name, value ?? 0)
    }
    return values
  }
}

function openPeer(directory: string): Database {
  const peer = new SQLite(join(directory, 'peer.db'))
  peer.pragma('journal_mode = WAL')
  peer.pragma('synchronous = NORMAL')
  peer.exec(
    `CREATE TABLE sample (series INTEGER, at INTEGER, value REAL, PRIMARY KEY (series, at)) STRICT, WITHOUT ROWID`,
  )
  return peer
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-bench-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** The peer's bytes per tick with a day already in its table. All of a day would be some 60 GB, so it is measured over a part. */
function peerTicks(directory: string): number {
  const peer = openPeer(directory)
  const insert = peer.prepare('INSERT INTO sample VALUES (?, ?, ?)')
  const random = noise(7)
  // The day before, in the order of the table, which packs it as tightly as can be.
  peer.transaction(() => {
    for (let series = 0; series < hosts * seriesPerHost; series++)
      for (let tick = 0; tick < ticksPerDay; tick += 4) insert.run(series, dayZero + tick * pace, random() * 100)
  })()
  peer.pragma('wal_checkpoint(TRUNCATE)')
  const ticks = 120
  const before = written()
  for (let tick = 0; tick < ticks; tick++)
    peer.transaction(() => {
      for (let series = 0; series < hosts * seriesPerHost; series++)
        insert.run(series, dayZero + 86_400_000 + tick * pace, random() * 100)
    })()
  peer.pragma('wal_checkpoint(TRUNCATE)')
  const bytes = (written() - before) / ticks
  peer.close()
  return bytes
}

const storeWrite: Item = {
  name: 'store-write',
  run: ({ log, signal }) =>
    inDirectory(async directory => {
      const clock = new ManualClock(dayZero)
      const store = openStore({ directory, clock, log: silentLogger })
      const sources = Array.from({ length: hosts }, (_, index) => createHost(index + 1))
      let slowest = 0
      const began = written()
      for (let tick = 0; tick < ticksPerDay; tick++) {
        clock.advance(pace)
        for (const [host, look] of sources.entries())
          store.samples.write(`host-${host}`, clock.now() + ((tick * 7 + host) % 40), look())
        if (tick % 2 === 0)
          for (let more = true; more; ) {
            const start = performance.now()
            more = store.samples.maintain(clock.now())
            slowest = Math.max(slowest, performance.now() - start)
          }
        if (tick % 100 === 0) await turn()
        if (signal.aborted) break
      }
      store.close()
      const bytes = (written() - began) / ticksPerDay
      const samples = hosts * seriesPerHost * ticksPerDay
      const perSample = statSync(join(directory, 'history.db')).size / samples
      log(`   ${(bytes / 1e6).toFixed(3)} MB a tick; slowest slice of maintenance ${slowest.toFixed(1)} ms`)
      const peerBytes = peerTicks(directory)
      const peerFile = statSync(join(directory, 'peer.db')).size
      const peerSamples = hosts * seriesPerHost * (ticksPerDay / 4 + 120)
      const peer = 'WITHOUT ROWID row per sample'
      const results: Result[] = [
        compare(
          {
            name: 'store-write bytes',
            value: (bytes * ticksPerDay) / 1e6,
            unit: 'MB/day',
            peer,
            peerValue: (peerBytes * ticksPerDay) / 1e6,
            goal: '≤ 1/30',
          },
          1 / 30,
        ),
        {
          name: 'store-write size',
          value: perSample,
          unit: 'B/sample',
          peer,
          peerValue: peerFile / peerSamples,
          ratio: perSample / (peerFile / peerSamples),
          goal: '≤ 5 B/sample',
          met: perSample <= 5,
        },
      ]
      return results
    }),
}

const storeRead: Item = {
  name: 'store-read',
  run: ({ log, signal }) =>
    inDirectory(async directory => {
      const clock = new ManualClock(dayZero)
      const store = openStore({ directory, clock, log: silentLogger })
      const look = createHost(1)
      const peer = openPeer(directory)
      const insert = peer.prepare('INSERT INTO sample VALUES (?, ?, ?)')
      // The peer holds four series and not sixty: its tree is the smaller for it.
      const peerSeries = 4
      peer.exec('BEGIN')
      // A bit over 30 days, so that the newest rows are not compacted yet.
      for (let tick = 0; tick < 30 * ticksPerDay + 333 && !signal.aborted; tick++) {
        clock.advance(pace)
        const values = look()
        store.samples.write('host', clock.now(), values)
        for (let series = 0; series < peerSeries; series++)
          insert.run(series, clock.now(), values.get(names[series] ?? '') ?? 0)
        if (tick % 20 === 0) while (store.samples.maintain(clock.now()));
        if (tick % 1000 === 0) await turn()
      }
      peer.exec('COMMIT')
      const now = clock.now()
      const grouped = peer
        .prepare<[bigint, number, number, number]>(
          `SELECT at / ? AS bucket, min(value), avg(value), max(value) FROM sample
           WHERE series = ? AND at >= ? AND at < ? GROUP BY bucket`,
        )
        .raw()
      const results: Result[] = []
      for (const days of [1, 30]) {
        const from = now - days * 86_400_000
        const step = BigInt(Math.ceil((now - from) / 500))
        const ours = (): unknown =>
          store.samples.query({ hostId: 'host', series: ['series.3'], from, to: now, points: 500 })
        const theirs = (): unknown => grouped.all(step, 3, from, now)
        const times: [number[], number[]] = [[], []]
        const rounds = days === 1 ? 300 : 30
        // In turns, so that whatever else the machine does hits both alike. A round's figure is the best of three reads: on a busy
        // machine a single one tells how often it was interrupted. The first rounds warm up.
        for (let round = -rounds / 3; round < rounds && !signal.aborted; round++) {
          for (const [index, read] of [ours, theirs].entries()) {
            let best = Number.POSITIVE_INFINITY
            for (let repeat = 0; repeat < 3; repeat++) {
              const began = performance.now()
              read()
              best = Math.min(best, performance.now() - began)
            }
            if (round >= 0) times[index]?.push(best)
          }
          if (round % 10 === 0) await turn()
        }
        const middle = times.map(list => percentile(list, 0.5).toFixed(2))
        log(`   ${days} d: p50 ${middle[0]} ms, rows ${middle[1]} ms`)
        results.push(
          compare(
            {
              name: `store-read ${days === 1 ? '24 h' : '30 d'}`,
              value: percentile(times[0], 0.95),
              unit: 'ms p95',
              peer: 'the same from rows',
              peerValue: percentile(times[1], 0.95),
              goal: '≤ 1/4',
            },
            1 / 4,
          ),
        )
      }
      peer.close()
      store.close()
      return results
    }),
}

export const items: Item[] = [storeWrite, storeRead]

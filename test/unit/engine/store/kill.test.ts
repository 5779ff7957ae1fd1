// kill -9 in the middle of writing, 200 times: the databases stay whole and nothing that was acknowledged is lost.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { openStore } from '../../../../src/engine/store/store.ts'
import { start } from './lib.ts'

const kills = 200
const lanes = 2
/** Times of one round, so that each can be asked for by itself. */
const roundLength = 1_000_000
const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Acknowledged = Record<'look' | 'transition' | 'audit' | 'secret', number[]>

/** Starts a writer, kills it after it has acknowledged `enough`, and returns all that it acknowledged before it was gone. */
function writeAndKill(directory: string, base: number, enough: number): Promise<Acknowledged> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill.child.ts'), directory, String(base)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  })
  let out = ''
  let errors = ''
  let lines = 0
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    lines += text.split('\n').length - 1
    if (lines >= enough) child.kill('SIGKILL')
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') {
        reject(new Error(`the writer ended by itself: ${errors}`))
        return
      }
      const result: Acknowledged = { look: [], transition: [], audit: [], secret: [] }
      // What follows the last line break is half a line.
      for (const line of out.split('\n').slice(0, -1)) {
        const [kind = '', what] = line.split(' ')
        if (kind in result) result[kind as keyof Acknowledged].push(Number(what))
      }
      resolve(result)
    })
  })
}

function integrity(directory: string): unknown[] {
  return ['quarterdeck.db', 'history.db'].map(name => {
    // As the next start would find it: this recovers from the write-ahead log.
    const db = new SQLite(join(directory, name))
    try {
      return db.pragma('integrity_check', { simple: true })
    } finally {
      db.close()
    }
  })
}

function missing(directory: string, base: number, acknowledged: Acknowledged): Acknowledged {
  const clock = new ManualClock(base + roundLength)
  const store = openStore({ directory, clock, log: silentLogger })
  try {
    expect(store.setAside).toBeNull()
    const [data] = store.samples.query({
      hostId: 'a',
      series: ['series.3'],
      from: base,
      to: base + roundLength,
      points: roundLength / 1000 + 1,
    })
    const looks = new Map(data?.at.map((at, index) => [at, data.avg[index]]))
    const unit = { hostId: 'a', scope: 'system', name: 'bot.service' } as const
    const transitions = new Set(store.units.transitions(unit, 2000).map(transition => transition.at))
    return {
      look: acknowledged.look.filter(at => looks.get(at) !== (at - base) / 1000 + 3),
      transition: acknowledged.transition.filter(at => !transitions.has(at)),
      audit: acknowledged.audit.filter(id => store.audit.get(id) === null),
      secret: acknowledged.secret.filter(
        at => Buffer.from(store.secrets.get(`secret/${at}`) ?? []).toString() !== `secret/${at}`,
      ),
    }
  } finally {
    store.close()
  }
}

const nothing: Acknowledged = { look: [], transition: [], audit: [], secret: [] }

async function lane(directory: string, rounds: number): Promise<Acknowledged> {
  mkdirSync(directory)
  const all: Acknowledged = { look: [], transition: [], audit: [], secret: [] }
  for (let round = 0; round < rounds; round++) {
    const base = start + round * roundLength
    // From "in the middle of the first writes" to "after several compactions".
    const acknowledged = await writeAndKill(directory, base, 1 + ((round * 37) % 400))
    expect(integrity(directory)).toEqual(['ok', 'ok'])
    expect(missing(directory, base, acknowledged)).toEqual(nothing)
    all.audit.push(...acknowledged.audit)
    all.secret.push(...acknowledged.secret)
    all.look.push(...acknowledged.look)
  }
  // What was there after its own kill must have lived through all the others, too.
  expect(missing(directory, start, { ...nothing, audit: all.audit, secret: all.secret })).toEqual(nothing)
  return all
}

test('200 kills, no acknowledged row lost, integrity_check ok', { timeout: 600_000 }, async () => {
  const results = await Promise.all(
    Array.from({ length: lanes }, (_, index) => lane(join(folder, `lane-${index}`), kills / lanes)),
  )
  // The test would prove nothing if hardly anything had been written.
  expect(results.flatMap(result => result.look).length).toBeGreaterThan(kills * 20)
  expect(results.flatMap(result => result.audit).length).toBeGreaterThan(kills)
})

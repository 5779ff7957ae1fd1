// Kills the whole engine again and again while it mends services that cannot be mended: on the host itself no budget is ever exceeded.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RecoveryPolicy } from '../../../src/shared/model/recovery.ts'
import { sharedHost } from '../lib/vitest.ts'
import { type EngineLife, KillableEngine } from './killable-engine.ts'
import { draftFor, until } from './running-engine.ts'

const kills = 30
/** Every so many lives one is left alone until an attempt is under way, and killed in the middle of it. */
const long = 5
const names = ['loop-a.service', 'loop-b.service', 'loop-c.service']

const host = sharedHost({ suite: 'bookworm' })
let engine: KillableEngine
beforeAll(async () => {
  engine = await KillableEngine.build('recovery')
}, 120_000)
afterAll(() => engine?.dispose())

let seed = 4711
const random = (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return seed / 2_147_483_648
}
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function prepare({ client }: EngineLife): Promise<string> {
  for (const key of await host().hostKeys())
    await client.call('host.trustKey', { address: host().address, port: host().port, key })
  const { id: hostId } = await client.call('host.add', { draft: draftFor(host()), secrets: {} })
  await until(async () => (await client.call('host.get', hostId)).units !== null)
  for (const name of names) {
    const policy = RecoveryPolicy.parse({ hostId, scope: 'system', name, enabled: true, verifySeconds: 20 })
    await client.call('recovery.set', { policy, secrets: {} })
  }
  for (const name of names) {
    const text = '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sh -c "sleep 0.5; exit 1"\nRestart=no\n'
    await host().writeFile(`/etc/systemd/system/${name}`, text)
  }
  await host().exec(`systemctl daemon-reload && systemctl start ${names.join(' ')}`)
  return hostId
}

/** When systemd started it, by its own journal, wall ms. */
async function starts(name: string): Promise<number[]> {
  const { stdout } = await host().exec(
    `journalctl -q -o short-unix _PID=1 UNIT=${name} MESSAGE_ID=39f53479d3a045ac8e11786248231fbf | cut -d' ' -f1`,
  )
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(text => Number(text) * 1_000)
}

it(`S22 holds the budget over ${kills} kills, and sends no attempt twice`, async () => {
  let hostId = ''
  for (let kill = 0; kill < kills; kill++) {
    const life = await engine.start()
    if (kill === 0) hostId = await prepare(life)
    if (kill % long === 0) {
      let acting = false
      life.client.on('recovery.changed', ({ phase }) => {
        acting ||= phase === 'act' || phase === 'verify'
      })
      await until(() => acting, 9_000).catch(() => undefined)
      await pause(random() * 100)
    } else await pause(200 + random() * 900)
    life.kill()
    await life.gone
    life.client.dispose()
  }
  const startedAt = Date.now()
  const life = await engine.start()
  let restarts = 0
  for (const name of names) {
    const attempts = await life.client.call('recovery.attempts', { hostId, scope: 'system', name, limit: 200 })
    // the first start was ours; each other one has its attempt, written before
    const [, ...mended] = await starts(name)
    restarts += mended.length
    expect(mended.length, name).toBeLessThanOrEqual(attempts.length)
    for (const at of mended) {
      expect(mended.filter(each => each > at - 600_000 && each <= at).length, name).toBeLessThanOrEqual(3)
      expect(attempts.filter(each => Math.abs(each.at - at) < 5_000).length, name).toBeGreaterThan(0)
    }
    const numbers = attempts.map(each => `${each.incidentId} ${each.number}`)
    expect(new Set(numbers).size, name).toBe(numbers.length)
  }
  expect(restarts).toBeGreaterThanOrEqual(3)
  // what the last kill left open comes to its end, by looking
  await until(async () => {
    const all = await Promise.all(
      names.map(name => life.client.call('recovery.attempts', { hostId, scope: 'system', name, limit: 200 })),
    )
    return all.flat().every(each => each.at > startedAt || each.outcome !== 'running')
  }, 60_000)
  life.kill()
  await life.gone
}, 300_000)

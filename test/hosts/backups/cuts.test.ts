// Proves semantics 29 at 200 bytes: whatever is cut, killed or full, nothing half written counts, nothing stays behind, and the next run succeeds.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Link } from '../../../src/engine/ports.ts'
import { createTcpProxy } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { hostRecord, link, reached, trusting } from '../remote/support.ts'
import type { CutClient } from './cut-client.ts'
import { here, take, there } from './taking.ts'

const host = sharedHost({ suite: 'bookworm' })
const bytes = 1_200_000
const content = randomBytes(bytes)
const hash = createHash('sha256').update(content).digest('hex')
const file = '/home/deploy/data'
const kept = '/home/deploy/kept'
const small = '/home/deploy/small'
const client = fileURLToPath(new URL('./cut-client.ts', import.meta.url))

/** The same 200 bytes at each run. */
function* offsets(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    yield 1 + (state % (bytes - 1))
  }
}

const ways = [
  'link cut',
  'client killed',
  'cancelled',
  'disk full here',
  'disk full there',
  'dump killed',
  "keeper's link cut",
  "keeper's shell killed",
] as const
const each = 25

describe('a backup that is cut', () => {
  it(`S29 at ${ways.length * each} bytes, in ${ways.length} ways: 0 listed as good, none left on the host`, async () => {
    const root = mkdtempSync(join(tmpdir(), 'quarterdeck-cuts-'))
    onTestFinished(() => {
      if (existsSync(join(root, 'full'))) spawnSync('umount', ['-q', join(root, 'full')])
      rmSync(root, { recursive: true, force: true })
    })
    await using proxy = await createTcpProxy({ target: { address: host().address, port: host().port } })
    const at = { address: proxy.address, port: proxy.port }
    const direct = await ready(await link(host()))
    const wired = await ready(await link(host(), { ...at, keys: await trusting(host(), at) }))
    await host().writeFile(file, content.toString('base64'))
    await host().exec(`base64 -d ${file} >${file}.bin && mv ${file}.bin ${file} && chown deploy: ${file}`)
    await host().mountSmallDisk(small, 4 * 1024 * 1024)
    const local = join(root, 'kept')
    const base = { source: direct, keeper: direct, localFolder: local, hostFolder: kept, file }
    await take({ ...base, name: 'older' })
    const offset = offsets(20_261_122)
    const outcomes = new Map<string, number>()

    for (let n = 0; n < ways.length * each; n++) {
      const way = ways[n % ways.length] ?? 'cancelled'
      const cut = offset.next().value
      const name = `run-${n}`
      const its = { ...base, name }
      let good = 0
      if (way === 'client killed') expect(await killed({ ...its, at: cut }), `${way} at ${cut}`).toBe('SIGKILL')
      else {
        const end = await attempt(way, its, cut)
        outcomes.set(`${way}: ${end}`, (outcomes.get(`${way}: ${end}`) ?? 0) + 1)
        // where only the host failed, this computer has it whole
        if (end.startsWith('without 1')) good = 1
      }
      const folder = way === 'disk full here' ? join(root, 'full') : local
      const mine = (await (await here(folder)).list('shop')).filter(({ path }) => path.startsWith(`shop/${name}/`))
      const finished = mine.filter(({ path }) => !path.endsWith('.partial'))
      expect(finished, `${way} at ${cut}`).toHaveLength(good)
      for (const one of finished) expect(one.bytes).toBe(bytes)
      // a client that was killed could not tidy up here; whoever lists takes `.partial` for nothing
      expect(mine.length - finished.length).toBe(way === 'client killed' ? 1 : 0)
      await nothingOnTheHost(way === 'disk full there' ? small : kept, name, `${way} at ${cut}`)
      if (way === 'disk full here') execFileSync('umount', [folder])
    }

    await take({ ...base, name: 'next' })
    for (const name of ['older', 'next']) {
      const copy = readFileSync(join(local, `shop/${name}/file`))
      expect(createHash('sha256').update(copy).digest('hex')).toBe(hash)
      expect(await host().output(`sha256sum <${kept}/shop/${name}/file`)).toContain(hash)
    }
    // nothing of it runs there any more, and no copy lies about
    await settled(
      async () => (await leftOver()) === '',
      async () => `left on the host: ${await leftOver()}`,
    )
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe((ways.length - 1) * each)
    // all of it may have arrived here when its link was cut
    const late = outcomes.get('link cut: without 1 LINK_LOST') ?? 0
    outcomes.delete('link cut: without 1 LINK_LOST')
    expect(late).toBeLessThan(each)
    expect(Object.fromEntries(outcomes)).toEqual({
      'link cut: LINK_LOST': each - late,
      'cancelled: CANCELLED': each,
      'disk full here: without 0 DISK_FULL': each,
      'disk full there: without 1 DISK_FULL': each,
      'dump killed: COMMAND_FAILED': each,
      "keeper's link cut: without 1 LINK_LOST": each,
      "keeper's shell killed: without 1 COMMAND_FAILED": each,
    })

    async function attempt(way: (typeof ways)[number], its: typeof base & { name: string }, cut: number) {
      if (way === 'link cut' || way === "keeper's link cut") {
        const keeper = wired
        const source = way === 'link cut' ? wired : direct
        const end = await outcome(take({ ...its, source, keeper, cut: { at: cut, act: () => proxy.cut() } }))
        proxy.resume()
        await ready(wired)
        return end
      }
      if (way === 'cancelled') {
        const cancel = new AbortController()
        return await outcome(take({ ...its, signal: cancel.signal, cut: { at: cut, act: () => cancel.abort() } }))
      }
      if (way === 'disk full here') {
        const folder = join(root, 'full')
        mkdirSync(folder, { recursive: true })
        const pages = Math.max(3, Math.floor(cut / 4_096))
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${pages * 4}k`, 'full', folder])
        return await outcome(take({ ...its, localFolder: folder }))
      }
      if (way === 'disk full there') {
        await host().exec(`rm -f ${small}/filler; head -c ${4 * 1024 * 1024 - cut} /dev/zero >${small}/filler`)
        return await outcome(take({ ...its, hostFolder: small }))
      }
      if (way === 'dump killed')
        return await outcome(take({ ...its, argv: ['sh', '-c', `head -c ${cut} ${file}; kill -9 $$`] }))
      const act = async (): Promise<void> => {
        await host().exec(['pkill', '-9', '-f', `shop/${its.name}/file`], { check: false })
      }
      return await outcome(take({ ...its, cut: { at: cut, act } }))
    }

    async function killed(its: Omit<typeof base, 'source' | 'keeper'> & { name: string; at: number }) {
      const { localFolder, hostFolder, name } = its
      const job: CutClient = {
        host: hostRecord(host()),
        keys: await host().hostKeys(),
        ...{ localFolder, hostFolder, name, file, at: its.at },
      }
      const child = spawn(process.execPath, [client, JSON.stringify(job)], { stdio: 'ignore' })
      return await new Promise(resolve => {
        child.once('exit', (code, signal) => resolve(signal ?? code))
      })
    }

    async function nothingOnTheHost(folder: string, name: string, what: string): Promise<void> {
      const left = async (): Promise<string[]> => {
        const files = await (await there(direct, folder)).list('shop')
        const mine = files.map(({ path }) => path).filter(path => path.startsWith(`shop/${name}/`))
        // where only the folder here failed, the host has it whole
        return what.startsWith('disk full here') ? mine.filter(path => path.endsWith('.partial')) : mine
      }
      await settled(
        async () => (await left()).length === 0,
        async () => `${what}: ${(await left()).join(' ')}`,
      )
    }

    async function leftOver(): Promise<string> {
      const shells = (await host().exec(['pgrep', '-a', '-f', '[.]partial|QD_BODY'], { check: false })).stdout
      const files = await host().output(
        `find ${kept} ${small} /tmp /var/tmp /dev/shm \\( -name '*.partial' -o -name '.quarterdeck-*' \\) 2>/dev/null; true`,
      )
      return `${shells}${files}`.trim()
    }
  }, 600_000)
})

async function ready<T extends Link>(made: T): Promise<T> {
  made.start()
  made.probe()
  await reached(made, 'ready')
  return made
}

/** How it ended, in a word: the code that it failed with, or which place it goes without and why. */
async function outcome(taking: ReturnType<typeof take>): Promise<string> {
  try {
    const { failed } = await taking
    return [...failed].map(([index, { code }]) => `without ${index} ${code}`).join(', ') || 'whole'
  } catch (caught) {
    return caught instanceof Error && 'code' in caught ? String(caught.code) : String(caught)
  }
}

async function settled(met: () => Promise<boolean>, else_: () => Promise<string>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await met()) return
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  throw new Error(await else_())
}

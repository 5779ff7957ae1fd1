// Proves that a host that lies, floods, stalls or hangs costs a sampler bounded memory and time, and never a wrong number (semantics 36).
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { openMetricSampler } from '../../../../src/engine/collector/metrics.ts'
import { DiskWatch } from '../../../../src/engine/collector/metrics-disks.ts'
import { parseGroups } from '../../../../src/engine/collector/metrics-units.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import type { Link, MetricSampler, RemoteProcess } from '../../../../src/engine/ports.ts'

/** A program on a host as the test plays it. */
class Played {
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly heard: string[] = []
  #end: (end: { exit: number | null; signal: string | null; lost: boolean }) => void = () => {}
  readonly ended = new Promise<{ exit: number | null; signal: string | null; lost: boolean }>(resolve => {
    this.#end = resolve
  })
  disposed = false

  constructor() {
    this.stdin.on('data', chunk => this.heard.push(String(chunk)))
  }

  end(lost: boolean): void {
    this.#end({ exit: lost ? null : 0, signal: null, lost })
  }

  get process(): RemoteProcess {
    const { stdin, stdout, ended } = this
    const dispose = (): void => {
      this.disposed = true
      this.end(false)
    }
    return { generation: 3, stdin, stdout, stderr: new PassThrough(), ended, dispose }
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A link whose looker and disk program are played. */
function played(): { link: Link; looker: Played; disks: Played; nonce: () => string; clock: ManualClock } {
  const [looker, disks, clock] = [new Played(), new Played(), new ManualClock()]
  let nonce = ''
  const link = createLocalLink({ clock })
  link.spawn = async argv => {
    if (argv.length < 8) return disks.process
    nonce = argv[4] ?? ''
    return looker.process
  }
  return { link, looker, disks, nonce: () => nonce, clock }
}

async function opened(): Promise<ReturnType<typeof played> & { sampler: MetricSampler }> {
  const all = played()
  const opening = openMetricSampler(all.link, { clock: all.clock, log: silentLogger, mode: 'sh' })
  await turn()
  all.looker.stdout.write(`Welcome to this host!\nquarterdeck 1 not-the-nonce sh\nquarterdeck 1 ${all.nonce()} sh\n`)
  return { ...all, sampler: await opening }
}

const sequence = (looker: Played): number => Number(/t(\d+)\n/.exec(looker.heard.join(''))?.[1])
const names = 'N1\t 0\t\t\t\n'

describe('a looker', () => {
  test('S6 belongs to the generation of its channel', async () => {
    const { sampler, link } = await opened()
    expect(sampler.generation).toBe(3)
    await sampler.dispose()
    expect(await sampler.closed).toBeNull()
    await link.dispose()
  })

  test('answers in pieces, between which nothing is taken for a number', async () => {
    const { sampler, looker, disks } = await opened()
    const look = sampler.sample()
    await turn()
    const frame = `${names}F${sequence(looker)}:11:+100~3+8+4~2+50+100+50\n`
    for (const byte of frame) {
      looker.stdout.write(byte)
      await turn()
    }
    disks.end(false)
    expect(await look).toMatchObject({
      uptimeSeconds: 1,
      memory: { totalBytes: 8192, availableBytes: 4096 },
      cpuPercent: null,
    })
    await sampler.dispose()
  })

  const lies: [string, (sequence: number) => string][] = [
    ['a stale number', n => `${names}F${n - 1}:11:+1\n`],
    ['a frame nobody asked for', n => `${names}F${n}:11:+1\nF${n + 1}:11:+1\n`],
    ['an unknown line', () => 'bash: line 1: awk: command not found\n'],
    ['a length of its own', n => `${names}F${n}:99:+1\n`],
    ['a line without an end', () => 'F'.repeat(2 * 1024 * 1024)],
  ]
  test.each(lies)('S36 that sends %s is given up', async (_, lie) => {
    const { sampler, looker, disks } = await opened()
    disks.end(false)
    const look = sampler.sample().catch(error => error)
    await turn()
    looker.stdout.write(lie(sequence(looker)))
    expect(await sampler.closed).toMatchObject({ code: 'PROTOCOL' })
    expect(looker.disposed).toBe(true)
    await look
    await expect(sampler.sample()).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
  })

  test('S36 that stalls is given up in time, and leaves no timer', async () => {
    const { sampler, clock, link } = await opened()
    const looks = [sampler.sample(), sampler.sample()].map(look => look.catch(error => error.code))
    await turn()
    clock.advance(15_000)
    expect(await Promise.all(looks)).toEqual(['TIMEOUT', 'TIMEOUT'])
    expect(await sampler.closed).toMatchObject({ code: 'TIMEOUT' })
    clock.advance(10_000)
    await turn()
    expect(clock.pending).toBe(0)
    await link.dispose()
  })

  test('S7 whose link is lost is LINK_LOST, one that ends by itself is not', async () => {
    for (const [lost, code] of [
      [true, 'LINK_LOST'],
      [false, 'COMMAND_FAILED'],
    ] as const) {
      const { sampler, looker } = await opened()
      const look = sampler.sample().catch(error => error.code)
      await turn()
      looker.end(lost)
      expect(await look).toBe(code)
      expect(await sampler.closed).toMatchObject({ code })
    }
  })

  test('S36 that never says hello, or greets without an end, is no sampler', async () => {
    const silent = played()
    const opening = openMetricSampler(silent.link, { clock: silent.clock, log: silentLogger, mode: 'sh' })
    const failed = expect(opening).rejects.toMatchObject({ code: 'TIMEOUT' })
    await turn()
    silent.clock.advance(15_000)
    await failed
    const loud = played()
    const other = expect(
      openMetricSampler(loud.link, { clock: loud.clock, log: silentLogger, mode: 'sh' }),
    ).rejects.toMatchObject({ code: 'PROTOCOL' })
    await turn()
    loud.looker.stdout.write('y\n'.repeat(100_000))
    await other
  })

  test('an awk that does not answer line by line is replaced by the shell', async () => {
    const { link, clock, looker, nonce } = played()
    const shell = new Played()
    const first = link.spawn.bind(link)
    const modes: string[] = []
    link.spawn = async (argv, options) => {
      modes.push(argv[5] ?? '')
      if (argv[5] !== 'sh') return await first(argv, options)
      setImmediate(() => shell.stdout.write(`quarterdeck 1 ${argv[4]} sh\n`))
      return shell.process
    }
    const opening = openMetricSampler(link, { clock, log: silentLogger })
    await turn()
    looker.stdout.write(`quarterdeck 1 ${nonce()} awk\n`)
    await turn()
    await turn()
    clock.advance(5_000)
    const sampler = await opening
    expect(modes).toEqual(['awk', 'sh'])
    expect(looker.disposed).toBe(true)
    await sampler.dispose()
  })
})

describe('disks', () => {
  test('S36 a question that hangs is given up, what was known stays, and it is asked again later', async () => {
    const { link, disks, clock } = played()
    const watch = new DiskWatch(link, clock, silentLogger)
    watch.look()
    await turn()
    disks.stdout.write('M/dev/sda1 / ext4\nE\n')
    await turn()
    await turn()
    expect(disks.heard.join('')).toBe('?\n/\n?\n')
    disks.stdout.write(
      'M/dev/sda1 / ext4\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 10 5 5 50% /\n\nE\n',
    )
    await watch.settled(1)
    expect(watch.use).toMatchObject([{ mount: '/', totalBytes: 10240 }])

    clock.advance(300_000)
    watch.look()
    await turn()
    const settled = watch.settled(60_000)
    clock.advance(10_000)
    await settled
    expect(watch.use).toMatchObject([{ mount: '/' }])
    expect(disks.disposed).toBe(true)
    watch.dispose()
    expect(clock.pending).toBe(0)
  })

  test('are asked for every 20 looks, not more often than each minute nor more rarely than each five', async () => {
    const { link, disks, clock } = played()
    const watch = new DiskWatch(link, clock, silentLogger)
    let asked = 0
    const look = async (): Promise<boolean> => {
      const before = disks.heard.length
      watch.look()
      await turn()
      if (disks.heard.length === before) return false
      asked++
      disks.stdout.write('E\n')
      await turn()
      await turn()
      return true
    }
    expect(await look()).toBe(true)
    for (let i = 0; i < 59; i++) {
      clock.advance(1_000)
      expect(await look()).toBe(false)
    }
    clock.advance(1_000)
    expect(await look()).toBe(true)
    for (let i = 0; i < 19; i++) {
      clock.advance(15_000)
      expect(await look()).toBe(false)
    }
    clock.advance(15_000)
    expect(await look()).toBe(true)
    clock.advance(300_000)
    expect(await look()).toBe(true)
    expect(asked).toBe(4)
    watch.dispose()
  })
})

test('control groups as systemctl tells them', () => {
  const text = `Id=a.service
ControlGroup=/system.slice/a.service
+/system.slice/a.service/inner

ControlGroup=
Id=stopped.service

ControlGroup=/own.slice/b.service
Id=b.service
`
  expect([...parseGroups(text)]).toEqual([
    ['a.service', { path: '/system.slice/a.service', below: ['/system.slice/a.service/inner'] }],
    ['b.service', { path: '/own.slice/b.service', below: [] }],
  ])
})

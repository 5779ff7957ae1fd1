// Proves that much data comes fast over a long line and that a reader who pauses costs one window; must not know what the data is.
import { describe, expect, it } from 'vitest'
import { wideWindow } from '../../../src/engine/remote/wide-window.ts'
import { createTcpProxy } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { out, ready, trusting } from './support.ts'

const host = sharedHost({ suite: 'bookworm' })

describe('a bulk command', () => {
  it('reads at least twice as fast as another over a long line', async () => {
    await using proxy = await createTcpProxy({ target: host(), delayMs: 200 })
    const link = await ready(host(), { address: proxy.address, port: proxy.port, keys: await trusting(host(), proxy) })
    const rate = async (bulk: boolean, bytes: number): Promise<number> => {
      const process = await link.spawn(['head', '-c', String(bytes), '/dev/zero'], { bulk })
      process.stdin.end()
      const from = performance.now()
      let got = 0
      for await (const chunk of process.stdout) got += (chunk as Buffer).length
      expect(got).toBe(bytes)
      expect(await process.ended).toMatchObject({ exit: 0, lost: false })
      return bytes / (performance.now() - from)
    }
    // a window each round trip, whatever else this machine does: 2 MiB in 0.4 s against ever more
    const narrow = await rate(false, 40_000_000)
    const wide = await rate(true, 40_000_000)
    expect(wide / narrow).toBeGreaterThan(2)
  })

  it('S7 loses nothing that was sent before its end where something is written after it', async () => {
    const link = await ready(host())
    const process = await link.spawn(['sh', '-c', 'head -c 1500000 /dev/zero; exit 0'], { bulk: true })
    await new Promise(resolve => setTimeout(resolve, 1_000))
    process.stdin.write('too late\n')
    await new Promise(resolve => setTimeout(resolve, 100))
    let got = 0
    for await (const chunk of process.stdout) got += (chunk as Buffer).length
    expect(got).toBe(1_500_000)
    expect(await process.ended).toMatchObject({ exit: 0, lost: false })
  })

  it('S36 that nobody reads fills one window and holds up nobody', async () => {
    const link = await ready(host())
    const before = process.memoryUsage().rss
    const bulk = await link.spawn(['cat', '/dev/zero'], { bulk: true })
    await new Promise(resolve => setTimeout(resolve, 1_000))
    expect(process.memoryUsage().rss - before).toBeLessThan(2 * wideWindow + 32 * 1024 * 1024)
    const from = performance.now()
    expect(out(await link.exec(['echo', 'there']))).toBe('there\n')
    expect(performance.now() - from).toBeLessThan(2_000)
    expect(link.status.state).toBe('ready')
    bulk.dispose()
    await bulk.ended
  })
})

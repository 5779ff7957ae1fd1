// A pipe on a real host that is cut: its programs end, as root too, and neither copies nor secrets stay behind.
import { describe, expect, test } from 'vitest'
import { openHostPipe } from '../../../src/engine/backups/pipe/host-pipe.ts'
import { sqliteSource } from '../../../src/engine/backups/sqlite.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { createTcpProxy } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { link, reached, ready, trusting } from '../remote/support.ts'
import { inContext } from './source-support.ts'

const root = { user: 'deploy', sudo: 'passwordless' } as const

describe.each(['bookworm', 'trixie'] as const)('a pipe of %s that is cut', suite => {
  const host = sharedHost({ suite })
  const sh = async (script: string): Promise<string> => (await host().exec(script)).stdout.trim()
  const left = (): Promise<string> =>
    sh(
      'ps -eo args | grep -E "[q]d-mark|[Q]D_WATCH|[w]hile read -r beat" || true; find / -xdev -name ".quarterdeck-*" 2>/dev/null; ls -A /dev/shm',
    )
  const over = async (proxy: Awaited<ReturnType<typeof createTcpProxy>>) => {
    const at = { address: proxy.address, port: proxy.port }
    const made = await link(host(), { ...root, ...at, keys: await trusting(host(), at) })
    made.start()
    await reached(made, 'ready')
    return made
  }

  test.each([
    ['by the line', true],
    ['by the line, as the login user', false],
    ['by the reader', true],
  ] as const)('%s: nothing of it stays', async (how, sudo) => {
    await using proxy = await createTcpProxy({ target: { address: host().address, port: host().port } })
    const made = await over(proxy)
    const argv = ['sh', '-c', ': qd-mark; while :; do echo y; sleep 0.01; done']
    const context = { link: made, clock: systemClock, signal: new AbortController().signal }
    const secrets = { pass: 'secret' }
    const pipe = await openHostPipe(context, { argv, what: 'It', compression: 'zstd', sudo, secrets })
    pipe.stream.on('error', () => {})
    pipe.stream.resume()
    expect(await left()).not.toBe('')
    if (how === 'by the reader') pipe.stream.destroy()
    else await proxy.cut()
    await expect(pipe.ended).rejects.toMatchObject({ code: how === 'by the reader' ? 'CANCELLED' : 'LINK_LOST' })
    await expect.poll(left, { timeout: 30_000, interval: 200 }).toBe('')
  })

  test('the copy of a database goes with it, and one that was left is swept by the next', async () => {
    const path = '/home/deploy/large.db'
    await sh(
      `rm -f ${path}; runuser -u deploy -- sqlite3 ${path} "CREATE TABLE t (b); INSERT INTO t SELECT randomblob(1000000) FROM generate_series(1, 40)"`,
    )
    // of a pipe that was killed outright: its process is none any more
    await sh('install -d -m 700 -o deploy /home/deploy/.quarterdeck-dump-999999-0123456789abcdef01234567')
    const spec = sqliteSource.spec.parse({ path, copyFirst: true })
    await using proxy = await createTcpProxy({
      target: { address: host().address, port: host().port },
      bytesPerSecond: 2_000_000,
    })
    const made = await over(proxy)
    await inContext(made, async context => {
      const dump = await sqliteSource.dump(context, spec, { compression: 'none' })
      let bytes = 0
      let cut = false
      await expect(
        (async () => {
          for await (const chunk of dump.stream) {
            bytes += (chunk as Buffer).length
            // what was under way still comes after it
            if (bytes > 500_000 && !cut) {
              cut = true
              expect(await sh('ls -d /home/deploy/.quarterdeck-dump-* | wc -l')).toBe('1')
              await proxy.cut()
            }
          }
        })(),
      ).rejects.toMatchObject({ code: 'LINK_LOST' })
      await expect(dump.ended).rejects.toMatchObject({ code: 'LINK_LOST' })
    })
    await expect.poll(left, { timeout: 30_000, interval: 200 }).toBe('')
  })

  test('a disk that is full is told before anything is copied', async () => {
    await host().mountSmallDisk('/home/deploy/small', 8 * 1024 * 1024)
    const path = '/home/deploy/small/a.db'
    await sh(`chown deploy /home/deploy/small; sqlite3 ${path} "CREATE TABLE t (b); INSERT INTO t VALUES (randomblob(5000000))"; chown deploy ${path}
mount -t tmpfs -o size=1m tmpfs /var/tmp; mount -t tmpfs -o size=1m tmpfs /tmp`)
    const made = await ready(host(), root)
    const spec = sqliteSource.spec.parse({ path, copyFirst: true })
    const failed = inContext(made, async context => {
      const dump = await sqliteSource.dump(context, spec, { compression: 'none' })
      dump.stream.on('error', () => {}).resume()
      await dump.ended
    })
    await expect(failed).rejects.toMatchObject({ code: 'DISK_FULL' })
    await sh('umount /tmp /var/tmp')
    expect(await left()).toBe('')
  })
})

// The pipe on this computer, with a real shell: what arrives is what was sent, each failure is told, and all of it ends.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostPipeOptions, openHostPipe, secretLines } from '../../../../src/engine/backups/pipe/host-pipe.ts'
import { feedHost } from '../../../../src/engine/backups/pipe/host-sink.ts'
import { PipeReport } from '../../../../src/engine/backups/pipe/pipe-report.ts'
import { pipeTools } from '../../../../src/engine/backups/pipe/pipe-script.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'

const link = createLocalLink({ clock: systemClock })
beforeAll(() => link.start())
afterAll(() => link.dispose())
const context = (signal = new AbortController().signal) => ({ link, clock: systemClock, signal })
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function pull(options: Partial<HostPipeOptions> & Pick<HostPipeOptions, 'argv'>, signal?: AbortSignal) {
  const pipe = await openHostPipe(context(signal), { what: 'The test', compression: 'none', ...options })
  const chunks: Buffer[] = []
  for await (const chunk of pipe.stream) chunks.push(chunk as Buffer)
  return { bytes: Buffer.concat(chunks), compression: pipe.compression, ...(await pipe.ended) }
}

const sh = (script: string): string[] => ['sh', '-c', script]
const processes = (mark: string): string =>
  execFileSync('sh', ['-c', `ps -eo args | grep -F '${mark}' | grep -vF 'grep ' || true`], { encoding: 'utf8' })

describe('a program whose output comes here', () => {
  test.each(['none', 'gzip', 'zstd', 'auto'] as const)('is hashed on the host as it is sent: %s', async compression => {
    const { bytes, sha256, compression: got } = await pull({ argv: sh('seq 1 200000'), compression })
    const raw = got === 'zstd' ? zstdDecompressSync(bytes) : got === 'gzip' ? gunzipSync(bytes) : bytes
    expect(sha(bytes)).toBe(sha256)
    expect(raw.length).toBe(1_288_895)
    expect(raw.toString().endsWith('200000\n')).toBe(true)
    if (compression === 'none' || compression === 'gzip') expect(got).toBe(compression)
  })

  test('that says nothing is an empty one', async () => {
    expect(await pull({ argv: ['true'] })).toMatchObject({ bytes: Buffer.alloc(0), sha256: sha(Buffer.alloc(0)) })
  })

  test('that fails, is killed or cannot be started fails the stream and the end', async () => {
    await expect(pull({ argv: sh('echo something; echo the reason >&2; exit 3') })).rejects.toThrow(
      /exit 3\): the reason/,
    )
    await expect(pull({ argv: sh('echo something; kill -9 $$') })).rejects.toThrow(/was killed \(signal 9\)/)
    await expect(pull({ argv: ['no-such-program-anywhere'] })).rejects.toThrow(/exit 127/)
    const pipe = await openHostPipe(context(), { what: 'It', compression: 'none', argv: sh('exit 5') })
    pipe.stream.on('error', () => {}).resume()
    await expect(pipe.ended).rejects.toThrow(/It failed \(exit 5\)/)
    expect(await pull({ argv: sh('echo x; exit 1'), accept: [1] })).toMatchObject({ bytes: Buffer.from('x\n') })
  })

  test('tells how much of it was packed while it runs', async () => {
    const argv = sh('head -c 3000000 /dev/zero; sleep 3')
    const pipe = await openHostPipe(context(), { what: 'It', compression: 'gzip', argv })
    pipe.stream.resume()
    expect(pipe.packed()).toBe(null)
    await expect.poll(pipe.packed, { timeout: 20_000 }).toBeGreaterThanOrEqual(3_000_000)
    await pipe.ended
  })

  test('tells facts and why it fails in its own words, and no other program can', async () => {
    const told = await pull({ argv: sh(`${pipeTools}\nsay fact size 4 and more; say fact size 5; echo done`) })
    expect(told.facts).toEqual([
      { key: 'size', value: '4 and more' },
      { key: 'size', value: '5' },
    ])
    const failed = pull({ argv: sh(`${pipeTools}\nfail DISK_FULL "There is no room"`) })
    await expect(failed).rejects.toMatchObject({ code: 'DISK_FULL', message: 'There is no room' })
    const forged = await pull({ argv: sh('echo "0123 fact a b" >&2; echo "0123 fail INTERNAL x" >&2; echo ok') })
    expect(forged.facts).toEqual([])
    expect(forged.said).toContain('0123 fact a b')
  })

  test('gets its secrets in files that nobody else can open, and they are gone afterwards', async () => {
    const script =
      'cat "$QD_PRIVATE/pass"; stat -c "%a %n" "$QD_PRIVATE" "$QD_PRIVATE/pass" >&2; echo "argv $*" >&2; env >&2'
    const { bytes, said } = await pull({ argv: sh(script), secrets: { pass: 'se"cr\\e t$\nsecond' } })
    expect(bytes.toString()).toBe('se"cr\\e t$\nsecond\n')
    expect(said).not.toContain('se"cr')
    const folder = /QD_PRIVATE=(\S+)/.exec(
      (await pull({ argv: sh('env | grep QD_PRIVATE= >&2'), secrets: { pass: 'x' } })).said,
    )?.[1]
    expect(folder).toMatch(/\.quarterdeck-/)
    expect(() => execFileSync('test', ['-e', folder ?? '/'])).toThrow()
    expect(() => secretLines({ '../x': 'y' })).toThrow()
  })

  test('ends as a whole where the reader goes or it is cancelled', async () => {
    const mark = `qd-test-${process.pid}-${Math.floor(performance.now())}`
    const argv = sh(`: ${mark}; while :; do echo ${mark}; sleep 0.01; done`)
    const left = await openHostPipe(context(), { what: 'It', compression: 'none', argv })
    for await (const _ of left.stream) break
    await expect(left.ended).rejects.toMatchObject({ code: 'CANCELLED' })
    const abort = new AbortController()
    const silent = sh(`: ${mark}; sleep 1000`)
    const pipe = await openHostPipe(context(abort.signal), { what: 'It', compression: 'none', argv: silent })
    pipe.stream.on('error', () => {}).resume()
    expect(processes(mark)).not.toBe('')
    abort.abort()
    await expect(pipe.ended).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect.poll(() => processes(mark), { timeout: 20_000 }).toBe('')
  })
})

describe('a program that is fed from here', () => {
  const content = Buffer.from('0123456789\n'.repeat(100_000))
  const input = (): Readable => Readable.from([content.subarray(0, 7), content.subarray(7)], { objectMode: false })

  test('has got what was sent, and its secrets apart from it', async () => {
    const argv = sh('cat "$QD_PRIVATE/key" >&2; sha256sum')
    const end = await feedHost(context(), { argv, what: 'It', input: input(), secrets: { key: 'the key' } })
    expect(end).toMatchObject({ bytes: content.length, sha256: sha(content), exit: 0 })
    expect(end.said).toContain('the key')
    expect(end.said).toContain(sha(content))
  })

  test('that fails or reads no further is told', async () => {
    await expect(feedHost(context(), { argv: sh('echo why >&2; exit 4'), what: 'It', input: input() })).rejects.toThrow(
      /It failed \(exit 4\): why/,
    )
    await expect(feedHost(context(), { argv: sh('head -c 5'), what: 'It', input: input() })).rejects.toThrow()
    // also where most of the input is still to come, which is torn down then
    const long = Readable.from(Array<Buffer>(50).fill(Buffer.alloc(100_000)), { objectMode: false })
    await expect(feedHost(context(), { argv: sh('echo why >&2; exit 4'), what: 'It', input: long })).rejects.toThrow(
      /It failed \(exit 4\): why/,
    )
  })

  test('an input that breaks is why, and not an end', async () => {
    const broken = Readable.from(
      (function* () {
        yield content
        throw new Error('the disk is gone')
      })(),
      { objectMode: false },
    )
    await expect(feedHost(context(), { argv: sh('cat >/dev/null'), what: 'It', input: broken })).rejects.toThrow(
      'the disk is gone',
    )
  })

  test('an input that breaks is told also by a program that is stuck', async () => {
    const broken = Readable.from(
      (async function* () {
        for (let n = 0; n < 50; n++) yield Buffer.alloc(100_000)
        await new Promise(resolve => setTimeout(resolve, 300))
        throw new Error('the disk is gone')
      })(),
      { objectMode: false, highWaterMark: 100_000_000 },
    )
    await expect(feedHost(context(), { argv: sh('exec sleep 4321'), what: 'It', input: broken })).rejects.toThrow(
      'the disk is gone',
    )
    expect(processes('sleep 4321')).toBe('')
  })
})

test('a report is read wherever its chunks are cut', () => {
  const text = `\nn1 start zstd\nwarning: größe\n\nn1 exit dump 0\n\nn1 bytes 12\nn1 sha256 ${'a'.repeat(64)}\n\nn1 end 0\n`
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 3, 7, 1_000]) {
    const report = new PipeReport('n1')
    for (let at = 0; at < bytes.length; at += size) report.take(bytes.subarray(at, at + size))
    expect(report.report).toMatchObject({ start: 'zstd', bytes: 12, sha256: 'a'.repeat(64), ended: true })
    expect(report.report.exits.get('dump')).toBe(0)
    expect(report.said()).toBe('warning: größe')
  }
})

// Proves that a journal comes through every compressor whole, and that each way of ending is told from the others (semantics 7, 36).
import type { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Compressor, type ExportEnd, runExport } from '../../../../src/engine/collector/journal-process.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import { entryFields } from '../../../../src/engine/parse/journal-entry.ts'
import type { Link, RemoteProcess } from '../../../../src/engine/ports.ts'
import { distros, fixturePath } from '../parse/fixtures.ts'

interface Outcome {
  readonly count: number
  readonly end: ExportEnd
}

async function run(
  argv: readonly string[],
  options: { compressor?: Compressor; link?: Link; signal?: AbortSignal; stopAfter?: number } = {},
): Promise<Outcome> {
  const { compressor = 'none', link = createLocalLink({ clock: systemClock }), signal, stopAfter } = options
  let count = 0
  const steps = runExport(link, { argv, fields: entryFields, sudo: false, compressor, signal }, () => count++)
  for (;;) {
    const step = await steps.next()
    if (step.done) return { count, end: step.value }
    if (stopAfter !== undefined && count >= stopAfter) {
      await steps.return({ exit: null, stderr: 'stopped' })
      return { count, end: { exit: null, stderr: 'stopped' } }
    }
  }
}

/** A link on which what is spawned is lost, as on a cut wire, as soon as it said something. */
function losing(): Link {
  const link = createLocalLink({ clock: systemClock })
  const spawn = link.spawn.bind(link)
  link.spawn = async (argv, options): Promise<RemoteProcess> => {
    const child = await spawn(argv, options)
    child.stdout.once('data', () => setTimeout(() => child.dispose(), 10))
    return { ...child, ended: child.ended.then(() => ({ exit: null, signal: null, lost: true })) }
  }
  return link
}

test('S36 bytes that are no journal are said to be so, though ending the program ends its channel', async () => {
  await expect(run(['yes', 'no sign'], { link: losing() })).rejects.toMatchObject({ code: 'PROTOCOL' })
})

const recorded = fixturePath('debian-12', 'journal.export')

describe.each(['none', 'gzip', 'zstd'] satisfies Compressor[])('%s', compressor => {
  test.each(distros)('%s comes through whole', async distro => {
    const { count, end } = await run(['cat', fixturePath(distro, 'journal.export')], { compressor })
    expect(count).toBeGreaterThan(15)
    expect(end).toEqual({ exit: 0, stderr: '' })
  })

  test("the program's own exit and words are known", async () => {
    const { end } = await run(['sh', '-c', 'echo No such thing >&2; exit 9'], { compressor })
    expect(end.exit).toBe(9)
    expect(end.stderr).toContain('No such thing')
  })

  test('S7 a link that is lost in the middle is LINK_LOST, not an end', async () => {
    const script = 'while :; do cat "$1"; done'
    const work = run(['sh', '-c', script, 'sh', recorded], { compressor, link: losing() })
    await expect(work).rejects.toMatchObject({ code: 'LINK_LOST' })
  })

  test('an abort is CANCELLED, leaving early ends the program', async () => {
    const script = 'while :; do cat "$1"; done'
    const abort = new AbortController()
    const work = run(['sh', '-c', script, 'sh', recorded], { compressor, signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    const { count } = await run(['sh', '-c', script, 'quarterdeck-early', recorded], { compressor, stopAfter: 10 })
    expect(count).toBeGreaterThanOrEqual(10)
    const link = createLocalLink({ clock: systemClock })
    const left = async (): Promise<string> =>
      Buffer.from((await link.exec(['sh', '-c', "ps -eo args= | grep -c '[q]uarterdeck-early' || true"])).stdout)
        .toString()
        .trim()
    await expect.poll(left, { timeout: 20_000 }).toBe('0')
  })

  test('S36 nonsense is PROTOCOL', async () => {
    const work = run(['sh', '-c', 'printf "MESSAGE\\n\\377\\377\\377\\377\\377\\377\\377\\377"; sleep 0.1'], {
      compressor,
    })
    await expect(work).rejects.toMatchObject({ code: 'PROTOCOL' })
  })
})

test('S36 what was compressed and is no such thing is PROTOCOL', async () => {
  const link = createLocalLink({ clock: systemClock })
  const spawn = link.spawn.bind(link)
  link.spawn = (_, options) => spawn(['sh', '-c', 'echo not a frame; echo quarterdeck-exit 0 >&2'], options)
  for (const compressor of ['gzip', 'zstd'] as const)
    await expect(run(['true'], { compressor, link })).rejects.toMatchObject({ code: 'PROTOCOL' })
})

test('a reader that is slow holds the host back', async () => {
  const link = createLocalLink({ clock: systemClock })
  let sent = 0
  const spawn = link.spawn.bind(link)
  link.spawn = async (argv, options) => {
    const child = await spawn(argv, options)
    const stdout = child.stdout as Readable
    const push = stdout.push.bind(stdout)
    stdout.push = (chunk: Buffer | null) => {
      sent += chunk?.length ?? 0
      return push(chunk)
    }
    return child
  }
  const flood = ['sh', '-c', 'while :; do cat "$1"; done', 'sh', recorded]
  const steps = runExport(
    link,
    { argv: flood, fields: entryFields, sudo: false, compressor: 'none', signal: undefined },
    () => {},
  )
  await steps.next()
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(sent).toBeGreaterThan(0)
  expect(sent).toBeLessThan(1024 * 1024)
  await steps.return({ exit: null, stderr: '' })
})

// Semantics 33 on the stream: nothing of a hostile archive goes through from the entry that is refused, wherever the chunks are cut.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SampleHashes, type TarEntry, TarGuard } from '../../../../src/engine/backups/pipe/tar-guard.ts'
import { type Member, pax, tarOf } from './tar.ts'

interface Through {
  readonly out: Buffer
  readonly entries: TarEntry[]
  readonly contents: Map<string, string>
  readonly error: string | null
}

async function through(archive: Buffer, cut: (left: number) => number, storedBytes = archive.length): Promise<Through> {
  const entries: TarEntry[] = []
  const contents = new Map<string, string>()
  const out: Buffer[] = []
  const guard = new TarGuard({
    storedBytes,
    onEntry: entry => void entries.push(entry),
    onContent: (entry, chunk) =>
      void contents.set(entry.path, `${contents.get(entry.path) ?? ''}${Buffer.from(chunk)}`),
  })
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < archive.length; ) {
      const size = Math.max(1, cut(archive.length - at))
      yield archive.subarray(at, at + size)
      at += size
    }
  }
  const sink = new Writable({
    write(chunk, _encoding, done) {
      out.push(chunk)
      done()
    },
  })
  let error: string | null = null
  try {
    await pipeline(Readable.from(pieces(), { objectMode: false }), guard, sink)
  } catch (caught) {
    if (!(caught instanceof Error && 'code' in caught && caught.code === 'BACKUP_BAD')) throw caught
    error = caught.message
  }
  return { out: Buffer.concat(out), entries, contents, error }
}

const whole = (left: number): number => left
const good: Member[] = [
  { path: './', type: '5', mode: 0o755 },
  { path: './bot.py', content: 'print("hi")' },
  { path: './data', type: '5', mode: 0o2775 },
  { path: './data/x', content: 'y'.repeat(1300) },
  { path: './data/link', type: '2', target: '../bot.py' },
  { path: './data/same', type: '1', target: './bot.py' },
]

const hostile: readonly (readonly [string, readonly Member[]])[] = [
  ['an absolute path', [{ path: '/etc/passwd', content: 'root' }]],
  ['a path that goes up', [{ path: './../../etc/passwd', content: 'root' }]],
  ['a path that goes up in the middle', [{ path: 'a/../../b', content: 'x' }]],
  ['an absolute link', [{ path: 'l', type: '2', target: '/etc' }]],
  ['a link that goes up', [{ path: 'a/l', type: '2', target: '../../etc' }]],
  ['a link that goes down and up', [{ path: 'l', type: '2', target: 'a/../../etc' }]],
  [
    'a file behind a link inside',
    [
      { path: 'd', type: '5' },
      { path: 'l', type: '2', target: 'd' },
      { path: 'l/x', content: 'x' },
    ],
  ],
  [
    'a file in the place of a link',
    [
      { path: 'l', type: '2', target: 'x' },
      { path: './l', content: 'x' },
    ],
  ],
  ['a hard link to an absolute path', [{ path: 'h', type: '1', target: '/etc/shadow' }]],
  ['a hard link that goes up', [{ path: 'h', type: '1', target: '../shadow' }]],
  ['a hard link to what is not in it', [{ path: 'h', type: '1', target: 'shadow' }]],
  [
    'a hard link to a link',
    [
      { path: 'l', type: '2', target: 'x' },
      { path: 'h', type: '1', target: 'l' },
    ],
  ],
  ['a character device', [{ path: 'null', type: '3' }]],
  ['a block device', [{ path: 'sda', type: '4' }]],
  ['a pipe', [{ path: 'p', type: '6' }]],
  ['an unknown kind', [{ path: 'p', type: 'Z' }]],
  ['a setuid file', [{ path: 'su', mode: 0o4755, content: 'x' }]],
  ['a setgid file', [{ path: 'su', mode: 0o2755, content: 'x' }]],
  ['a setuid folder', [{ path: 'su', type: '5', mode: 0o4755 }]],
  ['a sparse file', [{ path: 's', type: 'S', content: 'x' }]],
  ['a sparse file of pax', [pax({ 'GNU.sparse.name': '../x' }), { path: 's', content: 'x' }]],
  ['a header for all', [pax({ path: '../x' }, 'g'), { path: 's', content: 'x' }]],
  ['a path of pax that goes up', [pax({ path: '../../x' }), { path: 'innocent', content: 'x' }]],
  ['a link of pax that goes out', [pax({ linkpath: '/etc' }), { path: 'l', type: '2', target: 'inside' }]],
  [
    'a long name that goes up',
    [
      { path: '@LongLink', type: 'L', content: `${'a/'.repeat(60)}../../x\0` },
      { path: 'x', content: 'x' },
    ].map((member, at) => (at === 0 ? { ...member, content: `${'../'.repeat(60)}x\0` } : member)),
  ],
  ['a folder with content', [{ path: 'd', type: '5', content: 'x'.repeat(600) }]],
  ['an empty name', [{ path: '', content: 'x' }]],
  ['a newline in a name', [pax({ path: 'a\nb' }), { path: 'a', content: 'x' }]],
]

describe('the guard of archives', () => {
  test('lets a good one through unchanged and tells what is in it', async () => {
    const archive = tarOf(good)
    const { out, entries, contents, error } = await through(archive, whole)
    expect(error).toBeNull()
    expect(out.equals(archive)).toBe(true)
    expect(entries.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'folder ',
      'file bot.py',
      'folder data',
      'file data/x',
      'link data/link',
      'hard-link data/same',
    ])
    expect(contents.get('data/x')).toBe('y'.repeat(1300))
  })

  test.each(hostile)('S33 %s is refused before a byte of it goes on', async (_name, members) => {
    const before = tarOf(good, { end: false })
    const archive = Buffer.concat([before, tarOf(members)])
    for (const cut of [whole, () => 1, () => 512, () => 700]) {
      const { out, error, contents } = await through(archive, cut)
      expect(error).toMatch(/refused/)
      // what went on is a beginning of the archive that ends before the entry that is refused
      expect(archive.subarray(0, out.length).equals(out)).toBe(true)
      const last = members[members.length - 1]
      const content = typeof last?.content === 'string' ? last.content : ''
      expect(out.length).toBeLessThanOrEqual(archive.length - 1024 - Math.ceil(content.length / 512) * 512 - 512)
      expect([...contents.keys()].every(path => good.some(member => member.path.endsWith(path)))).toBe(true)
    }
  })

  test('S33 a bomb is refused by what it unpacks to', async () => {
    const archive = tarOf([{ path: 'zeros', content: Buffer.alloc(80 * 1024 * 1024) }])
    const stored = zstdCompressSync(archive, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length
    const bombed = await through(archive, () => 65_536, stored)
    expect(bombed.error).toMatch(/200 times/)
    expect(bombed.out.length).toBeLessThan(66 * 1024 * 1024)
    expect((await through(archive, () => 65_536, archive.length / 100)).error).toBeNull()
  })

  test('one that ends too early, at any byte, is bad', async () => {
    const archive = tarOf(good)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: archive.length - 1024 + 511 }), async length => {
        expect((await through(archive.subarray(0, length), whole)).error).not.toBeNull()
      }),
      { numRuns: 60 },
    )
  })

  test('a header with one bit turned is bad', async () => {
    const archive = tarOf(good)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 511 }), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const turned = Buffer.from(archive)
        turned[at] = (turned[at] ?? 0) ^ (1 << bit)
        const { error } = await through(turned, whole)
        // of the checksum's own field the last bytes (NUL and blank) carry nothing
        if (at < 154 || at > 155) expect(error).not.toBeNull()
      }),
      { numRuns: 100 },
    )
  })

  test('the chunks may be cut anywhere', async () => {
    const archive = tarOf([
      ...good,
      pax({ path: `${'long/'.repeat(60)}name` }),
      { path: 'short', content: 'z'.repeat(900) },
    ])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 20 }), async sizes => {
        let at = 0
        const { out, error, contents } = await through(archive, () => sizes[at++ % sizes.length] ?? 1)
        expect(error).toBeNull()
        expect(out.equals(archive)).toBe(true)
        expect(contents.get(`${'long/'.repeat(60)}name`)).toBe('z'.repeat(900))
      }),
      { numRuns: 40 },
    )
  })

  test('what GNU tar writes is read as it meant it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-tar-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const long = join('d'.repeat(90), 'e'.repeat(90), 'f'.repeat(90))
    mkdirSync(join(folder, long), { recursive: true })
    writeFileSync(join(folder, long, 'größe.txt'), 'x'.repeat(10_000))
    symlinkSync(`../${'e'.repeat(90)}/${'f'.repeat(90)}/größe.txt`, join(folder, 'd'.repeat(90), 'e'.repeat(90), 'up'))
    for (const format of ['gnu', 'posix']) {
      const archive = execFileSync('tar', ['-cf', '-', `--format=${format}`, '-C', folder, '.'], {
        maxBuffer: 1e8,
      }).subarray()
      const { entries, contents, error } = await through(archive, () => 1_000)
      expect(error).toBeNull()
      expect(entries.find(({ kind }) => kind === 'file')?.path).toBe(`${long}/größe.txt`)
      expect(contents.get(`${long}/größe.txt`)).toBe('x'.repeat(10_000))
      expect(entries.find(({ kind }) => kind === 'link')?.target).toMatch(/größe\.txt$/)
    }
  })

  test('a sample stays small and spread', () => {
    const sample = new SampleHashes(10)
    for (let at = 0; at < 1_000; at++) {
      const entry = { path: `f${at}`, kind: 'file' } as TarEntry
      sample.entry(entry)
      sample.content(Buffer.from(String(at)))
      sample.end(entry)
    }
    expect(sample.hashes.size).toBeGreaterThan(4)
    expect(sample.hashes.size).toBeLessThanOrEqual(10)
    expect([...sample.hashes.keys()].some(path => Number(path.slice(1)) > 500)).toBe(true)
  })
})

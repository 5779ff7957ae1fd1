// Proves that a dump is stored whole or not at all, at each of its places, packed and hashed as the manifest will say; needs no host.
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { passphraseDecryptor, passphraseEncryptor } from '../../../../../src/engine/lib/bulk/age.ts'
import { type Compression, packer } from '../../../../../src/engine/lib/bulk/compression.ts'
import { openPacked, openRaw, rehash, type Stored } from '../../../../../src/engine/lib/bulk/open-stored.ts'
import { type BulkWriter, type TransferOptions, transfer } from '../../../../../src/engine/lib/bulk/transfer.ts'
import { ManualClock, systemClock } from '../../../../../src/engine/lib/clock.ts'
import { AppError } from '../../../../../src/shared/errors.ts'

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const raw = Buffer.concat([Buffer.alloc(700_000, 'abcdefg'), randomBytes(1_500_000)])
const pack = { zstd: zstdCompressSync, gzip: gzipSync, none: (bytes: Buffer) => bytes }
const unpack = { zstd: zstdDecompressSync, gzip: gunzipSync, none: (bytes: Buffer) => bytes }

class MemoryWriter implements BulkWriter {
  readonly #chunks: Buffer[] = []
  finished: { bytes: number; sha256: string } | null = null
  aborted = false
  failAt = Number.POSITIVE_INFINITY

  get content(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.content.length + chunk.length > this.failAt) throw new AppError('DISK_FULL', 'The disk is full')
    this.#chunks.push(Buffer.from(chunk))
  }

  async finish(expected: { bytes: number; sha256: string }): Promise<void> {
    this.finished = expected
  }

  async abort(): Promise<void> {
    this.aborted = true
  }
}

function chunks(bytes: Buffer, size = 32_000): Readable {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size))
  return Readable.from(parts, { objectMode: false })
}

const whole = { bytes: raw.length, sha256: sha(raw) }
const packed = { zstd: pack.zstd(raw), gzip: pack.gzip(raw), none: raw }
const sent = (compression: Compression) => ({ sha256: sha(packed[compression]) })
type Sent = ReturnType<typeof sent>
const options = (
  compression: Compression,
  writers: BulkWriter[],
  over: Partial<TransferOptions<Sent>> = {},
): TransferOptions<Sent> => ({
  source: chunks(packed[compression]),
  compression,
  want: compression,
  encrypt: null,
  rawToo: false,
  writers,
  bytesPerSecond: null,
  ended: Promise.resolve(sent(compression)),
  clock: systemClock,
  signal: new AbortController().signal,
  ...over,
})

describe('transfer', () => {
  for (const compression of ['zstd', 'gzip', 'none'] as const)
    for (const want of ['zstd', 'gzip', 'none'] as const)
      it(`S29 stores ${compression} as ${want}, counted and hashed both ways`, async () => {
        const writer = new MemoryWriter()
        const result = await transfer(options(compression, [writer], { want }))
        expect(Buffer.from(unpack[want](writer.content)).equals(raw)).toBe(true)
        expect(result).toMatchObject({ bytes: writer.content.length, sha256: sha(writer.content) })
        // what only passes by packed is unpacked where that is asked for, and else not
        expect(result.raw).toEqual(compression === want && compression !== 'none' ? null : whole)
        const rawToo = await transfer(options(compression, [new MemoryWriter()], { want, rawToo: true }))
        expect(rawToo.raw).toEqual(whole)
        expect(writer.finished).toEqual({ bytes: result.bytes, sha256: result.sha256 })
        expect(result.failed.size).toBe(0)
      })

  it('S29 encrypts before anything is written, and what was stored opens with the key alone', async () => {
    const writer = new MemoryWriter()
    const encrypt = passphraseEncryptor('swordfish')
    const done = await transfer(options('zstd', [writer], { encrypt }))
    expect(writer.content.includes('abcdefgabcdefg')).toBe(false)
    expect(done).toMatchObject({ bytes: writer.content.length, sha256: sha(writer.content), raw: null })
    const opened = async (passphrase: string, content: Buffer): Promise<Buffer> => {
      const decrypt = passphraseDecryptor(passphrase)
      const stored = {
        ...done,
        raw: whole,
        name: 'app.db',
        compression: 'zstd' as const,
        decrypt,
        read: async () => chunks(content),
      }
      const parts: Buffer[] = []
      for await (const chunk of await openRaw(stored)) parts.push(chunk as Buffer)
      return Buffer.concat(parts)
    }
    expect((await opened('swordfish', writer.content)).equals(raw)).toBe(true)
    await expect(opened('another', writer.content)).rejects.toMatchObject({ detail: { wrongKey: true } })
    const changed = Buffer.from(writer.content)
    changed[900_000] = (changed[900_000] ?? 0) ^ 1
    await expect(opened('swordfish', changed)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
  })

  it('goes on for the others where one place fails, and says which', async () => {
    const full = new MemoryWriter()
    full.failAt = 600_000
    const other = new MemoryWriter()
    const result = await transfer(options('none', [full, other]))
    expect([...result.failed].map(([index, error]) => [index, error.code])).toEqual([[0, 'DISK_FULL']])
    expect(full).toMatchObject({ aborted: true, finished: null })
    expect(other.content.equals(raw)).toBe(true)
  })

  it('S29 fails with all aborted where no place is left', async () => {
    const writers = [new MemoryWriter(), new MemoryWriter()]
    for (const writer of writers) writer.failAt = 600_000
    const taken = options('none', writers)
    await expect(transfer(taken)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(writers.every(({ aborted, finished }) => aborted && finished === null)).toBe(true)
    expect(taken.source.destroyed).toBe(true)
  })

  it('S29 keeps nothing where the host sent other bytes than arrived', async () => {
    for (const over of [{}, { want: 'gzip' as const }, { encrypt: passphraseEncryptor('swordfish') }]) {
      const writer = new MemoryWriter()
      const ended = Promise.resolve({ sha256: sha(Buffer.from('x')) })
      const failing = transfer(options('zstd', [writer], { ended, ...over }))
      await expect(failing).rejects.toMatchObject({ code: 'BACKUP_BAD' })
      expect(writer).toMatchObject({ aborted: true, finished: null })
    }
  })

  it('S29 keeps nothing where the dump failed after its last byte', async () => {
    const writer = new MemoryWriter()
    const ended = Promise.reject(new AppError('COMMAND_FAILED', 'pg_dump ended with 1'))
    await expect(transfer(options('gzip', [writer], { ended }))).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
    expect(writer).toMatchObject({ aborted: true, finished: null })
  })

  it("says why in the dump's own words where its stream broke for it", async () => {
    const source = new Readable({ read() {} })
    const ended = new Promise<Sent>((_resolve, reject) => {
      setTimeout(() => {
        reject(new AppError('COMMAND_FAILED', 'tar: no space left'))
        source.destroy(new AppError('LINK_LOST', 'gone'))
      }, 5)
    })
    ended.catch(() => {})
    const failing = transfer(options('none', [new MemoryWriter()], { source, ended }))
    await expect(failing).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
  })

  it('S29 keeps nothing of a stream that is cut or broken in the middle, packed or not, packed anew or not', async () => {
    for (const compression of ['zstd', 'gzip', 'none'] as const)
      for (const want of ['zstd', 'gzip', 'none'] as const) {
        const right = packed[compression]
        const flipped = Buffer.from(right)
        flipped[Math.floor(flipped.length / 2)] = (flipped[Math.floor(flipped.length / 2)] ?? 0) ^ 1
        for (const content of [right.subarray(0, right.length - 20_000), flipped]) {
          const writer = new MemoryWriter()
          const over = { want, source: chunks(content), rawToo: content === flipped }
          const failing = transfer(options(compression, [writer], over))
          await expect(failing, `${compression} as ${want}`).rejects.toMatchObject({ code: 'BACKUP_BAD' })
          expect(writer).toMatchObject({ aborted: true, finished: null })
        }
      }
  })

  it('is cancelled at once, also while the source is silent', async () => {
    const cancel = new AbortController()
    const source = new Readable({ read() {} })
    source.push(raw.subarray(0, 100_000))
    const writer = new MemoryWriter()
    const never = new Promise<Sent>(() => {})
    const failing = transfer(options('none', [writer], { source, ended: never, signal: cancel.signal }))
    setTimeout(() => cancel.abort(), 5)
    await expect(failing).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(writer).toMatchObject({ aborted: true, finished: null })
    expect(source.destroyed).toBe(true)
  })

  it('holds to the bandwidth that it was given', async () => {
    const clock = new ManualClock()
    const writer = new MemoryWriter()
    let done = false
    const running = transfer(options('none', [writer], { clock, bytesPerSecond: 100_000 })).then(() => {
      done = true
    })
    let seconds = 0
    while (!done && seconds < 60) {
      await new Promise(resolve => setTimeout(resolve, 2))
      if (clock.pending === 0) continue
      clock.advance(500)
      seconds += 0.5
      // never more than a second's worth ahead of what was allowed
      expect(writer.content.length).toBeLessThanOrEqual(100_000 * (seconds + 1.5))
    }
    await running
    expect(seconds).toBeGreaterThanOrEqual(raw.length / 100_000 - 2)
    expect(clock.pending).toBe(0)
  })

  it('asks for no more than it can pass on', async () => {
    let given = 0
    const source = new Readable({
      highWaterMark: 64 * 1024,
      read() {
        given += 64 * 1024
        this.push(given > 64 * 1024 * 1024 ? null : randomBytes(64 * 1024))
      },
    })
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    const stuck: BulkWriter = { write: () => held, finish: async () => {}, abort: async () => {} }
    const cancel = new AbortController()
    const failing = transfer(options('none', [stuck], { source, want: 'zstd', signal: cancel.signal }))
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(given).toBeLessThan(8 * 1024 * 1024)
    cancel.abort()
    release()
    await expect(failing).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('what was stored, opened again', () => {
  const stored = (compression: Compression, content = Buffer.from(pack[compression](raw)), over = content): Stored => ({
    name: 'app.db',
    bytes: content.length,
    sha256: sha(content),
    raw: whole,
    compression,
    decrypt: null,
    read: async () => chunks(over),
  })
  const all = async (stream: Readable): Promise<Buffer> => {
    const parts: Buffer[] = []
    for await (const chunk of stream) parts.push(chunk as Buffer)
    return Buffer.concat(parts)
  }

  it('is what it was', async () => {
    for (const compression of ['zstd', 'gzip', 'none'] as const) {
      const its = stored(compression)
      expect((await all(await openRaw(its))).equals(raw)).toBe(true)
      expect((await all(await openPacked(its))).equals(Buffer.from(pack[compression](raw)))).toBe(true)
      await rehash(its)
    }
  })

  it('tells what its content is where nobody had seen it', async () => {
    const told: unknown[] = []
    await all(await openRaw({ ...stored('zstd'), raw: null }, undefined, seen => told.push(seen)))
    expect(told).toEqual([whole])
  })

  it('S29 shows each of 200 flipped bits, whichever way it is opened', async () => {
    let found = 0
    for (let n = 0; n < 200; n++) {
      const compression = (['zstd', 'gzip', 'none'] as const)[n % 3] ?? 'none'
      const small = Buffer.concat([Buffer.alloc(20_000, 'row'), randomBytes(20_000)])
      const content = Buffer.from(pack[compression](small))
      const at = Math.floor((content.length * n) / 200)
      const flipped = Buffer.from(content)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (n % 8))
      const its = { ...stored(compression, content, flipped), raw: { bytes: small.length, sha256: sha(small) } }
      const errors = await Promise.allSettled([openRaw(its).then(all), openPacked(its).then(all), rehash(its)])
      if (errors.every(one => one.status === 'rejected' && one.reason.code === 'BACKUP_BAD')) found += 1
    }
    expect(found).toBe(200)
  })

  it('S29 takes no content for whole where a flipped bit ends it early', async () => {
    const packing = packer('zstd')
    if (packing === null) throw new Error('it packs')
    // more than is read ahead, so that its end is not seen before
    const content = Buffer.from(await all(chunks(randomBytes(6_000_000)).pipe(packing)))
    // the first block of the frame says that it is the last one
    const flipped = Buffer.from(content)
    flipped[6] = (flipped[6] ?? 0) ^ 1
    const told: unknown[] = []
    const its = { ...stored('zstd', content, flipped), raw: null }
    const reading = openRaw(its, undefined, seen => told.push(seen)).then(all)
    await expect(reading).rejects.toMatchObject({ code: 'BACKUP_BAD' })
    expect(told).toEqual([])
  })

  it('shows what is too short, too long or unpacks to something else', async () => {
    const content = Buffer.from(pack.zstd(raw))
    for (const its of [
      stored('zstd', content, content.subarray(0, -1)),
      stored('zstd', content, Buffer.concat([content, Buffer.from('x')])),
      { ...stored('zstd'), raw: { ...whole, sha256: sha(content) } },
    ])
      await expect(openRaw(its).then(all)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
  })

  it('lets go of the file where nobody reads on', async () => {
    const source = chunks(raw)
    const opened = await openRaw({ ...stored('none'), read: async () => source })
    opened.destroy()
    await new Promise(resolve => source.once('close', resolve))
    expect(source.destroyed).toBe(true)
  })
})

// Lets a tar archive pass only as far as every entry was judged good (semantics 33), and tells what is in it; unpacks nothing itself.
import { createHash, type Hash } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import { type ArchiveEntry, ArchiveRules, inside, ratioProblem } from '../../domain/archive-rules.ts'
import { readLongName, readPaxRecords, readTarHeader, tarBlock } from '../../parse/tar-header.ts'

export interface TarEntry extends ArchiveEntry {
  /** Without `./`; '' is the root. */
  readonly path: string
  readonly uid: number
  readonly gid: number
  readonly modifiedAt: number
}

export interface TarGuardOptions {
  /** As it lies on the target: what it unpacks to is measured by it. */
  readonly storedBytes: number
  onEntry?(entry: TarEntry): void
  /** Chunks of a file's content, between its entry and the next one. */
  onContent?(entry: TarEntry, chunk: Uint8Array): Promise<void> | undefined
  onContentEnd?(entry: TarEntry): Promise<void> | undefined
}

/** What a header before it says of an entry. */
interface Overrides {
  path?: string
  target?: string
  size?: number
  uid?: number
  gid?: number
  modifiedAt?: number
}

/** A pax header or long name larger than this is no name. */
const mostMeta = 1024 * 1024

/**
 * The archive goes through unchanged. A block that is not judged yet is held back, so that who unpacks behind it never sees an entry that is
 * refused; then the stream fails with BACKUP_BAD. It fails as well where the archive ends too early.
 */
export class TarGuard extends Transform {
  readonly #options: TarGuardOptions
  readonly #rules = new ArchiveRules()
  #held: Buffer = Buffer.alloc(0)
  /** Bytes of content still to come, and the padding behind them. */
  #content = 0
  #padding = 0
  #entry: TarEntry | null = null
  #meta: { type: string; chunks: Buffer[] } | null = null
  #next: Overrides = {}
  #zeros = 0
  #waiting: Promise<void>[] = []
  #raw = 0
  files = 0
  folders = 0

  constructor(options: TarGuardOptions) {
    super({ highWaterMark: 1024 * 1024 })
    this.#options = options
  }

  get entries(): number {
    return this.#rules.entries
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#raw += chunk.length
    try {
      const ratio = ratioProblem(this.#raw, this.#options.storedBytes)
      if (ratio !== null) throw refused(ratio)
      this.#take(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]))
      if (this.#waiting.length === 0) {
        done()
        return
      }
      const waiting = Promise.all(this.#waiting)
      this.#waiting = []
      waiting.then(
        () => done(),
        error => done(AppError.from(error)),
      )
    } catch (error) {
      done(AppError.from(error))
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#content > 0 || this.#padding > 0 || this.#held.length > 0 || this.#zeros < 2 || this.#meta !== null)
      done(new AppError('BACKUP_BAD', 'The archive ends in the middle'))
    else done()
  }

  #take(bytes: Buffer): void {
    let at = 0
    const pass = (until: number): void => {
      if (until > at) this.push(bytes.subarray(at, until))
      at = until
    }
    while (at < bytes.length) {
      if (this.#content > 0) {
        const end = Math.min(bytes.length, at + this.#content)
        const part = bytes.subarray(at, end)
        this.#content -= part.length
        if (this.#meta !== null) this.#meta.chunks.push(Buffer.from(part))
        else if (this.#entry !== null) this.#wait(this.#options.onContent?.(this.#entry, part))
        pass(end)
        if (this.#content === 0) this.#contentDone()
        continue
      }
      if (this.#padding > 0) {
        const end = Math.min(bytes.length, at + this.#padding)
        this.#padding -= end - at
        pass(end)
        continue
      }
      if (bytes.length - at < tarBlock) break
      this.#header(bytes.subarray(at, at + tarBlock))
      pass(at + tarBlock)
    }
    this.#held = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at))
  }

  #wait(work: Promise<void> | undefined): void {
    if (work !== undefined) this.#waiting.push(work)
  }

  #header(block: Buffer): void {
    const read = readTarHeader(block)
    if (typeof read === 'string') throw new AppError('BACKUP_BAD', read)
    if (read === null) {
      this.#zeros++
      return
    }
    if (this.#zeros > 0) throw refused('It goes on behind its end')
    if (read.type === 'g') throw refused('It has a header that changes all entries')
    if (read.type === 'x' || read.type === 'L' || read.type === 'K') {
      if (read.size > mostMeta) throw refused('A name in it is too long')
      this.#meta = { type: read.type, chunks: [] }
      this.#expect(read.size)
      return
    }
    const header = { ...read, ...this.#next }
    this.#next = {}
    const reason = this.#rules.judge(header)
    if (reason !== null) throw refused(reason)
    const entry: TarEntry = {
      path: inside(header.path) ?? '',
      kind: header.kind,
      mode: header.mode,
      size: header.size,
      target: header.target,
      uid: header.uid,
      gid: header.gid,
      modifiedAt: header.modifiedAt,
    }
    if (entry.kind === 'folder') this.folders++
    else this.files++
    this.#entry = entry
    this.#options.onEntry?.(entry)
    this.#expect(entry.kind === 'file' ? entry.size : 0)
  }

  #expect(size: number): void {
    this.#content = size
    this.#padding = (tarBlock - (size % tarBlock)) % tarBlock
    if (size === 0) this.#contentDone()
  }

  #contentDone(): void {
    const meta = this.#meta
    if (meta === null) {
      if (this.#entry !== null) this.#wait(this.#options.onContentEnd?.(this.#entry))
      this.#entry = null
      return
    }
    this.#meta = null
    const content = Buffer.concat(meta.chunks)
    if (meta.type === 'L') this.#next = { ...this.#next, path: readLongName(content) }
    else if (meta.type === 'K') this.#next = { ...this.#next, target: readLongName(content) }
    else this.#pax(content)
  }

  #pax(content: Buffer): void {
    const records = readPaxRecords(content)
    if (records === null) throw new AppError('BACKUP_BAD', 'A header of the archive is malformed')
    const next = { ...this.#next }
    for (const [key, value] of records) {
      if (key === 'path') next.path = value
      else if (key === 'linkpath') next.target = value
      else if (key === 'size' || key === 'uid' || key === 'gid') {
        const number = Number(value)
        if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) throw refused('A size in it cannot be read')
        next[key] = number
      } else if (key === 'mtime') next.modifiedAt = Math.floor(Number(value) * 1_000)
      // its real name and size stand elsewhere, so that what was judged would not be what is unpacked
      else if (key.startsWith('GNU.sparse.')) throw refused('It holds a sparse file')
    }
    this.#next = next
  }
}

const refused = (why: string): AppError => new AppError('BACKUP_BAD', `The archive is refused: ${why}`)

/** Hashes of an evenly spread sample of the files that pass, at most `most`, by path. */
export class SampleHashes {
  readonly hashes = new Map<string, string>()
  readonly #most: number
  #step = 1
  #seen = 0
  #hash: Hash | null = null

  constructor(most: number) {
    this.#most = most
  }

  entry(entry: TarEntry): void {
    this.#hash = entry.kind === 'file' && this.#seen++ % this.#step === 0 ? createHash('sha256') : null
  }

  content(chunk: Uint8Array): void {
    this.#hash?.update(chunk)
  }

  end(entry: TarEntry): void {
    if (this.#hash === null) return
    this.hashes.set(entry.path, this.#hash.digest('hex'))
    this.#hash = null
    if (this.hashes.size <= this.#most) return
    this.#step *= 2
    let at = 0
    for (const path of [...this.hashes.keys()]) if (at++ % 2 === 1) this.hashes.delete(path)
  }
}

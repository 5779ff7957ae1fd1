// Reads pg_dump's custom format as it streams by: what is in it, and whether every block that its list names is there; knows no server and no file.

/** What pg_dump's list of contents says of one object. */
export interface PgArchiveEntry {
  readonly id: number
  readonly hasData: boolean
  readonly tag: string
  /** `TABLE`, `TABLE DATA`, `FUNCTION` … */
  readonly kind: string
  readonly schema: string
  readonly owner: string
  /** `COPY public.trades (id, price) FROM stdin;`, for a table's data. */
  readonly copy: string
}

export interface PgArchiveHead {
  /** Of the format: `1.14`. */
  readonly format: string
  readonly compressed: boolean
  readonly database: string
  readonly serverVersion: string
  readonly dumpVersion: string
  readonly entries: readonly PgArchiveEntry[]
}

/** What is told while an archive streams by; `data` gets a table's bytes, in as many pieces as it likes. */
export interface PgArchiveSink {
  head?(head: PgArchiveHead): void
  begin?(entry: PgArchiveEntry): void
  data?(entry: PgArchiveEntry, bytes: Uint8Array): void
  end?(entry: PgArchiveEntry): void
}

/** It is no archive that pg_restore could read; the message says why. */
export class PgArchiveError extends Error {}

/** It may well be a good one, of a format that is not known here. */
export class PgArchiveUnknown extends PgArchiveError {}

/** The list of contents is held in memory until it is whole; larger ones than this belong to no database that a person has. */
const mostHead = 32 * 1024 * 1024
/** The newest format whose layout is known here: what PostgreSQL 17 and 18 write. */
const newest = 16
const oldest = 12

const blockOfData = 1
const blockOfBlobs = 3

class NotEnough extends Error {}

/** Feed it the archive in pieces of any size, then call `end`. Throws PgArchiveError as soon as something is wrong, PgArchiveUnknown for a newer format. */
export class PgArchiveReader {
  readonly #sink: PgArchiveSink
  #held: Uint8Array[] = []
  #heldBytes = 0
  #tryAt = 4096
  #head: PgArchiveHead | null = null
  #intSize = 4
  #byId = new Map<number, PgArchiveEntry>()
  readonly #missing = new Set<number>()
  #state: 'type' | 'id' | 'length' | 'body' | 'blob' = 'type'
  #blobs = false
  #entry: PgArchiveEntry | null = null
  #left = 0
  // a number that is split over two pieces
  #taken = 0
  #negative = false
  #value = 0

  constructor(sink: PgArchiveSink = {}) {
    this.#sink = sink
  }

  get head(): PgArchiveHead | null {
    return this.#head
  }

  feed(chunk: Uint8Array): void {
    if (this.#head !== null) {
      this.#blocks(chunk)
      return
    }
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#tryAt) return
    this.#tryHead()
    this.#tryAt = this.#heldBytes * 2
  }

  /** Nothing follows. */
  end(): void {
    if (this.#head === null) this.#tryHead()
    if (this.#head === null) throw new PgArchiveError('It ends within its list of contents')
    if (this.#state !== 'type') throw new PgArchiveError(`It ends within ${nameOf(this.#entry)}`)
    const [first] = this.#missing
    if (first === undefined) return
    const more = this.#missing.size === 1 ? '' : ` and ${this.#missing.size - 1} more`
    throw new PgArchiveError(`It ends before ${nameOf(this.#byId.get(first) ?? null)}${more}`)
  }

  #tryHead(): void {
    const bytes = joined(this.#held, this.#heldBytes)
    this.#held = [bytes]
    try {
      const { head, length, intSize } = readHead(bytes)
      this.#head = head
      this.#intSize = intSize
      for (const entry of head.entries) {
        this.#byId.set(entry.id, entry)
        if (entry.hasData) this.#missing.add(entry.id)
      }
      this.#held = []
      this.#sink.head?.(head)
      this.#blocks(bytes.subarray(length))
    } catch (caught) {
      if (!(caught instanceof NotEnough)) throw caught
      if (this.#heldBytes > mostHead) throw new PgArchiveError('Its list of contents is larger than any database has')
    }
  }

  /** One more byte of a number; true where it is whole. */
  #number(byte: number): boolean {
    if (this.#taken === 0) {
      this.#negative = byte !== 0
      this.#value = 0
    } else this.#value += byte * 2 ** (8 * (this.#taken - 1))
    this.#taken++
    if (this.#taken <= this.#intSize) return false
    this.#taken = 0
    if (this.#negative) this.#value = -this.#value
    return true
  }

  #blocks(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'body') {
        const piece = chunk.subarray(at, Math.min(chunk.length, at + this.#left))
        at += piece.length
        this.#left -= piece.length
        if (this.#entry !== null) this.#sink.data?.(this.#entry, piece)
        if (this.#left === 0) this.#state = 'length'
        continue
      }
      const byte = chunk[at++] ?? 0
      if (this.#state === 'type') {
        if (byte !== blockOfData && byte !== blockOfBlobs)
          throw new PgArchiveError(`A block of kind ${byte} is unknown`)
        this.#blobs = byte === blockOfBlobs
        this.#state = 'id'
      } else if (this.#number(byte)) this.#took(this.#value)
    }
  }

  #took(value: number): void {
    if (this.#state === 'id') {
      const entry = this.#byId.get(value)
      if (entry === undefined || !this.#missing.delete(value))
        throw new PgArchiveError(`A block belongs to number ${value}, which its list does not name`)
      this.#entry = entry
      this.#sink.begin?.(entry)
      this.#state = this.#blobs ? 'blob' : 'length'
    } else if (this.#state === 'blob') {
      if (value === 0) this.#done()
      else this.#state = 'length'
    } else if (value > 0) {
      this.#left = value
      this.#state = 'body'
    } else if (value < 0) throw new PgArchiveError(`${nameOf(this.#entry)} has a piece of negative length`)
    else if (this.#blobs) this.#state = 'blob'
    else this.#done()
  }

  #done(): void {
    if (this.#entry !== null) this.#sink.end?.(this.#entry)
    this.#entry = null
    this.#state = 'type'
  }
}

/** `schema.table`, as the rest of the engine names tables. */
export const tableName = (entry: Pick<PgArchiveEntry, 'schema' | 'tag'>): string =>
  entry.schema === '' ? entry.tag : `${entry.schema}.${entry.tag}`

const nameOf = (entry: PgArchiveEntry | null): string =>
  entry === null ? 'a block' : `${entry.kind.toLowerCase()} of ${tableName(entry)}`

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

function readHead(bytes: Uint8Array): { head: PgArchiveHead; length: number; intSize: number } {
  const decoder = new TextDecoder()
  let at = 0
  const byte = (): number => {
    const value = bytes[at]
    if (value === undefined) throw new NotEnough()
    at++
    return value
  }
  for (const letter of 'PGDMP')
    if (byte() !== letter.charCodeAt(0)) throw new PgArchiveError('It is no dump in the custom format of pg_dump')
  const major = byte()
  const minor = byte()
  byte()
  if (major < 1 || (major === 1 && minor < oldest))
    throw new PgArchiveError(`Its format is ${major}.${minor}, older than any pg_dump of today writes`)
  if (major > 1 || minor > newest)
    throw new PgArchiveUnknown(
      `pg_dump wrote the format ${major}.${minor}, and this version of Quarterdeck reads 1.${oldest} to 1.${newest}`,
    )
  const intSize = byte()
  const offsetSize = byte()
  if (intSize < 1 || intSize > 8 || offsetSize < 1 || offsetSize > 8)
    throw new PgArchiveError('It is no dump in the custom format of pg_dump')
  if (byte() !== 1) throw new PgArchiveError('It is a dump in another format of pg_dump')
  const int = (): number => {
    const negative = byte() !== 0
    let value = 0
    for (let index = 0; index < intSize; index++) value += byte() * 2 ** (8 * index)
    return negative ? -value : value
  }
  /** Null for none; the text only where somebody wants it. */
  const raw = (): Uint8Array | null => {
    const length = int()
    if (length < 0) return null
    if (length > mostHead) throw new PgArchiveError('Its list of contents is damaged')
    if (at + length > bytes.length) throw new NotEnough()
    at += length
    return bytes.subarray(at - length, at)
  }
  const text = (): string => {
    const value = raw()
    return value === null ? '' : decoder.decode(value)
  }
  const compressed = (minor >= 15 ? byte() : int()) !== 0
  for (let field = 0; field < 7; field++) int()
  const database = text()
  const serverVersion = text()
  const dumpVersion = text()
  const count = int()
  if (count < 0 || count > 10_000_000) throw new PgArchiveError('Its list of contents is damaged')
  const entries: PgArchiveEntry[] = []
  for (let index = 0; index < count; index++) {
    const id = int()
    const hasData = int() !== 0
    raw()
    raw()
    const tag = text()
    const kind = text()
    int()
    raw()
    raw()
    const copy = text()
    const schema = text()
    raw()
    if (minor >= 14) raw()
    if (minor >= 16) int()
    const owner = text()
    raw()
    for (let dependency = raw(); dependency !== null; dependency = raw());
    byte()
    for (let index = 0; index < offsetSize; index++) byte()
    entries.push({ id, hasData, tag, kind, schema, owner, copy })
  }
  return {
    head: { format: `${major}.${minor}`, compressed, database, serverVersion, dumpVersion, entries },
    length: at,
    intSize,
  }
}

// Holds a million journal lines in little memory: flat bytes per chunk, typed columns beside them. Knows nothing of how they are shown.
import type { JournalEntry } from '../../../../shared/model/journal.ts'
import { Chunk, chunkLines, Names } from './line-chunk.ts'

/** Beyond this the oldest chunks go. */
export const mostLines = 1_048_576
/** A message over this is cut for the list; its whole text is in the export. */
const mostChars = 8192

export interface Line {
  readonly hostId: string
  readonly at: number
  /** The last of a run of the same line; equals `at` for a single one. */
  readonly lastAt: number
  readonly priority: number
  readonly unit: string | null
  readonly identifier: string | null
  readonly pid: number | null
  readonly message: string
  readonly truncated: boolean
  /** How often the line came in a row. */
  readonly count: number
}

/** Lines in order of arrival; `length` counts collapsed repeats once. */
export class LineStore {
  #chunks: Chunk[] = []
  /** Where each chunk begins. */
  #starts: number[] = []
  #length = 0
  #dropped = 0
  readonly #names = new Names()

  get length(): number {
    return this.#length
  }

  /** Lines that were let go to stay within memory. */
  get dropped(): number {
    return this.#dropped
  }

  /** Nothing more may be put in front: lines of that side have gone already, or would have to go at once. */
  get full(): boolean {
    return this.#dropped > 0 || this.#length > mostLines - chunkLines
  }

  /** Adds newer entries; returns how many new lines that made. */
  append(entries: readonly JournalEntry[]): number {
    const before = this.#length + this.#dropped
    for (const entry of entries) this.#append(entry)
    while (this.#length > mostLines) {
      const oldest = this.#chunks.shift()
      if (!oldest) break
      this.#dropped += oldest.lines
      this.#length -= oldest.lines
      this.#index()
    }
    return this.#length + this.#dropped - before
  }

  /** Adds older entries, oldest first; returns how many lines that made, by which all others have moved. */
  prepend(entries: readonly JournalEntry[]): number {
    const older = new LineStore()
    // the same numbers for the same names on both sides
    const chunks: Chunk[] = []
    for (const entry of entries) {
      let chunk = chunks.at(-1)
      if (!chunk || chunk.full) {
        chunk = new Chunk()
        chunks.push(chunk)
      }
      if (!older.#collapse(chunk, entry, this.#names)) this.#write(chunk, entry)
    }
    for (const chunk of chunks) chunk.seal()
    this.#chunks = [...chunks, ...this.#chunks]
    this.#index()
    const added = chunks.reduce((sum, chunk) => sum + chunk.lines, 0)
    this.#length += added
    return added
  }

  clear(): void {
    this.#chunks = []
    this.#starts = []
    this.#length = 0
    this.#dropped = 0
  }

  /** The line at `index`, 0 the oldest; null beyond the ends. */
  line(index: number): Line | null {
    if (index < 0 || index >= this.#length) return null
    const place = this.#chunkOf(index)
    const chunk = this.#chunks[place]
    if (!chunk) return null
    const at = index - (this.#starts[place] ?? 0)
    const flags = chunk.flags[at] ?? 0
    const pid = chunk.pid[at] ?? 0
    return {
      hostId: this.#names.name(chunk.host[at] ?? 0) ?? '',
      at: chunk.at[at] ?? 0,
      lastAt: chunk.lastAt[at] ?? 0,
      priority: flags & 7,
      unit: this.#names.name(chunk.unit[at] ?? 0),
      identifier: this.#names.name(chunk.identifier[at] ?? 0),
      pid: pid === 0 ? null : pid,
      message: chunk.message(at),
      truncated: (flags & 8) !== 0,
      count: chunk.count[at] ?? 1,
    }
  }

  #append(entry: JournalEntry): void {
    let chunk = this.#chunks.at(-1)
    if (chunk && this.#collapse(chunk, entry, this.#names)) return
    if (!chunk || chunk.sealed) {
      chunk = new Chunk()
      this.#starts.push(this.#length)
      this.#chunks.push(chunk)
    }
    this.#write(chunk, entry)
    this.#length++
  }

  #write(chunk: Chunk, entry: JournalEntry): void {
    const at = chunk.lines
    const long = entry.message.length > mostChars
    chunk.at[at] = entry.at
    chunk.lastAt[at] = entry.at
    chunk.count[at] = 1
    chunk.pid[at] = entry.pid ?? 0
    chunk.host[at] = this.#names.number(entry.hostId)
    chunk.unit[at] = this.#names.number(entry.unit)
    chunk.identifier[at] = this.#names.number(entry.identifier)
    chunk.flags[at] = (entry.priority & 7) | (entry.truncated || long ? 8 : 0)
    chunk.push(long ? entry.message.slice(0, mostChars) : entry.message)
  }

  /** Counts a line that is the same as the one before instead of keeping it. */
  #collapse(chunk: Chunk, entry: JournalEntry, names: Names): boolean {
    const last = chunk.lines - 1
    if (last < 0) return false
    const same =
      (chunk.flags[last] ?? 0) === ((entry.priority & 7) | (entry.truncated ? 8 : 0)) &&
      chunk.host[last] === names.number(entry.hostId) &&
      chunk.unit[last] === names.number(entry.unit) &&
      chunk.identifier[last] === names.number(entry.identifier) &&
      chunk.message(last) === entry.message
    if (!same) return false
    chunk.count[last] = (chunk.count[last] ?? 1) + 1
    chunk.lastAt[last] = entry.at
    return true
  }

  #index(): void {
    let start = 0
    this.#starts = this.#chunks.map(chunk => {
      const own = start
      start += chunk.lines
      return own
    })
  }

  /** Chunks are full but for the ends, so the place is found by halving. */
  #chunkOf(index: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}

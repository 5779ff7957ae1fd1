// Decides which entries an archive may have before anything of it is unpacked (semantics 33); knows no format and no stream.

export interface ArchiveEntry {
  readonly path: string
  readonly kind: 'file' | 'hard-link' | 'link' | 'char-device' | 'block-device' | 'folder' | 'fifo' | 'other'
  readonly mode: number
  readonly size: number
  /** Of a link. */
  readonly target: string
}

export const mostEntries = 1_000_000
const mostRatio = 200
/** Below this nothing can be bombed, and a log that says the same all day may well shrink to a thousandth. */
const ratioFrom = 64 * 1024 * 1024

/** Looks at the entries in their order. `judge` says in words why one is refused, or null. */
export class ArchiveRules {
  #entries = 0
  /** Links so far: nothing may be unpacked through one. */
  readonly #links = new Set<string>()
  /** Files so far: a hard link may name nothing else. */
  readonly #files = new Set<string>()

  get entries(): number {
    return this.#entries
  }

  judge(entry: ArchiveEntry): string | null {
    this.#entries++
    if (this.#entries > mostEntries) return `It has more than ${mostEntries.toLocaleString('en')} entries`
    const name = shown(entry.path)
    const path = inside(entry.path)
    if (path === null) return `${name} leaves the folder that it is unpacked in`
    const { kind } = entry
    if (kind !== 'file' && kind !== 'folder' && kind !== 'link' && kind !== 'hard-link')
      return `${name} is ${kind === 'other' ? 'of an unknown kind' : `a ${words[kind]}`}`
    if ((entry.mode & 0o6000) !== 0 && kind !== 'link' && !(kind === 'folder' && (entry.mode & 0o4000) === 0))
      return `${name} would run with the rights of its owner (setuid)`
    if (kind !== 'file' && entry.size !== 0) return `${name} is no file and has content`
    for (const above of parents(path)) if (this.#links.has(above)) return `${name} lies behind a link`
    if (kind === 'link') {
      if (escapes(path, entry.target)) return `The link ${name} points outside: ${shown(entry.target)}`
      this.#links.add(path)
      this.#files.delete(path)
      return null
    }
    // a link of that name would be written through
    if (this.#links.has(path)) return `${name} lies behind a link`
    if (kind === 'hard-link') {
      const target = inside(entry.target)
      if (target === null || !this.#files.has(target))
        return `The hard link ${name} points outside: ${shown(entry.target)}`
    }
    if (kind !== 'folder') this.#files.add(path)
    return null
  }
}

/** Why so much out of so little is refused, or null. */
export function ratioProblem(rawBytes: number, storedBytes: number): string | null {
  if (rawBytes < ratioFrom || rawBytes <= storedBytes * mostRatio) return null
  return `It unpacks to more than ${mostRatio} times its size`
}

/** The path below the root in one way of writing; null where it leaves the root. The root itself is ''. */
export function inside(path: string): string | null {
  if (path === '' || path.startsWith('/') || path.includes('\0') || path.includes('\n')) return null
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') return null
    parts.push(part)
  }
  return parts.join('/')
}

function escapes(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return true
  let depth = path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue
    depth += part === '..' ? -1 : 1
    if (depth < 0) return true
  }
  return false
}

function* parents(path: string): Generator<string> {
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at)
}

const words = { 'char-device': 'device', 'block-device': 'device', fifo: 'pipe' } as const

/** Names come from the archive: bounded, and without characters that would speak for us. */
const shown = (path: string): string =>
  `"${path.slice(0, 200).replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')}${path.length > 200 ? '…' : ''}"`

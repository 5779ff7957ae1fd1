// What a cookie file on a host and the files that are made beside it are called; knows no host.
import { createHash } from 'node:crypto'

/** The longest name that a file may have, in bytes, on every file system that matters. */
const mostNameBytes = 255
/** What is put around the name of the file: the longest of the endings below. */
const mostAdded = 60

export interface Place {
  readonly path: string
  readonly folder: string
  readonly name: string
  /** Unfinished files begin with this. A leading dot, and no ending of the old name: a bot that reads `*.txt` sees none of them. */
  readonly unfinished: string
  /** Old files begin with this; the rest sorts by age. */
  readonly old: string
}

const ours = /^\..*\.quarterdeck-(tmp|old)-/s
/** A running number first, because clocks go back; last the writer's own sign, so that no two ever make the same name. */
const oldEnding = /^[0-9]{6,}-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,}$/

/** Takes a path apart, or says why a file of that name cannot be handled. */
export function placeOf(path: string): { ok: true; place: Place } | { ok: false; message: string; hint: string } {
  const no = (message: string, hint: string): { ok: false; message: string; hint: string } => ({
    ok: false,
    message,
    hint,
  })
  if (!path.startsWith('/')) return no('The path is not absolute', 'Give the whole path, such as /opt/bot/cookies.txt.')
  if (path.includes('\0')) return no('The path holds a NUL character', 'Give the path as the host has it.')
  if (path.includes('\ufffd') || /\p{Cs}/u.test(path))
    return no(
      'The name of the file, or of a folder above it, is not UTF-8, so it cannot be named exactly',
      'Rename it on the host, or give the bot a path in plain letters.',
    )
  const at = path.lastIndexOf('/')
  const name = path.slice(at + 1)
  if (name === '' || name === '.' || name === '..')
    return no('The path names a folder', 'Give the path of the file itself, such as /opt/bot/cookies.txt.')
  if (Buffer.byteLength(name) > mostNameBytes) return no('The name is too long for a file', 'Check the path.')
  if (ours.test(name))
    return no(
      'This is an old or unfinished file that Quarterdeck made',
      'Give the path of the file that the bot reads.',
    )
  const stem = stemOf(name)
  return {
    ok: true,
    place: {
      path,
      folder: at === 0 ? '/' : path.slice(0, at),
      name,
      unfinished: `.${stem}.quarterdeck-tmp-`,
      old: `.${stem}.quarterdeck-old-`,
    },
  }
}

/** A name that leaves no room for what is put around it is shortened, and stays its own by a hash. */
function stemOf(name: string): string {
  if (Buffer.byteLength(name) + mostAdded <= mostNameBytes) return name
  let start = ''
  for (const char of name) {
    if (Buffer.byteLength(start + char) > mostNameBytes - mostAdded - 17) break
    start += char
  }
  return `${start}~${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
}

/** The path of an old file, from the ending that the host told; null where it is no such ending. */
export function oldPath({ folder, old }: Place, ending: string): string | null {
  if (!oldEnding.test(ending)) return null
  return `${folder === '/' ? '' : folder}/${old}${ending}`
}

/** Is `backup` an old file of this very place? */
export function isOldOf(place: Place, backup: string): boolean {
  const start = `${place.folder === '/' ? '' : place.folder}/${place.old}`
  return backup.startsWith(start) && oldEnding.test(backup.slice(start.length))
}

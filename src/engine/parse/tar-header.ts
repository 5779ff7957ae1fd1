// Reads one 512-byte header of a tar archive (ustar, GNU, pax) as it stands; knows nothing of what may be in an archive.

export type TarKind = 'file' | 'hard-link' | 'link' | 'char-device' | 'block-device' | 'folder' | 'fifo' | 'other'

export interface TarHeader {
  readonly path: string
  readonly kind: TarKind
  /** The type byte; `x`, `g`, `L` and `K` say something of the next header and are no entry. */
  readonly type: string
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedAt: number
  readonly target: string
}

export const tarBlock = 512

const kinds: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hard-link',
  '2': 'link',
  '3': 'char-device',
  '4': 'block-device',
  '5': 'folder',
  '6': 'fifo',
}

/** What is wrong in words, null for a block of zeros (the end), else the header. */
export function readTarHeader(block: Uint8Array): TarHeader | string | null {
  if (block.length !== tarBlock) return 'The archive ends in the middle of a header'
  if (block.every(byte => byte === 0)) return null
  const checksum = octal(block, 148, 8)
  let sum = 0
  for (let at = 0; at < tarBlock; at++) sum += at >= 148 && at < 156 ? 32 : (block[at] ?? 0)
  if (checksum !== sum) return 'A header of the archive has a wrong checksum'
  const size = octal(block, 124, 12)
  const mode = octal(block, 100, 8)
  const uid = octal(block, 108, 8)
  const gid = octal(block, 116, 8)
  const modified = octal(block, 136, 12)
  if (size === null || mode === null) return 'A header of the archive has no readable size or mode'
  const type = String.fromCharCode(block[156] ?? 0)
  const name = text(block, 0, 100)
  // GNU's magic ("ustar  ") has other fields where POSIX has the prefix
  const posix = text(block, 257, 6) === 'ustar' && block[263] === 48
  const prefix = posix ? text(block, 345, 155) : ''
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    kind: kinds[type] ?? 'other',
    type,
    size,
    mode,
    uid: uid ?? 0,
    gid: gid ?? 0,
    modifiedAt: (modified ?? 0) * 1_000,
    target: text(block, 157, 100),
  }
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`. Null where they are malformed. */
export function readPaxRecords(content: Uint8Array): Map<string, string> | null {
  const records = new Map<string, string>()
  let at = 0
  while (at < content.length) {
    const space = content.indexOf(32, at)
    if (space < 0 || space - at > 10) return null
    const digits = latin(content.subarray(at, space))
    const length = Number(digits)
    if (!/^\d+$/.test(digits) || length < space - at + 3 || at + length > content.length) return null
    if (content[at + length - 1] !== 10) return null
    const record = content.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(61)
    if (equals < 1) return null
    records.set(latin(record.subarray(0, equals)), utf8(record.subarray(equals + 1)))
    at += length
  }
  return records
}

/** The text of a GNU long name: up to its NUL. */
export function readLongName(content: Uint8Array): string {
  const end = content.indexOf(0)
  return utf8(end < 0 ? content : content.subarray(0, end))
}

function text(block: Uint8Array, from: number, length: number): string {
  const field = block.subarray(from, from + length)
  const end = field.indexOf(0)
  return utf8(end < 0 ? field : field.subarray(0, end))
}

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

const decoder = new TextDecoder('utf-8')
const utf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

/** Octal digits, or GNU's base 256 where the first bit is set. Null where it is neither or too large. */
function octal(block: Uint8Array, from: number, length: number): number | null {
  const first = block[from] ?? 0
  if (first === 0x80 || first === 0xff) {
    if (first === 0xff) return null
    let value = 0
    for (let at = from + 1; at < from + length; at++) value = value * 256 + (block[at] ?? 0)
    return Number.isSafeInteger(value) ? value : null
  }
  const digits = latin(block.subarray(from, from + length))
    .replace(/\0.*$/s, '')
    .trim()
  if (digits === '') return 0
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null
}

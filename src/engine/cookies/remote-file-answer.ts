// Reads what the host's scripts answer about a cookie file, as strictly as it was written; decides nothing.
import { createHash } from 'node:crypto'
import type { ExecResult } from '../ports.ts'
import { type FileKind, type WriteStep, writeSteps } from './remote-file-types.ts'

export interface FileStat {
  readonly uid: number
  readonly gid: number
  /** Octal digits as stat prints them. */
  readonly mode: string
  readonly links: number
  /** Device and inode. */
  readonly inode: string
  readonly bytes: number
  readonly modifiedAt: number
  readonly owner: string
  readonly group: string
  /** In stat's own words. */
  readonly type: string
  readonly kind: FileKind
}

export interface Look {
  readonly uid: number
  readonly groups: readonly number[]
  readonly folder: { readonly uid: number; readonly mode: string; readonly inode: string; readonly owner: string }
  /** May the folder be written by whoever looked? */
  readonly folderRights: boolean
  /** Modes of the folders above, nearest first. */
  readonly above: readonly string[]
  readonly old: readonly string[]
  readonly file: FileStat | null
  readonly aclTool: 'setfacl' | 'python3' | 'none'
  /** `unknown` where nothing on the host can tell. */
  readonly acl: 'none' | 'some' | 'unknown'
  /** As lsattr shows them; empty where it cannot. */
  readonly flags: string
  readonly readable: boolean
  readonly content: Uint8Array | null
  readonly sha256: string | null
  /** It changed while it was read. */
  readonly torn: boolean
}

export type LookAnswer =
  | { ok: true; look: Look }
  | { ok: false; reason: 'folder' | 'stat' | 'become' | 'sense'; text: string }

/** One look's answer: lines, and after `content` the file as it is. */
export function readLook(result: Pick<ExecResult, 'exit' | 'stdout' | 'stderr' | 'truncated'>): LookAnswer {
  const stdout = Buffer.from(result.stdout)
  const lines: string[] = []
  let content: Buffer | null = null
  let complete = false
  for (let from = 0; from < stdout.length; ) {
    const end = stdout.indexOf(10, from)
    if (end < 0) break
    const line = stdout.toString('latin1', from, end)
    lines.push(line)
    from = end + 1
    if (line === 'end') complete = true
    if (!line.startsWith('content ')) continue
    content = stdout.subarray(from)
    complete = true
    break
  }
  const stop = /^stop look (folder|tools (stat|become))$/.exec(lines[0] ?? '')
  if (stop) return { ok: false, reason: (stop[2] ?? 'folder') as 'folder' | 'stat' | 'become', text: '' }
  const first = (word: string): string | null =>
    lines.find(line => line === word || line.startsWith(`${word} `))?.slice(word.length + 1) ?? null
  const me = /^([0-9]+) ([0-9 ]*)$/.exec(first('me') ?? '')
  const folder = /^([0-9]+) ([0-7]+) ([0-9a-f]+:[0-9]+) (.*)$/.exec(first('folder') ?? '')
  if (!complete || !me || !folder) return { ok: false, reason: 'sense', text: saidOf(result.stderr) }
  const file = first('file')
  const stat = file === null ? null : readStat(file)
  if (file !== null && stat === null) return { ok: false, reason: 'sense', text: file.slice(0, 200) }
  const acl = (first('acl') ?? 'none').trim().split(' ')
  const before = first('content')
  const after = /(?:^|\n)after (.*)\n?$/.exec(Buffer.from(result.stderr).toString('latin1'))?.[1] ?? null
  const torn = content !== null && (before !== after || result.truncated || result.exit !== 0)
  const whole = torn ? null : content
  return {
    ok: true,
    look: {
      uid: Number(me[1]),
      groups: (me[2] ?? '').split(' ').filter(Boolean).map(Number),
      folder: { uid: Number(folder[1]), mode: folder[2] ?? '', inode: folder[3] ?? '', owner: folder[4] ?? '' },
      folderRights: first('folder-rights') === 'yes',
      above: lines.filter(line => line.startsWith('above ')).map(line => line.slice(6)),
      old: lines.filter(line => line.startsWith('old ')).map(line => line.slice(4)),
      file: stat,
      aclTool: acl[0] === 'setfacl' || acl[0] === 'python3' ? acl[0] : 'none',
      acl: acl.length < 2 ? 'none' : acl[1] === 'unknown' && acl[2] !== 'some' ? 'unknown' : 'some',
      flags: first('flags') ?? '',
      readable: first('readable') === 'yes',
      content: whole,
      sha256: whole === null ? null : sha256Of(whole),
      torn,
    },
  }
}

const kinds: readonly (readonly [string, FileKind])[] = [
  ['regular file', 'file'],
  ['regular empty file', 'file'],
  ['symbolic link', 'symlink'],
  ['directory', 'directory'],
  ['fifo', 'fifo'],
  ['socket', 'socket'],
]

function readStat(line: string): FileStat | null {
  const match = /^([0-9]+) ([0-9]+) ([0-7]+) ([0-9]+) ([0-9a-f]+:[0-9]+) ([0-9]+) (-?[0-9]+) (\S+) (\S+) (.+)$/.exec(
    line,
  )
  if (!match) return null
  const [, uid, gid, mode = '', links, inode = '', bytes, seconds, owner = '', group = '', type = ''] = match
  const kind = kinds.find(([word]) => word === type)?.[1] ?? 'device'
  const numbers = { uid: Number(uid), gid: Number(gid), links: Number(links), bytes: Number(bytes) }
  return { ...numbers, mode, inode, modifiedAt: Number(seconds) * 1000, owner, group, type, kind }
}

export type WriteAnswer =
  | { kind: 'done'; saved: string | null }
  | { kind: 'stopped'; step: WriteStep; reason: string; text: string; saved: string | null }
  /** It ended without a last word: the link went, or somebody killed it. */
  | { kind: 'cut'; step: WriteStep; saved: string | null }

/** How a write ended by its own words. Without its last word nothing is believed but how far it came. */
export function readWrite(result: Pick<ExecResult, 'exit' | 'stdout'>): WriteAnswer {
  const text = new TextDecoder().decode(result.stdout)
  const saved = /^saved ([0-9a-fTZ-]+)$/m.exec(text)?.[1] ?? null
  if (result.exit === 0 && /^done\n$/m.test(text)) return { kind: 'done', saved }
  const stop = /^stop (\S+) (\S+) ?([\s\S]*)$/m.exec(text)
  const known = (step: string | undefined): WriteStep => writeSteps.find(name => name === step) ?? 'look'
  if (result.exit === 3 && stop)
    return { kind: 'stopped', step: known(stop[1]), reason: stop[2] ?? '', text: clean(stop[3] ?? ''), saved }
  return { kind: 'cut', step: known([...text.matchAll(/^at (\S+)$/gm)].at(-1)?.[1]), saved }
}

/** What a program on the host said, fit for a sentence. */
export function saidOf(bytes: Uint8Array): string {
  return clean(new TextDecoder().decode(bytes))
}

function clean(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

// Cookie files on test hosts and links to them, as the tests of this folder need them; must not know what each test proves.
import { createHash } from 'node:crypto'
import { restoreBackup, settle, type WriteResult, writeFile } from '../../../src/engine/cookies/remote-file.ts'
import type { Link } from '../../../src/engine/ports.ts'
import type { TestHost } from '../lib/index.ts'

export const shaOf = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

export interface Put {
  readonly folder?: string
  readonly owner?: string
  readonly folderOwner?: string
  readonly mode?: string
  readonly folderMode?: string
}

/** A cookie file as a bot has it; returns its path. */
export async function put(host: TestHost, path: string, content: string, its: Put = {}): Promise<string> {
  const { owner = 'deploy:deploy', mode = '640', folderMode = '755' } = its
  const folderOwner = its.folderOwner ?? owner
  const script =
    'set -e; d="$6"; mkdir -p "$d"; chown "$3" "$d"; chmod "$5" "$d"; cat >"$1"; chown "$2" "$1"; chmod "$4" "$1"'
  await host.exec(
    ['sh', '-c', script, 'sh', path, owner, folderOwner, mode, folderMode, path.slice(0, path.lastIndexOf('/'))],
    { input: content },
  )
  return path
}

/** `uid gid mode links` and the content. */
export async function state(host: TestHost, path: string): Promise<{ stat: string; content: string }> {
  const stat = await host.output(['stat', '-c', '%U:%G %a %h %F', '--', path])
  return { stat, content: await host.readFile(path) }
}

/** All names in a folder, hidden ones too, as the host sorts them; newlines shown. */
export async function names(host: TestHost, folder: string): Promise<string[]> {
  const text = await host.output(['sh', '-c', 'cd "$1" && find . -mindepth 1 -printf "%f\\0" | sort -z', 'sh', folder])
  return text.split('\0').filter(Boolean)
}

export const isOld = (name: string): boolean => /^\..*\.quarterdeck-old-[0-9]{6}-[0-9TZ]+-[0-9a-f]+$/s.test(name)

export function write(link: Link, path: string, before: string, after: string, sudo = false): Promise<WriteResult> {
  return writeFile(link, path, { expectedSha256: shaOf(before), content: Buffer.from(after), sudo })
}

export { restoreBackup, settle }

// Turns a look at a cookie file into the facts that others see; pure.
import type { FileStat, Look } from './remote-file-answer.ts'
import { oldPath, type Place } from './remote-file-names.ts'
import { problemsOf } from './remote-file-rules.ts'
import type { FileProblem, Present, RemoteFileFacts } from './remote-file-types.ts'

/** Which of two contents lies there. */
export function presentOf(facts: RemoteFileFacts, before: string, after: string): Present {
  if (facts.kind === 'missing') return 'missing'
  if (facts.sha256 === null) return facts.kind === 'file' ? 'unknown' : 'other'
  return facts.sha256 === after ? 'new' : facts.sha256 === before ? 'old' : 'other'
}

/** Facts of a file of which there is nothing but a problem. */
export function nothing(path: string, problem: FileProblem): RemoteFileFacts {
  const none = { bytes: null, sha256: null, content: null, uid: null, gid: null, owner: null, group: null, mode: null }
  return {
    path,
    kind: 'missing',
    ...none,
    ...{ links: null, acl: null, modifiedAt: null, folder: null, problems: [problem], backups: [] },
  }
}

/** What a look tells its callers. */
export function factsOf(place: Place, look: Look, sudo: boolean): RemoteFileFacts {
  const { file, folder } = look
  return {
    path: place.path,
    kind: file?.kind ?? 'missing',
    bytes: file?.bytes ?? null,
    sha256: look.sha256,
    content: look.content,
    uid: file?.uid ?? null,
    gid: file?.gid ?? null,
    owner: file?.owner ?? null,
    group: file?.group ?? null,
    mode: file ? file.mode.padStart(4, '0') : null,
    links: file?.links ?? null,
    acl: look.acl === 'unknown' ? null : look.acl === 'some',
    modifiedAt: file?.modifiedAt ?? null,
    folder: { uid: folder.uid, owner: folder.owner, mode: folder.mode.padStart(4, '0') },
    problems: problemsOf(place, look, sudo),
    backups: look.old.flatMap(ending => oldPath(place, ending) ?? []),
  }
}

/** As the script compares it. */
export function statText(file: FileStat): string {
  return `${file.uid} ${file.gid} ${file.mode} ${file.links} ${file.inode} ${file.type}`
}

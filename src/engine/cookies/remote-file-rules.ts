// What a cookie file and its folder have to be before it is replaced (semantics 26), and what the host's refusals mean; pure.
import type { FileStat, Look, LookAnswer } from './remote-file-answer.ts'
import type { Place } from './remote-file-names.ts'
import type { FileProblem, FileProblemCode } from './remote-file-types.ts'

/** Semantics 26. */
export const mostBytes = 1024 * 1024

function problem(code: FileProblemCode, message: string, hint: string): FileProblem {
  return { code, message, hint }
}

/** A word for a command line that a person copies. */
function word(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** All that speaks against writing, the most telling first. `sudo`: was it looked at as root? */
export function problemsOf(place: Place, look: Look, sudo: boolean): FileProblem[] {
  const { path } = place
  if (look.file === null) {
    return [
      problem('missing', `${path} does not exist`, 'Check the path, or let the bot or a person make the file first.'),
    ]
  }
  if (look.file.kind !== 'file') return [wrongKind(path, look.file)]
  return [...folderProblems(place, look, look.file), ...fileProblems(path, look, look.file, sudo)]
}

function wrongKind(path: string, { kind }: FileStat): FileProblem {
  if (kind === 'symlink')
    return problem(
      'kind',
      `${path} is a symbolic link`,
      `Give the path of the file itself: readlink -f -- ${word(path)} shows it.`,
    )
  if (kind === 'directory') return problem('kind', `${path} is a folder`, 'Give the path of the file in it.')
  const what = kind === 'fifo' ? 'a named pipe' : kind === 'socket' ? 'a socket' : 'a device'
  return problem('kind', `${path} is ${what}, not a regular file`, 'Give the path of a regular file.')
}

/** Who may write the folder may put another file in place of the new one, or read it while it is made. */
function folderProblems({ folder }: Place, { folder: its, above }: Look, file: FileStat): FileProblem[] {
  const found: FileProblem[] = []
  const bits = Number.parseInt(its.mode, 8)
  if ((bits & 0o002) !== 0) {
    const sticky = (bits & 0o1000) !== 0 ? ' (its sticky bit does not keep others from adding files)' : ''
    found.push(
      problem(
        'folder-writable',
        `Everybody may write in the folder ${folder} (mode ${its.mode})${sticky}`,
        `Put the file into a folder of the bot's own, or take the right away: chmod o-w ${word(folder)}`,
      ),
    )
  } else if ((bits & 0o020) !== 0) {
    found.push(
      problem(
        'folder-writable',
        `A group, or an access control list, may write in the folder ${folder} (mode ${its.mode})`,
        `Take the right away: chmod g-w ${word(folder)}`,
      ),
    )
  }
  if (its.uid !== 0 && its.uid !== file.uid) {
    found.push(
      problem(
        'folder-owner',
        `The folder ${folder} belongs to ${its.owner} and the file to ${file.owner}, so ${its.owner} could swap the file`,
        `Give both to the same user: chown ${word(file.owner)} ${word(folder)}, or the file to ${its.owner}.`,
      ),
    )
  }
  const open = above.findIndex(mode => (Number.parseInt(mode, 8) & 0o1002) === 0o002)
  if (open >= 0) {
    found.push(
      problem(
        'folder-writable',
        `Everybody may write in a folder above ${folder} (mode ${above[open]})`,
        'Take the right away with chmod o-w, or set its sticky bit with chmod +t.',
      ),
    )
  }
  return found
}

function fileProblems(path: string, look: Look, file: FileStat, sudo: boolean): FileProblem[] {
  const found: FileProblem[] = []
  if (file.links !== 1) {
    found.push(
      problem(
        'links',
        `${path} has ${file.links} names (hard links), and only this one would get the new content`,
        `Remove the others, or make it a file of its own: cp -p ${word(path)} ${word(`${path}.own`)} && mv ${word(`${path}.own`)} ${word(path)}`,
      ),
    )
  }
  if (file.bytes > mostBytes)
    found.push(
      problem('too-large', `${path} has ${file.bytes} bytes; a cookie file has at most 1 MiB`, 'Check the path.'),
    )
  if (!look.readable) {
    const hint = sudo ? 'Check the mode of the file.' : 'Turn on sudo for this host, or log in as the owner.'
    found.push(problem('unreadable', `${path} may not be read (it belongs to ${file.owner}, mode ${file.mode})`, hint))
  } else if (look.torn) {
    found.push(
      problem('changing', `${path} was written while it was read`, 'Something writes it all the time. Try again.'),
    )
  }
  const root = look.uid === 0
  if (!root && look.uid !== file.uid)
    found.push(
      problem(
        'owner',
        `${path} belongs to ${file.owner}, which only root or ${file.owner} can keep`,
        `Turn on sudo for this host, or log in as ${file.owner}.`,
      ),
    )
  else if (!root && !look.groups.includes(file.gid))
    found.push(
      problem(
        'group',
        `${path} has the group ${file.group}, which ${file.owner} is not in, so it could not be kept`,
        'Turn on sudo for this host, or give the file a group that its owner is in.',
      ),
    )
  if (look.acl === 'unknown')
    found.push(
      problem(
        'tools',
        'This host has nothing that shows access control lists, so they could be lost',
        'Install the package acl (getfacl and setfacl) or python3 on the host.',
      ),
    )
  else if (look.acl === 'some' && look.aclTool === 'none')
    found.push(
      problem(
        'metadata',
        `${path} has an access control list, and this host has nothing that could keep it`,
        'Install the package acl (getfacl and setfacl) or python3 on the host.',
      ),
    )
  if (/[ia]/.test(look.flags)) found.push(immutable(path, look.flags.includes('i') ? 'i' : 'a'))
  if (!look.folderRights) found.push(folderRights(look, sudo))
  return found
}

function folderRights({ uid, folder }: Look, sudo: boolean): FileProblem {
  const allowed = uid === 0 || (uid === folder.uid && (Number.parseInt(folder.mode, 8) & 0o200) !== 0)
  if (allowed)
    return problem(
      'read-only',
      'The folder may not be written, though its mode allows it: its disk is mounted read-only, or it is locked',
      'See mount and dmesg on the host (a failing disk is mounted so), and lsattr -d for the lock.',
    )
  const hint = 'give the folder to the owner of the file, with the right to write'
  return problem(
    'folder-rights',
    'The folder may not be written',
    sudo ? `On the host, ${hint}.` : `Turn on sudo for this host, or ${hint}.`,
  )
}

function immutable(path: string, flag: 'i' | 'a'): FileProblem {
  return problem(
    'immutable',
    `${path} is locked with chattr +${flag}`,
    `Unlock it on the host: chattr -${flag} ${word(path)}`,
  )
}

/** Why a look came to nothing. */
export function lookProblem({ folder }: Place, answer: Exclude<LookAnswer, { ok: true }>, sudo: boolean): FileProblem {
  if (answer.reason === 'folder')
    return problem(
      'folder',
      `The folder ${folder} does not exist or may not be entered`,
      sudo ? 'Check the path.' : 'Check the path, or turn on sudo for this host.',
    )
  if (answer.reason === 'become')
    return problem(
      'tools',
      'Root could not become the owner of the file on this host, and does not write in a folder of somebody else',
      'Install util-linux (setpriv) on the host, or log in as the owner of the file.',
    )
  if (answer.reason === 'stat')
    return problem('tools', 'This host has no stat or no id', 'Install coreutils on the host.')
  return problem('failed', `The host answered without sense: ${answer.text || 'nothing'}`, 'Try the same by hand.')
}

/** What a step on the host that stopped means. Everything before the rename left the file as it was. */
export function stopProblem({ path }: Place, reason: string, text: string): FileProblem {
  const said = text === '' ? '' : ` (${text})`
  if (reason === 'changed')
    return problem(
      'changed',
      `${path} was changed by somebody else meanwhile`,
      'Nothing was written. Look at it again, then decide.',
    )
  if (reason === 'overwritten')
    return problem(
      'changed',
      `${path} was written, and changed by somebody else right after`,
      'A service that uses it may save its own cookies: stop it, write again, and start it.',
    )
  if (reason === 'busy')
    return problem('busy', `Something else writes ${path} at the same time`, 'Try again in a moment.')
  if (reason === 'short') return problem('failed', 'The new content did not arrive whole', 'Try again.')
  if (reason === 'ended') return problem('failed', 'The write was ended on the host', 'Try again.')
  if (reason === 'owner')
    return problem('owner', `Owner and group of ${path} could not be kept${said}`, 'Turn on sudo for this host.')
  if (reason === 'metadata')
    return problem(
      'metadata',
      `The ${metadataWords[text] ?? 'metadata'} of ${path} could not be kept, so nothing was changed`,
      'Look at it with ls -lZ and getfacl on the host; sudo, or the package acl, may help.',
    )
  if (reason === 'tools')
    return problem('tools', `This host lacks ${text || 'a tool'}`, 'Install coreutils or python3 on the host.')
  if (/No space left|quota exceeded/i.test(text))
    return problem('disk-full', `The disk that holds ${path} is full${said}`, 'Make room on it, then try again.')
  if (/Read-only file system/.test(text))
    return problem(
      'read-only',
      `The disk that holds ${path} is mounted read-only`,
      'See mount and dmesg on the host: a failing disk is mounted so.',
    )
  if (/Operation not permitted/.test(text))
    return problem(
      'immutable',
      `The host does not let ${path} be replaced${said}`,
      `It or its folder may be locked: see lsattr, and unlock with chattr -i ${word(path)}.`,
    )
  if (/Permission denied/.test(text))
    return problem('folder-rights', `The host refused${said}`, 'Turn on sudo for this host.')
  if (/resource busy/i.test(text))
    return problem(
      'failed',
      `${path} is mounted by itself and cannot be replaced${said}`,
      'Mount its folder into the container, not the single file.',
    )
  return problem('failed', `The host failed${said || ' without a word'}`, 'Try the same by hand on the host.')
}

const metadataWords: Readonly<Record<string, string>> = {
  acl: 'access control list',
  label: 'SELinux label',
  mode: 'owner and mode',
}

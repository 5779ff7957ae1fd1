// Reads and replaces a cookie file on a host as semantics 26–28 say; knows no format, and says no content in any message.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { ExecResult, Link } from '../ports.ts'
import {
  type FileStat,
  type Look,
  readLook,
  readWrite,
  saidOf,
  sha256Of,
  type WriteAnswer,
} from './remote-file-answer.ts'
import { factsOf, nothing, presentOf, statText } from './remote-file-facts.ts'
import { isOldOf, oldPath, type Place, placeOf } from './remote-file-names.ts'
import { lookProblem, mostBytes, stopProblem } from './remote-file-rules.ts'
import { lookArgv, writeArgv } from './remote-file-script.ts'
import type { FileProblem, Present, RemoteFileFacts, WriteResult, WriteStep } from './remote-file-types.ts'

export type { FileProblem, FileProblemCode, RemoteFileFacts, WriteResult, WriteStep } from './remote-file-types.ts'

const lookMs = 30_000
const writeMs = 60_000
/** A file that is being written in place is read again this often. */
const readings = 3

interface Seen {
  readonly facts: RemoteFileFacts
  readonly look: Look | null
}

/**
 * The file with all that is known of it. What speaks against writing it is in `problems`; only a link that fails rejects (NOT_CONNECTED,
 * LINK_LOST, TIMEOUT, SUDO_*). `facts.content` is secret.
 */
export async function inspectFile(
  link: Pick<Link, 'exec'>,
  path: string,
  options: { sudo: boolean },
): Promise<RemoteFileFacts> {
  const named = placeOf(path)
  if (!named.ok) return nothing(path, { code: 'path', message: named.message, hint: named.hint })
  return (await see(link, named.place, options.sudo)).facts
}

async function see(link: Pick<Link, 'exec'>, place: Place, sudo: boolean, sweep = false): Promise<Seen> {
  for (let reading = 1; ; reading++) {
    const result = await link.exec(lookArgv(place, { sweep }), { sudo, timeout: lookMs, maxBytes: mostBytes + 65_536 })
    if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost while the file was read')
    if (result.timedOut) throw new AppError('TIMEOUT', `${place.path} could not be read in time`)
    const answer = readLook(result)
    if (!answer.ok) return { facts: nothing(place.path, lookProblem(place, answer, sudo)), look: null }
    if (answer.look.torn && reading < readings) continue
    return { facts: factsOf(place, answer.look, sudo), look: answer.look }
  }
}

export interface WriteOptions {
  /** Of the file as it was when the new content was decided on. */
  readonly expectedSha256: string
  readonly content: Uint8Array
  readonly sudo: boolean
}

/**
 * Puts `content` in the place of the file, whole or not at all, with owner, group, mode and access control list kept and the old one beside
 * it. Never rejects for what the host or the link does: `lost` says that the link went in the middle, and `settle` then tells what is there.
 */
export async function writeFile(link: Link, path: string, options: WriteOptions): Promise<WriteResult> {
  return await replaceFile(link, path, { ...options, backUp: true })
}

/** Puts the old file that a write left (its `backup`) back in place, in the same way; `expectedSha256` is of what lies there now. */
export async function restoreBackup(
  link: Link,
  path: string,
  backup: string,
  options: { sudo: boolean; expectedSha256: string },
): Promise<WriteResult> {
  const named = placeOf(path)
  if (!named.ok || !isOldOf(named.place, backup))
    return failed('look', { code: 'path', message: 'This is not an old file of that path', hint: 'Choose one.' }, 'old')
  let old: RemoteFileFacts
  try {
    const { folder } = named.place
    const name = backup.slice(backup.lastIndexOf('/') + 1)
    old = (await see(link, { ...named.place, path: backup, folder, name }, options.sudo)).facts
  } catch (caught) {
    return broken('look', AppError.from(caught), 'old', backup)
  }
  if (old.content === null) {
    const why = old.problems[0] ?? { message: 'it is damaged' }
    const message = `The old file cannot be read: ${why.message}`
    return failed('look', { code: 'failed', message, hint: 'Look at it on the host.' }, 'old')
  }
  const result = await replaceFile(link, path, { ...options, content: old.content, backUp: false })
  return { ...result, backup }
}

/**
 * What lies there after a write whose end is not known. It removes unfinished files first, so that a writer that still runs on the host can
 * no longer come through: the answer stays true.
 */
export async function settle(link: Link, path: string, options: { sudo: boolean }): Promise<RemoteFileFacts> {
  const named = placeOf(path)
  if (!named.ok) return nothing(path, { code: 'path', message: named.message, hint: named.hint })
  return (await see(link, named.place, options.sudo, true)).facts
}

/** The write with its inner points open: `at` is for proving what happens when it ends at any step. */
export async function replaceFile(
  link: Link,
  path: string,
  options: WriteOptions & { backUp: boolean; at?: (step: WriteStep) => string },
): Promise<WriteResult> {
  const { expectedSha256, content, sudo, backUp } = options
  const named = placeOf(path)
  if (!named.ok) return failed('look', { code: 'path', message: named.message, hint: named.hint }, 'old')
  const { place } = named
  if (content.length > mostBytes) {
    const message = `The new content has ${content.length} bytes; a cookie file has at most 1 MiB`
    return failed('look', { code: 'too-large', message, hint: 'Leave out what the bot does not need.' }, 'old')
  }
  let seen: Seen
  try {
    seen = await see(link, place, sudo)
  } catch (caught) {
    return broken('look', AppError.from(caught), 'old', null)
  }
  const [problem] = seen.facts.problems
  if (problem) return failed('look', problem, problem.code === 'missing' ? 'missing' : 'old')
  const { look } = seen
  if (look === null || look.file === null || look.sha256 !== expectedSha256)
    return failed('compare', stopProblem(place, 'changed', ''), 'other')
  const sha256 = sha256Of(content)
  const head = Buffer.from(`${expectedSha256} ${sha256} ${content.length}\n`)
  const argv = writeArgv(
    {
      ...place,
      id: randomBytes(8).toString('hex'),
      fileStat: statText(look.file),
      folderStat: `${look.folder.uid} ${look.folder.mode} ${look.folder.inode}`,
      acl: look.acl === 'some',
      backUp,
    },
    options.at,
  )
  let result: ExecResult
  try {
    result = await link.exec(argv, { sudo, stdin: Buffer.concat([head, content]), timeout: writeMs, maxBytes: 65_536 })
  } catch (caught) {
    const error = AppError.from(caught)
    // only these say for sure that nothing was sent
    const unsent = /^(NOT_CONNECTED|SUDO_|VAULT_|INVALID_INPUT)/.test(error.code)
    return broken('look', error, unsent ? 'old' : 'unknown', null)
  }
  const answer = readWrite(result)
  const backup = answer.saved === null ? null : oldPath(place, answer.saved)
  if (answer.kind === 'stopped') {
    const present = answer.step === 'settle' ? 'new' : answer.reason === 'changed' ? 'other' : 'old'
    return failed(
      answer.step,
      stopProblem(place, answer.reason, answer.text),
      present,
      present === 'new' ? backup : null,
    )
  }
  if (answer.kind === 'cut') return await afterCut(link, place, result, answer, options, sha256, backup)
  return await readBack(link, place, look.file, sudo, sha256, backup)
}

/** The content and its metadata once more, from the host: only that makes a write a success. */
async function readBack(
  link: Link,
  place: Place,
  before: FileStat,
  sudo: boolean,
  sha256: string,
  backup: string | null,
): Promise<WriteResult> {
  let seen: Seen
  try {
    seen = await see(link, place, sudo)
  } catch (caught) {
    return broken('read-back', AppError.from(caught), 'unknown', backup)
  }
  const file = seen.look?.file
  if (seen.facts.sha256 !== sha256 || !file)
    return failed('read-back', stopProblem(place, 'overwritten', ''), file ? 'other' : 'missing', backup)
  if (file.uid !== before.uid || file.gid !== before.gid || file.mode !== before.mode)
    return failed('read-back', stopProblem(place, 'metadata', 'mode'), 'new', backup)
  return { ok: true, sha256, backup: backup ?? '' }
}

/** The script ended without a last word. While the link is there, the host is asked at once what it left. */
async function afterCut(
  link: Link,
  place: Place,
  result: ExecResult,
  answer: Extract<WriteAnswer, { kind: 'cut' }>,
  options: WriteOptions,
  sha256: string,
  saved: string | null,
): Promise<WriteResult> {
  const lost = new AppError('LINK_LOST', 'The connection was lost in the middle of the write')
  if (result.lost) return broken(answer.step, lost, 'unknown', saved)
  let facts: RemoteFileFacts
  try {
    facts = (await see(link, place, options.sudo, true)).facts
  } catch (caught) {
    return broken(answer.step, AppError.from(caught), 'unknown', saved)
  }
  const how = result.timedOut ? 'took too long' : `was killed${result.signal === null ? '' : ` (${result.signal})`}`
  const said = saidOf(result.stderr)
  const present = presentOf(facts, options.expectedSha256, sha256)
  const message = `The write ${how} on the host at the step "${answer.step}"${said === '' ? '' : `: ${said}`}`
  const hint = present === 'old' ? 'The old file is in place, unharmed. Try again.' : 'Look at the file, then decide.'
  const backup = present === 'new' ? (facts.backups.at(-1) ?? null) : saved
  return failed(answer.step, { code: 'failed', message, hint }, present, backup)
}

function failed(step: WriteStep, problem: FileProblem, present: Present, backup: string | null = null): WriteResult {
  return { ok: false, step, code: problem.code, message: problem.message, hint: problem.hint, present, backup }
}

function broken(step: WriteStep, error: AppError, present: Present, backup: string | null): WriteResult {
  const sure = present !== 'unknown'
  const code = error.code === 'LINK_LOST' || error.code === 'NOT_CONNECTED' || !sure ? 'lost' : 'failed'
  const hint = sure
    ? (error.hint ?? 'Nothing was changed. Try again.')
    : 'When the host is there again, it is looked up whether the old or the new file is in place.'
  return { ok: false, step, code, message: error.message, hint, present, backup }
}

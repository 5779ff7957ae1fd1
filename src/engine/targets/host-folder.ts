// A folder on a host as a place for backups: what is sent there is counted, hashed and synced there before it gets its name. Knows no snapshot.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { HostId } from '../../shared/model/host.ts'
import { targetPath, targetPrefix } from '../domain/target-path.ts'
import { keptText, outputStream } from '../lib/bulk/command-stream.ts'
import { keepArgv, trailer } from '../lib/bulk/receive-script.ts'
import { tallyOf } from '../lib/bulk/tally.ts'
import { parseDf } from '../parse/df.ts'
import type { Link, RemoteProcess } from '../ports.ts'
import { type TargetFile, type TargetStore, type TargetWriter, targetType } from './target.ts'

const patience = 60_000
const mostListed = 32 * 1024 * 1024
const removedAtOnce = 100

const spec = z.object({
  hostId: HostId.meta({ title: 'Host' }),
  folder: z
    .string()
    .trim()
    .max(4096)
    .regex(/^\/[^\0\n]*[^\0\n/]$/, 'A path from the root: /srv/backups')
    .meta({ title: 'Folder', placeholder: '/srv/backups' }),
  sudo: z.boolean().default(false).meta({
    title: 'As root',
    description: 'With sudo; the folder must belong to root, and nobody else may write there',
  }),
})
type Spec = z.output<typeof spec>

export const hostFolder = targetType({
  type: 'host-folder',
  title: 'A folder on a host',
  description: 'The host itself, or another one of yours over SSH',
  spec,
  hostOf: ({ hostId }) => hostId,
  open: async (context, fields) => new HostStore(await context.link(fields.hostId), fields),
})

class HostStore implements TargetStore {
  readonly hashes = true
  readonly #link: Link
  readonly #spec: Spec

  constructor(link: Link, fields: Spec) {
    this.#link = link
    this.#spec = fields
  }

  get #sudo(): boolean {
    return this.#spec.sudo
  }

  get #guarded(): string {
    return this.#sudo ? 'yes' : 'no'
  }

  async freeBytes(): Promise<number | null> {
    const text = await this.#run(keepArgv('free', this.#spec.folder))
    return parseDf(text)[0]?.freeBytes ?? null
  }

  async create(path: string, signal?: AbortSignal): Promise<TargetWriter> {
    const word = randomBytes(16).toString('hex')
    const argv = keepArgv('receive', this.#spec.folder, targetPath(path), word, this.#guarded)
    const process = await this.#link.spawn(argv, { sudo: this.#sudo, bulk: true, signal })
    const writer = new HostWriter(process, path, word, () => this.remove([`${path}.partial`]), signal)
    await writer.ready()
    return writer
  }

  async put(path: string, content: Uint8Array): Promise<void> {
    const writer = await this.create(path)
    try {
      await writer.write(content)
      await writer.finish(await tallyOf([content]))
    } catch (caught) {
      await writer.abort()
      throw caught
    }
  }

  async read(path: string, signal?: AbortSignal) {
    const { folder } = this.#spec
    const there = await this.#run(keepArgv('look', folder, targetPath(path)), signal)
    if (there.trim() !== 'there') throw new AppError('NOT_FOUND', `${path} is not there`)
    const options = { sudo: this.#sudo, bulk: true, signal }
    return outputStream(await this.#link.spawn(['cat', '--', `${folder}/${path}`], options), `reading ${path}`, signal)
  }

  async list(prefix: string): Promise<TargetFile[]> {
    const text = await this.#run(keepArgv('list', this.#spec.folder, targetPrefix(prefix) || '.'))
    const lines = text.split('\n')
    if (lines.at(-2) !== 'done') throw new AppError('PROTOCOL', 'The list of the folder came cut off')
    return lines.flatMap(line => {
      const [, bytes, seconds, path] = /^file (\d+) (-?\d+) (?:\.\/)+(.+)$/.exec(line) ?? []
      if (path === undefined || !isOurs(path)) return []
      return [{ path, bytes: Number(bytes), modifiedAt: Number(seconds) * 1_000 }]
    })
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += removedAtOnce) {
      const some = paths.slice(at, at + removedAtOnce).map(targetPath)
      await this.#run(keepArgv('remove', this.#spec.folder, this.#guarded, ...some))
    }
  }

  async dispose(): Promise<void> {}

  async #run(argv: readonly string[], signal?: AbortSignal): Promise<string> {
    const options = { sudo: this.#sudo, timeout: patience, maxBytes: mostListed, signal }
    const result = await this.#link.exec(argv, options)
    const text = Buffer.from(result.stdout).toString('utf8')
    if (result.exit === 0 && !result.truncated) return text
    if (result.lost) throw lost()
    if (result.timedOut) throw new AppError('TIMEOUT', `The host took too long with ${this.#spec.folder}`)
    if (result.truncated) throw new AppError('OUTPUT_LIMIT', `${this.#spec.folder} holds too many files`)
    throw stopped(this.#spec.folder, text + Buffer.from(result.stderr).toString('utf8'))
  }
}

class HostWriter implements TargetWriter {
  readonly #process: RemoteProcess
  readonly #word: string
  readonly #sweep: () => Promise<void>
  readonly #said: () => string
  /** Resolves with why, where it ended before it was told to. */
  readonly #ended: Promise<AppError>
  #failure: AppError | null = null
  #done = false

  constructor(
    process: RemoteProcess,
    path: string,
    word: string,
    sweep: () => Promise<void>,
    signal: AbortSignal | undefined,
  ) {
    this.#process = process
    this.#word = word
    this.#sweep = sweep
    this.#said = keptText(process.stdout)
    const errors = keptText(process.stderr)
    process.stdin.on('error', () => {})
    this.#ended = process.ended.then(({ lost: isLost, exit }) => {
      const said = this.#said()
      this.#done = exit === 0 && /^done$/m.test(said)
      this.#failure = signal?.aborted ? cancelled() : isLost ? lost() : stopped(path, `${said}\n${errors()}`)
      return this.#failure
    })
  }

  /** Resolves once the file is there to be written to. */
  async ready(): Promise<void> {
    const said = new Promise<void>(resolve => {
      const look = (): void => {
        if (/^ready$/m.test(this.#said())) resolve()
      }
      this.#process.stdout.on('data', look)
      look()
    })
    await this.#orEnded(said)
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const { stdin } = this.#process
    if (stdin.write(chunk)) return
    const drained = new Promise<void>(resolve => {
      stdin.once('drain', resolve)
    })
    await this.#orEnded(drained)
  }

  async finish(expected: { bytes: number; sha256: string }): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    this.#process.stdin.end(trailer(this.#word, expected))
    const failure = await this.#ended
    if (this.#done) return
    await this.abort()
    throw failure
  }

  async abort(): Promise<void> {
    if (this.#done) return
    this.#process.dispose()
    await this.#ended
    // Without its trailer the file goes by itself; this makes sure where nothing was heard of that, if the host can be reached.
    if (!this.#done && !/^stop /m.test(this.#said())) await this.#sweep().catch(() => {})
  }

  async #orEnded(happened: Promise<void>): Promise<void> {
    const failure = await Promise.race([happened.then(() => null), this.#ended])
    if (failure === null) return
    throw failure
  }
}

const isOurs = (path: string): boolean => {
  try {
    return targetPath(path) === path
  } catch {
    return false
  }
}

const lost = (): AppError => new AppError('LINK_LOST', 'The connection to the host of the backups was lost')
const cancelled = (): AppError => new AppError('CANCELLED', 'Cancelled')

/** What the script said last, in words. */
function stopped(what: string, said: string): AppError {
  const [, code = '', words = ''] = /^stop (\w+) ?(.*)$/m.exec(said) ?? []
  const text = `${words} ${said}`
  if (/No space left|Disk quota exceeded/i.test(text))
    return new AppError('DISK_FULL', "The disk of the backups' host is full", {
      hint: 'Make room there, or keep fewer snapshots. Nothing half written was kept.',
    })
  if (/Permission denied|Read-only file system|Operation not permitted/i.test(text))
    return new AppError('ACCESS_DENIED', `${what}: this user may not write there`, {
      hint: 'Choose a folder that the user may write to, or "As root".',
    })
  if (code === 'guard')
    return new AppError('ACCESS_DENIED', 'Others may write to this folder, so nothing is done there as root', {
      hint: 'Give the folder to root (chown root, chmod 700), or leave "As root" out.',
    })
  if (code === 'tools')
    return new AppError('UNSUPPORTED', 'The host has no program that hashes files', {
      hint: 'Install coreutils (sha256sum) or openssl there.',
    })
  if (code === 'differs' || code === 'short' || code === 'busy')
    return new AppError('BACKUP_BAD', `${what}: the host holds other bytes than were sent`, {
      hint: 'Nothing was kept. Try again; look at the disk there if it happens twice.',
    })
  return new AppError('COMMAND_FAILED', `${what} could not be kept on the host: ${said.trim().slice(0, 300)}`)
}

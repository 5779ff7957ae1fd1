// A folder of this computer as a place for backups: fsync before each rename, nothing half written under a good name. Knows no snapshot.
import { constants } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { foldersAbove, partialOf, targetPath, targetPrefix } from '../domain/target-path.ts'
import { type TargetFile, type TargetStore, type TargetWriter, targetType } from './target.ts'

const readAhead = 1024 * 1024
/** What is gathered before the disk is asked. */
const writtenAtOnce = 512 * 1024
/** The disk takes what was written while more comes, and not all of it at the end. */
const syncedAtOnce = 64 * 1024 * 1024

const spec = z.object({
  folder: z
    .string()
    .trim()
    .max(4096)
    .refine(path => path === '' || path.startsWith('~/') || isAbsolute(path), 'A path from the root: /srv/backups')
    .default('')
    .meta({ title: 'Folder', description: 'Empty is the folder of the app', placeholder: '/srv/backups' }),
})

export const localFolder = targetType({
  type: 'local-folder',
  title: 'This computer',
  description: 'A folder of this computer, or a disk that is mounted there',
  spec,
  hostOf: () => null,
  async open(context, { folder }) {
    const root = folder === '' ? context.defaultFolder : folder.replace(/^~(?=\/)/, homedir())
    await said(root, () => mkdir(root, { recursive: true, mode: 0o700 }))
    return store(root)
  },
})

function store(root: string): TargetStore {
  const at = (path: string): string => join(root, path)
  const prune = async (path: string): Promise<void> => {
    for (const folder of foldersAbove(path)) {
      try {
        await rmdir(at(folder))
      } catch {
        return
      }
    }
  }
  const create = async (path: string, signal?: AbortSignal): Promise<LocalWriter> => {
    const partial = at(partialOf(path))
    await said(path, () => mkdir(dirname(partial), { recursive: true, mode: 0o700 }))
    const { O_CREAT, O_TRUNC, O_WRONLY, O_NOFOLLOW } = constants
    const handle = await said(path, () => open(partial, O_CREAT | O_TRUNC | O_WRONLY | (O_NOFOLLOW ?? 0), 0o600))
    return new LocalWriter(handle, path, partial, at(path), () => prune(path), signal)
  }
  return {
    hashes: false,
    create,
    async freeBytes() {
      const { bavail, bsize } = await said(root, () => statfs(root))
      return bavail * bsize
    },
    async put(path, content) {
      const writer = await create(path)
      try {
        await writer.write(content)
        await writer.finish({ bytes: content.length })
      } catch (caught) {
        await writer.abort()
        throw caught
      }
      const holds = await said(path, () => readFile(at(path)))
      if (holds.equals(content)) return
      await said(path, () => rm(at(path), { force: true }))
      throw otherBytes(path)
    },
    async read(path, signal) {
      const handle = await said(path, () => open(at(targetPath(path)), 'r'))
      const stream = handle.createReadStream({ highWaterMark: readAhead, signal })
      // whoever reads it listens too
      stream.on('error', () => {})
      return stream
    },
    async list(prefix) {
      const files: TargetFile[] = []
      await walk(at(targetPrefix(prefix)), targetPrefix(prefix), files)
      return files
    },
    async remove(paths) {
      for (const path of paths) {
        await said(path, () => rm(at(targetPath(path)), { force: true }))
        await prune(path)
      }
    },
    async dispose() {},
  }
}

class LocalWriter implements TargetWriter {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #partial: string
  readonly #final: string
  readonly #prune: () => Promise<void>
  readonly #signal: AbortSignal | undefined
  #held: Uint8Array[] = []
  #heldBytes = 0
  #bytes = 0
  #syncedBytes = 0
  #syncing: Promise<void> = Promise.resolve()
  #over = false

  constructor(
    handle: FileHandle,
    path: string,
    partial: string,
    final: string,
    prune: () => Promise<void>,
    signal: AbortSignal | undefined,
  ) {
    this.#handle = handle
    this.#path = path
    this.#partial = partial
    this.#final = final
    this.#prune = prune
    this.#signal = signal
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes >= writtenAtOnce) await this.#flush()
  }

  async finish(expected: { readonly bytes: number }): Promise<void> {
    try {
      await this.#flush()
      await this.#syncing
      await said(this.#path, () => this.#handle.sync())
      const { size } = await said(this.#path, () => this.#handle.stat())
      if (size !== expected.bytes) throw otherBytes(this.#path)
      if (this.#signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
      await said(this.#path, () => rename(this.#partial, this.#final))
      this.#over = true
      await this.#handle.close()
      await syncFolder(dirname(this.#final))
    } catch (caught) {
      await this.abort()
      throw caught
    }
  }

  async #flush(): Promise<void> {
    const chunks = this.#held
    this.#bytes += this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
    await said(this.#path, () => writeAll(this.#handle, chunks))
    if (this.#bytes - this.#syncedBytes < syncedAtOnce) return
    await this.#syncing
    this.#syncedBytes = this.#bytes
    this.#syncing = said(this.#path, () => this.#handle.datasync())
    // what it fails with is asked for before the next one, and at the end
    this.#syncing.catch(() => {})
  }

  async abort(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#held = []
    await this.#syncing.catch(() => {})
    await this.#handle.close().catch(() => {})
    await unlink(this.#partial).catch(() => {})
    await this.#prune()
  }
}

/** All of them, joined by the system and not in memory. A disk that is nearly full takes a part, and says so at the next. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  if (chunks.length === 0) return
  const total = chunks.reduce((sum, { length }) => sum + length, 0)
  const { bytesWritten } = await handle.writev([...chunks])
  if (bytesWritten < total) await handle.writeFile(Buffer.concat(chunks).subarray(bytesWritten))
}

async function walk(folder: string, prefix: string, files: TargetFile[]): Promise<void> {
  let entries: Awaited<ReturnType<typeof entriesOf>>
  try {
    entries = await entriesOf(folder)
  } catch (caught) {
    if (isGone(caught)) return
    throw asError(prefix || folder, caught)
  }
  for (const entry of entries) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) await walk(join(folder, entry.name), path, files)
    else if (entry.isFile()) {
      // what another one removes meanwhile is not there
      const its = await stat(join(folder, entry.name)).catch(error =>
        isGone(error) ? null : Promise.reject(asError(path, error)),
      )
      if (its !== null) files.push({ path, bytes: its.size, modifiedAt: its.mtimeMs })
    }
  }
}

const entriesOf = (folder: string) => readdir(folder, { withFileTypes: true })

/** A rename is sure once its folder is on the disk; Windows has no such thing. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  if (handle === null) return
  await handle.sync().catch(() => {})
  await handle.close()
}

async function said<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (caught) {
    throw asError(what, caught)
  }
}

const otherBytes = (path: string): AppError =>
  new AppError('BACKUP_BAD', `${path}: the disk holds other bytes than were written`, {
    hint: 'Look at the disk: it may be failing.',
  })

const codeOf = (caught: unknown): string => String((caught as NodeJS.ErrnoException | null)?.code ?? '')
const isGone = (caught: unknown): boolean => codeOf(caught) === 'ENOENT' || codeOf(caught) === 'ENOTDIR'

function asError(what: string, caught: unknown): AppError {
  if (caught instanceof AppError) return caught
  const cause = { cause: caught }
  const code = codeOf(caught)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError('DISK_FULL', 'The disk of this computer is full', {
      hint: 'Make room, or keep fewer snapshots. Nothing half written was kept.',
      ...cause,
    })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new AppError('ACCESS_DENIED', `${what}: this user may not write there`, {
      hint: 'Choose a folder of yours.',
      ...cause,
    })
  if (isGone(caught)) return new AppError('NOT_FOUND', `${what} is not there`, cause)
  return new AppError('INTERNAL', `${what}: ${AppError.from(caught).message}`, cause)
}

// Unpacks an archive of a few named files into a folder of this computer; knows no source.
import { type FileHandle, open, statfs } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../../shared/errors.ts'
import { type TarEntry, TarGuard } from './tar-guard.ts'

export interface Unpacked {
  readonly entries: readonly TarEntry[]
}

/** Refuses where there is not room for so many bytes here, before anything is written. */
export async function roomHere(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes * 1.05 + 64 * 1024 * 1024)
    throw new AppError('DISK_FULL', 'There is too little room on this computer to unpack the backup', {
      hint: `Make room for ${Math.ceil(bytes / 1024 / 1024)} MB in the temporary folder.`,
    })
}

/** `place` says where each entry goes; an entry that has no place refuses the archive. */
export async function unpackHere(
  archive: Readable,
  storedBytes: number,
  place: (entry: TarEntry) => string | null,
  signal: AbortSignal,
): Promise<Unpacked> {
  const entries: TarEntry[] = []
  let file: Promise<FileHandle> | null = null
  let position = 0
  let broken: unknown = null
  const guard = new TarGuard({
    storedBytes,
    onEntry(entry) {
      const path = place(entry)
      if (path === null || entry.kind !== 'file')
        throw new AppError('BACKUP_BAD', 'The archive holds something else than it should')
      entries.push(entry)
      position = 0
      file = open(path, 'wx', 0o600)
      file.catch(error => {
        broken ??= error
      })
    },
    onContent(_entry, chunk) {
      const at = position
      position += chunk.length
      return file?.then(async handle => {
        for (let done = 0; done < chunk.length; )
          done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten
      })
    },
    onContentEnd: () => file?.then(handle => handle.close()),
  })
  await pipeline(
    archive,
    guard,
    async chunks => {
      for await (const _ of chunks) if (broken !== null) throw AppError.from(broken)
    },
    { signal },
  )
  return { entries }
}

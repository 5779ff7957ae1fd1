// What the sources whose dump is an archive have in common: reading it through the guard, unpacking it on the host; knows no kind.
import { PassThrough, pipeline as pipelineOf, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../../shared/errors.ts'
import type { SnapshotItem } from '../../../shared/model/snapshot.ts'
import { inside } from '../../domain/archive-rules.ts'
import type { Artefact, DumpEnd, SourceContext } from '../source.ts'
import type { HostPipeEnd } from './host-pipe.ts'
import { feedHost } from './host-sink.ts'
import { failureOf } from './pipe-report.ts'
import { type TarEntry, TarGuard, type TarGuardOptions } from './tar-guard.ts'
import { untar } from './tar-script.ts'

/** Reads the whole archive through the guard; BACKUP_BAD where anything in it may not be. */
export async function readArchive(
  context: Pick<SourceContext, 'signal'>,
  artefact: Artefact,
  options: Omit<TarGuardOptions, 'storedBytes'> = {},
): Promise<TarGuard> {
  const guard = new TarGuard({ storedBytes: artefact.part.bytes, ...options })
  await pipeline(await artefact.open(context.signal), guard.resume(), { signal: context.signal })
  return guard
}

/** Unpacks it into a folder of the host that is there. Nothing of an entry is sent before it was judged. */
export async function unpackThere(
  context: SourceContext,
  artefact: Artefact,
  folder: string,
  sudo: boolean,
  options: Omit<TarGuardOptions, 'storedBytes'> = {},
): Promise<TarGuard> {
  const guard = new TarGuard({ storedBytes: artefact.part.bytes, ...options })
  // whichever of the two fails takes the other along; why is told by who reads the guard
  pipelineOf(await artefact.open(context.signal), guard, () => {})
  await feedHost(context, {
    argv: ['sh', '-c', untar, 'sh', folder],
    what: 'The unpacking on the host',
    input: guard,
    sudo,
  })
  return guard
}

export async function archiveItems(context: SourceContext, artefact: Artefact): Promise<SnapshotItem[]> {
  const items: SnapshotItem[] = []
  await readArchive(context, artefact, {
    onEntry(entry) {
      if (entry.path === '' || items.length >= 100_000) return
      const kind = entry.kind === 'folder' ? 'folder' : entry.kind === 'link' ? 'link' : 'file'
      const bytes = kind === 'file' ? entry.size : null
      items.push({ path: entry.path, kind, bytes, rows: null, modifiedAt: entry.modifiedAt })
    },
  })
  return items
}

/** The bytes of one file in it, as they come. */
export async function extractFile(context: SourceContext, artefact: Artefact, path: string): Promise<Readable> {
  let found = false
  let target: string | null = null
  const out = new PassThrough({ highWaterMark: 1024 * 1024 })
  const reading = readArchive(context, artefact, {
    onEntry(entry) {
      if (entry.path !== path) return
      if (entry.kind === 'file') found = true
      // a second name of a file that lies further up
      else if (entry.kind === 'hard-link') target = inside(entry.target)
    },
    onContent(entry, chunk) {
      if (entry.path !== path || out.destroyed) return undefined
      return out.write(chunk) ? undefined : new Promise(resolve => untilFree(out, resolve))
    },
  })
  reading.then(
    async () => {
      if (found) out.end()
      else if (target !== null) pipelineOf(await extractFile(context, artefact, target), out, () => {})
      else out.destroy(new AppError('NOT_FOUND', 'There is no such file in the backup'))
    },
    error => out.destroy(AppError.from(error)),
  )
  return out
}

function untilFree(stream: NodeJS.EventEmitter, resolve: () => void): void {
  const done = (): void => {
    for (const event of ['drain', 'close']) stream.off(event, done)
    resolve()
  }
  for (const event of ['drain', 'close']) stream.once(event, done)
}

/** The end of an archive that was made, in words; rejects where a folder could not be read. */
export function archiveEnd(end: HostPipeEnd, identity: string): DumpEnd {
  const told = (key: string): string | undefined => end.facts.find(fact => fact.key === key)?.value
  if ((told('find') ?? '0') !== '0' && /permission denied|input\/output error/i.test(end.said))
    throw failureOf('Not everything could be read', end.said)
  const notes: string[] = []
  const links = Number(told('links') ?? 0)
  const [changed, gone] = [Number(told('changed') ?? 0), Number(told('gone') ?? 0)]
  if (links > 0) {
    const some = end.facts.filter(({ key }) => key === 'left').map(({ value }) => value)
    const names = some.slice(0, 3).join(', ')
    notes.push(`${links} links that point outside were left out: ${names}${links > 3 ? ' …' : ''}`.slice(0, 500))
  }
  const specials = Number(told('specials') ?? 0)
  if (specials > 0) {
    const names = end.facts.flatMap(({ key, value }) => (key === 'odd' ? [value] : [])).slice(0, 3)
    const what = `${specials} setuid files, devices, pipes or sockets were left out`
    notes.push(`${what}: ${names.join(', ')}${specials > 3 ? ' …' : ''}`.slice(0, 500))
  }
  if (changed > 0) notes.push(`${changed} files changed while they were read.`)
  if (gone > 0) notes.push(`${gone} files were removed while it ran, and are not in it.`)
  const tar = told('tar')
  return { sha256: end.sha256, identity, versions: tar === undefined ? [] : [tar], tables: [], notes }
}

export const archiveSaid = (guard: TarGuard): string =>
  `Every entry of the archive was read: ${guard.files} files in ${guard.folders} folders, none that may not be in one`

export type { TarEntry }

// Looks into the parts of snapshots and takes single items out of them, into a folder of this computer; knows no kind of source.
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../shared/errors.ts'
import type { Snapshot, SnapshotItem } from '../../shared/model/snapshot.ts'
import type { Artefact } from '../backups/index.ts'
import type { Snapshots } from './snapshots.ts'
import type { OpenSource, SourceAccess } from './source-access.ts'
import type { Targets } from './targets.ts'

export interface SnapshotItemsOptions {
  readonly sources: SourceAccess
  readonly snapshots: Snapshots
  readonly targets: Pick<Targets, 'open'>
}

export class SnapshotItems {
  readonly #options: SnapshotItemsOptions

  constructor(options: SnapshotItemsOptions) {
    this.#options = options
  }

  /** Empty where the part has no inside worth a list. */
  list(id: string, key: string, signal: AbortSignal): Promise<SnapshotItem[]> {
    return this.#open(id, key, signal, async ({ type, context }, artefact) =>
      type.items ? await type.items(context, artefact) : [],
    )
  }

  /** Writes one item, or the whole part where `path` is null, into `folder`; nothing is written over. Returns the path. */
  extract(id: string, key: string, path: string | null, folder: string, signal: AbortSignal): Promise<string> {
    if (!isAbsolute(folder)) throw new AppError('INVALID_INPUT', 'Choose a folder by its whole path')
    return this.#open(id, key, signal, async ({ type, context }, artefact, snapshot) => {
      let content: Readable
      let name: string
      if (path === null) {
        const { file, compression, encryption } = artefact.part
        content = await artefact.open(signal)
        name = `${snapshot.manifest.name}-${bare(file, compression, encryption)}`
      } else {
        if (!type.extract) throw new AppError('UNSUPPORTED', `Nothing can be taken out of ${type.title} one by one`)
        const isTable = artefact.part.tables.some(table => table.name === path)
        content = await type.extract(context, artefact, path)
        name = `${safeName(path)}${isTable ? '.csv' : ''}`
      }
      await mkdir(folder, { recursive: true })
      const to = await freePath(folder, name)
      try {
        await pipeline(content, createWriteStream(`${to}.partial`, { mode: 0o600 }), { signal })
        await rename(`${to}.partial`, to)
        return to
      } catch (caught) {
        await rm(`${to}.partial`, { force: true })
        throw caught
      }
    })
  }

  async #open<T>(
    id: string,
    key: string,
    signal: AbortSignal,
    work: (source: OpenSource, artefact: Artefact, snapshot: Snapshot) => Promise<T>,
  ): Promise<T> {
    const { sources, snapshots, targets } = this.#options
    const snapshot = snapshots.get(id)
    const { hostId, backupId } = snapshot.manifest
    const open = await targets.open(snapshot.targetId, signal)
    try {
      const [artefact] = await snapshots.artefacts(snapshot, open, [key])
      if (!artefact) throw new AppError('NOT_FOUND', `This snapshot has no part ${key}`)
      return await sources.use(artefact.part, { hostId, backupId, signal, offline: true }, source =>
        work(source, artefact, snapshot),
      )
    } finally {
      await open.dispose().catch(() => {})
    }
  }
}

/** Without the endings of what was undone on the way. */
function bare(file: string, compression: string, encryption: string): string {
  const packed = encryption === 'none' ? file : file.replace(/\.age$/, '')
  return compression === 'none' ? packed : packed.replace(/\.(zst|gz)$/, '')
}

/** The last part of a path, as a name that means nothing to any shell or disk. */
function safeName(path: string): string {
  const last = path.replace(/\/+$/, '').split('/').at(-1) ?? ''
  const name = last.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[.-]+/, '')
  return name.slice(0, 150) || 'item'
}

async function freePath(folder: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const dot = name.indexOf('.', 1)
    const numbered = n === 1 ? name : dot < 0 ? `${name}-${n}` : `${name.slice(0, dot)}-${n}${name.slice(dot)}`
    const path = join(folder, numbered)
    const there = await stat(path).catch(() => null)
    if (!there) return path
  }
}

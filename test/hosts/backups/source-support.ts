// Runs one source as the runner would, on any link, with the stored file in memory; must not know what a test proves.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { z } from 'zod'
import {
  type Artefact,
  type BackupSourceType,
  type DumpEnd,
  type DumpOptions,
  type SourceContext,
  verifiedOf,
} from '../../../src/engine/backups/source.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { createSqliteFiles } from '../../../src/engine/store/sqlite-files.ts'
import type { Host } from '../../../src/shared/model/host.ts'
import type { SnapshotPart } from '../../../src/shared/model/snapshot.ts'

/** A context of one call, and the removal of its scratch. */
export async function inContext<T>(
  link: Link,
  work: (context: SourceContext) => Promise<T>,
  changes: Partial<SourceContext> = {},
): Promise<T> {
  const folders: string[] = []
  try {
    return await work({
      host: { id: 'test-host', name: 'test-host', user: 'deploy' } as Host,
      link,
      sudo: true,
      clock: systemClock,
      signal: AbortSignal.timeout(110_000),
      secret: async () => null,
      scratch: async () => {
        const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-scratch-'))
        folders.push(folder)
        return folder
      },
      sqlite: createSqliteFiles(),
      ...changes,
    })
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  }
}

export interface Taken {
  readonly artefact: Artefact
  readonly end: DumpEnd
  readonly said: string
}

/** Dumps and verifies; the artefact is what a target would hold. */
export async function take<S extends z.ZodObject>(
  type: BackupSourceType<S>,
  link: Link,
  spec: z.input<S>,
  options: { compression?: DumpOptions['compression']; verify?: boolean; context?: Partial<SourceContext> } = {},
): Promise<Taken> {
  const its = type.spec.parse(spec)
  const { stored, compression, end } = await inContext(
    link,
    async context => {
      const dump = await type.dump(context, its, { compression: options.compression ?? 'auto' })
      const chunks: Buffer[] = []
      for await (const chunk of dump.stream) chunks.push(chunk as Buffer)
      return { stored: Buffer.concat(chunks), compression: dump.compression, end: await dump.ended }
    },
    options.context,
  )
  const artefact = artefactOf(stored, {
    type: type.type,
    spec: its,
    compression,
    ...rawOf(stored, compression, end),
  })
  if (options.verify === false) return { artefact, end, said: '' }
  const verified = verifiedOf(await inContext(link, context => type.verify(context, its, artefact), options.context))
  const tables = [...(verified.tables ?? end.tables)]
  return { artefact: { ...artefact, part: { ...artefact.part, tables } }, end, said: verified.said }
}

/** Checks the hash of what came, and tells what is in it. */
export function rawOf(
  stored: Buffer,
  compression: DumpOptions['compression'],
  { sha256 }: Pick<DumpEnd, 'sha256'>,
): { rawBytes: number; rawSha256: string } {
  const hashed = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
  if (hashed(stored) !== sha256) throw new Error('not what the host hashed')
  const raw = compression === 'zstd' ? zstdDecompressSync(stored) : compression === 'gzip' ? gunzipSync(stored) : stored
  return { rawBytes: raw.length, rawSha256: hashed(raw) }
}

type Known = Pick<SnapshotPart, 'type' | 'spec' | 'compression' | 'rawBytes' | 'rawSha256'>

/** A stored file with its part of a manifest. `open` fails at its end where the hash is another one, as the real one does. */
export function artefactOf(stored: Buffer, known: Known): Artefact {
  const part: SnapshotPart = {
    key: 'part',
    identity: { hostKey: null, machineId: null, source: '' },
    file: 'part.bin',
    bytes: stored.length,
    sha256: createHash('sha256').update(stored).digest('hex'),
    encryption: 'none',
    versions: [],
    tables: [],
    verified: '',
    notes: [],
    ...known,
  }
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < stored.length; at += 65_536) yield stored.subarray(at, at + 65_536)
  }
  const openCompressed = async (): Promise<Readable> => Readable.from(pieces(), { objectMode: false })
  return {
    part,
    openCompressed,
    async open() {
      const source = await openCompressed()
      const raw =
        part.compression === 'zstd'
          ? source.pipe(createZstdDecompress())
          : part.compression === 'gzip'
            ? source.pipe(createGunzip())
            : source
      const hash = createHash('sha256')
      return Readable.from(
        (async function* () {
          for await (const chunk of raw) {
            hash.update(chunk)
            yield chunk
          }
          if (hash.digest('hex') !== part.rawSha256) throw new Error('not what was stored')
        })(),
        { objectMode: false },
      )
    },
  }
}

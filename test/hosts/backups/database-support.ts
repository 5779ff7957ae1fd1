// Drives one backup source on a real test host without the engine around it: a context, a snapshot in memory, an artefact; must not know what a test proves.
import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { z } from 'zod'
import type { Artefact, BackupSourceType, Compression, SourceContext } from '../../../src/engine/backups/source.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import type { Link, SqliteFiles } from '../../../src/engine/ports.ts'
import type { SnapshotPart } from '../../../src/shared/model/snapshot.ts'
import type { TestHost } from '../lib/index.ts'
import { hostRecord, type LinkOptions } from '../remote/support.ts'

export function sourceContext(
  host: TestHost,
  link: Link,
  options: LinkOptions & { readonly secretFields?: Readonly<Record<string, string>> } = {},
): SourceContext {
  const record = hostRecord(host, options)
  return {
    host: record,
    link,
    sudo: record.sudo !== 'none',
    clock: systemClock,
    signal: AbortSignal.timeout(120_000),
    secret: async field => options.secretFields?.[field] ?? null,
    scratch: async () => mkdtempSync(join(tmpdir(), 'quarterdeck-test-')),
    sqlite: null as unknown as SqliteFiles,
  }
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const unpack: Record<Compression, (bytes: Buffer) => Buffer> = {
  zstd: zstdDecompressSync,
  gzip: gunzipSync,
  none: bytes => bytes,
}

/** An artefact of these raw bytes, whose hash is right whatever they are. */
export function artefactOf(part: SnapshotPart, raw: Buffer): Artefact {
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < raw.length; at += 50_000) yield raw.subarray(at, at + 50_000)
  }
  return {
    part: { ...part, rawBytes: raw.length, rawSha256: sha256(raw) },
    open: async () => Readable.from(pieces()),
    openCompressed: async () => Readable.from(pieces()),
  }
}

/** Dumps to its end, as the runner would, and gives the artefact. */
export async function snapshot<S extends z.ZodObject>(
  source: BackupSourceType<S>,
  context: SourceContext,
  spec: z.output<S>,
  compression: 'auto' | Compression = 'auto',
): Promise<Artefact & { readonly raw: Buffer }> {
  const dump = await source.dump(context, spec, { compression })
  const [stored, end] = await Promise.all([bytesOf(dump.stream), dump.ended])
  const raw = unpack[dump.compression](stored)
  if (sha256(stored) !== end.sha256) throw new Error('not what the host hashed')
  const part: SnapshotPart = {
    key: 'data',
    type: source.type,
    spec,
    identity: { hostKey: null, machineId: null, source: end.identity },
    file: `data.${dump.extension}`,
    bytes: stored.length,
    sha256: sha256(stored),
    rawBytes: raw.length,
    rawSha256: sha256(raw),
    compression: dump.compression,
    encryption: 'none',
    versions: [...end.versions],
    tables: [...end.tables],
    verified: '',
    notes: [...end.notes],
  }
  return { ...artefactOf(part, raw), raw }
}

/** Asks again while a server that was killed begins anew. */
export async function patient<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries > 100) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

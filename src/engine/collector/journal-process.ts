// Runs journalctl on a host and gives what it exports, decompressed and no faster than it is read; knows no filters.
import type { Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { AppError } from '../../shared/errors.ts'
import { type EntryListener, JournalExportReader } from '../parse/journal-export.ts'
import type { Link, RemoteProcess } from '../ports.ts'

export type Compressor = 'zstd' | 'gzip' | 'none'

/** journalctl's exit code behind a pipe comes on stderr. */
const exitMark = 'quarterdeck-exit '
const compressScript = {
  zstd: `{ "$@"; echo "${exitMark}$?" >&2; } | zstd -1 -q -c`,
  gzip: `{ "$@"; echo "${exitMark}$?" >&2; } | gzip -1 -c`,
} as const
const maxStderr = 8 * 1024
/** What the decompressor hands over at once. */
const outputChunk = 128 * 1024

/** Can this runtime read zstd? (Node 22.15 and newer.) */
export const canZstd = typeof (zlib as { createZstdDecompress?: unknown }).createZstdDecompress === 'function'

export interface ExportRun {
  readonly argv: readonly string[]
  readonly fields: readonly string[]
  readonly sudo: boolean
  readonly compressor: Compressor
  readonly signal: AbortSignal | undefined
}

/** How journalctl ended, where it did so by itself. */
export interface ExportEnd {
  readonly exit: number | null
  readonly stderr: string
}

/**
 * Feeds `onEntry` and yields after each piece, so that the consumer's pace is the host's. Returns how it ended. Throws LINK_LOST,
 * CANCELLED, PROTOCOL. Leaving the loop early ends the program on the host.
 */
export async function* runExport(link: Link, run: ExportRun, onEntry: EntryListener): AsyncGenerator<void, ExportEnd> {
  const { compressor, signal, sudo } = run
  const argv = compressor === 'none' ? run.argv : ['sh', '-c', compressScript[compressor], 'sh', ...run.argv]
  const process = await link.spawn(argv, { sudo, ...(signal ? { signal } : {}) })
  const stderr = keepTail(process.stderr)
  const reader = new JournalExportReader(run.fields, onEntry)
  try {
    process.stdin.end()
    for await (const chunk of output(process, compressor)) {
      reader.push(chunk)
      yield
      if (signal?.aborted) break
    }
    // its exit and its last words may come behind its output
    if (!signal?.aborted) await endedOrAborted(process, signal)
  } catch (error) {
    const known = error instanceof AppError ? error : null
    if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
    // bytes that make no sense came over a link that lives; that the program is ended for it says nothing of the link
    if (known) throw known
    const ended = await settled(process)
    if (ended?.lost) throw new AppError('LINK_LOST', 'The connection was lost')
    throw new AppError('PROTOCOL', `The host's journal cannot be read: ${String(error)}`, { cause: error })
  } finally {
    process.dispose()
  }
  if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
  const { exit, lost } = await process.ended
  const text = stderr()
  const mark = text.lastIndexOf(exitMark)
  if (lost || (compressor !== 'none' && mark < 0 && exit === null)) {
    throw new AppError('LINK_LOST', 'The connection was lost')
  }
  return {
    exit: mark >= 0 ? Number.parseInt(text.slice(mark + exitMark.length), 10) : exit,
    stderr: mark >= 0 ? text.slice(0, mark) : text,
  }
}

/** The bytes of stdout, decompressed. An error on the way in ends the way out. */
function output(process: RemoteProcess, compressor: Compressor): AsyncIterable<Buffer> {
  const source = process.stdout as Readable
  if (compressor === 'none') return source
  const decoder =
    compressor === 'zstd'
      ? zlib.createZstdDecompress({ chunkSize: outputChunk })
      : zlib.createGunzip({ chunkSize: outputChunk })
  source.once('error', error => decoder.destroy(error))
  // closed without an end: the pipe below would wait for ever
  source.once('close', () => {
    if (!source.readableEnded) decoder.destroy(new Error('closed early'))
  })
  return source.pipe(decoder)
}

/** Waits for the end of a program whose output has ended. */
function endedOrAborted(process: RemoteProcess, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done, { once: true })
    void process.ended.then(done)
  })
}

/** How the process ended, which it does now at the latest. */
async function settled(process: RemoteProcess): Promise<{ lost: boolean } | null> {
  process.dispose()
  return await process.ended
}

function keepTail(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (chunk: Buffer | string) => {
    text = (text + chunk.toString('utf8')).slice(-maxStderr)
  })
  stream.on('error', () => {})
  return () => text
}

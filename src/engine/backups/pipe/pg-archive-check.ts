// Reads a pg_dump archive to its end here: every block that its list names, every row as it was counted; knows no host.
import { PassThrough, Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import type { TableFact } from '../../../shared/model/snapshot.ts'
import {
  type PgArchiveEntry,
  PgArchiveError,
  type PgArchiveHead,
  PgArchiveReader,
  PgArchiveUnknown,
  tableName,
} from '../../parse/pg-archive.ts'
import { CopyRows, CopyToCsv, copyColumns, csvLine } from '../../parse/pg-copy.ts'

export interface ArchiveFacts {
  readonly head: PgArchiveHead
  /** By `schema.table`; null where the data's end was not as pg_dump writes it. */
  readonly rows: ReadonlyMap<string, number | null>
}

/** Reads all of it. Rejects with BACKUP_BAD where it ends early or is no archive, UNSUPPORTED where a newer pg_dump wrote it. */
export async function readArchive(archive: Readable): Promise<ArchiveFacts> {
  const rows = new Map<string, number | null>()
  let count: CopyRows | null = null
  const reader = new PgArchiveReader({
    begin(entry) {
      count = entry.kind === 'TABLE DATA' ? new CopyRows() : null
    },
    data(_entry, bytes) {
      count?.push(bytes)
    },
    end(entry) {
      if (count !== null) rows.set(tableName(entry), count.rows)
    },
  })
  try {
    for await (const chunk of archive) reader.feed(chunk as Uint8Array)
    reader.end()
  } catch (caught) {
    throw asBad(caught)
  } finally {
    archive.destroy()
  }
  const { head } = reader
  if (head === null) throw new AppError('BACKUP_BAD', 'The dump has no list of contents')
  return { head, rows: head.compressed ? new Map() : rows }
}

/** Tables whose rows in the archive are not those that were counted; empty where all are there. */
export function rowDifferences(facts: ArchiveFacts, tables: readonly TableFact[]): string[] {
  return tables.flatMap(({ name, rows }) => {
    const found = facts.rows.get(name)
    if (facts.head.compressed || rows === null) return []
    if (found === undefined) return [`${name} is not in the dump`]
    if (found === null) return [`the rows of ${name} have no end`]
    return found === rows ? [] : [`${name} has ${found} rows in the dump and had ${rows}`]
  })
}

/** One table of the archive as CSV. The stream fails with NOT_FOUND where there is no such table. */
export function tableAsCsv(archive: Readable, table: string): Readable {
  const out = new PassThrough()
  let csv: CopyToCsv | null = null
  let pieces: string[] = []
  let found = false
  const reader = new PgArchiveReader({
    begin(entry: PgArchiveEntry) {
      if (entry.kind !== 'TABLE DATA' || tableName(entry) !== table) return
      found = true
      csv = new CopyToCsv()
      pieces.push(csvLine(copyColumns(entry.copy)))
    },
    data(_entry, bytes) {
      const text = csv?.push(bytes) ?? ''
      if (text !== '') pieces.push(text)
    },
    end() {
      csv = null
    },
  })
  async function* lines(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of archive) {
        reader.feed(chunk as Uint8Array)
        if (pieces.length > 0) yield Buffer.from(pieces.join(''))
        pieces = []
      }
      // the hash of all of it was compared at the end of the stream
      reader.end()
    } catch (caught) {
      throw asBad(caught)
    } finally {
      archive.destroy()
    }
    if (!found) throw new AppError('NOT_FOUND', `There is no table ${table} in this dump`)
  }
  const source = Readable.from(lines(), { objectMode: false })
  source.on('error', error => out.destroy(error))
  out.on('close', () => source.destroy())
  return source.pipe(out)
}

function asBad(caught: unknown): unknown {
  if (caught instanceof PgArchiveUnknown)
    return new AppError('UNSUPPORTED', `The dump cannot be checked: ${caught.message}`, {
      hint: 'Update Quarterdeck, or let an older pg_dump come first in the PATH of the host.',
    })
  return caught instanceof PgArchiveError
    ? new AppError('BACKUP_BAD', `The dump is damaged: ${caught.message}`, { hint: 'Make a new backup now.' })
    : caught
}

// What a SQLite file on the host holds, as a program there tells it; knows no backup.
import { createHash } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import { askHost } from './ask-host.ts'
import type { PipeContext } from './host-pipe.ts'
import { sqliteLook, sqliteTables } from './sqlite-script.ts'

export interface FoundSqlite {
  /** Null where it is not there. */
  readonly bytes: number | null
  readonly changedAt: number | null
  readonly tool: string
  readonly version: string | null
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  readonly schema: readonly { readonly table: string; readonly type: string; readonly sql: string }[]
  readonly check: readonly string[]
  readonly error: string | null
}

export async function lookAtSqlite(
  context: Pick<PipeContext, 'link' | 'signal'>,
  path: string,
  how: { readonly sudo: boolean; readonly whole: boolean },
): Promise<FoundSqlite> {
  const argv = ['sh', '-c', sqliteLook, 'sh', path, how.whole ? 'yes' : 'no', sqliteTables]
  const { text } = await askHost(context, `The look at ${path}`, argv, {
    sudo: how.sudo,
    timeout: how.whole ? 1_800_000 : 120_000,
  })
  return readSqliteLook(text, path)
}

function readSqliteLook(text: string, path: string): FoundSqlite {
  let bytes: number | null = null
  let changed = 0
  let tool = 'none'
  let version: string | null = null
  let error: string | null = null
  const tables: { name: string; rows: number }[] = []
  const schema: { table: string; type: string; sql: string }[] = []
  const check: string[] = []
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.split(' ')
    if (word === 'unreadable')
      throw new AppError('ACCESS_DENIED', `${path} may not be read`, { hint: 'Turn "as root" on.' })
    if (word === 'stat' || word === 'log') {
      bytes = (bytes ?? 0) + Number(rest[0])
      changed = Math.max(changed, Number(rest[1]) * 1_000)
    } else if (word === 'tool') tool = rest[0] ?? 'none'
    else if (word === 'version') version = rest[0] ?? null
    else if (word === 'schema') schema.push({ table: hex(rest[1]), type: rest[2] ?? '', sql: hex(rest[3]) })
    else if (word === 'rows') tables.push({ name: hex(rest[0]), rows: Number(rest[1]) })
    else if (word === 'check') check.push(rest.join(' ').slice(0, 300))
    else if (word === 'error' || word === 'Error:') error = rest.join(' ').slice(0, 300)
  }
  return { bytes, changedAt: bytes === null ? null : changed, tool, version, tables, schema, check, error }
}

/** By table, as `SqliteFiles.look` has them of a file here. */
export function schemasOf(found: Pick<FoundSqlite, 'schema' | 'tables'>): Record<string, string> {
  const hashes: Record<string, string> = {}
  for (const { name } of found.tables) {
    const hash = createHash('sha256')
    for (const part of found.schema) if (part.table === name) hash.update(`${part.type} ${part.sql}\n`)
    hashes[name] = hash.digest('hex')
  }
  return hashes
}

const hex = (text: string | undefined): string =>
  text === undefined || text === '-' ? '' : Buffer.from(text, 'hex').toString('utf8')

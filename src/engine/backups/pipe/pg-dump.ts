// Dumps one PostgreSQL database and counts its rows in the same moment, while it is written to; knows no spec.
import { AppError } from '../../../shared/errors.ts'
import type { TableFact } from '../../../shared/model/snapshot.ts'
import { databaseArgument } from '../../lib/postgres/pg-text.ts'
import type { Dump, DumpOptions, SourceContext } from '../source.ts'
import { openHostPipe, streamOf } from './host-pipe.ts'
import type { PgClient, PgSession } from './pg-client.ts'
import * as sql from './pg-sql.ts'

export interface Cluster {
  readonly system: string
  readonly version: string
  readonly number: number
  readonly superuser: boolean
}

export const identityOf = (cluster: Cluster, database: string): string =>
  `cluster ${cluster.system}, database ${database}`

/** One session holds the snapshot that pg_dump reads and that the rows are counted in, so that both are of one moment. */
export async function openPgDump(
  context: SourceContext,
  client: PgClient,
  database: string,
  options: DumpOptions,
): Promise<Dump> {
  const version = await client.version('pg_dump')
  const session = await client.session(database)
  try {
    session.send(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${sql.clusterFacts}
${sql.tableBytes}
SELECT json_build_array(pg_catalog.pg_export_snapshot());
${sql.hiddenTables}`)
    const cluster = (await session.next()) as Cluster
    const { tables: totalBytes } = (await session.next()) as { tables: number }
    const [snapshot] = (await session.next()) as [string]
    const [hidden] = (await session.next()) as [string | null]
    if (hidden !== null)
      throw new AppError('ACCESS_DENIED', `The role may not read ${hidden}`, {
        hint: 'Use a role that may read all of it; roles since version 14 can be given pg_read_all_data.',
      })
    const argv = ['pg_dump', '-w', '-Fc', '-Z0', '--lock-wait-timeout=60s', `--snapshot=${snapshot}`]
    const program = await client.program([...argv, '-d', databaseArgument(database)])
    const pipe = await openHostPipe(context, {
      argv: program.argv,
      what: `pg_dump of ${database}`,
      compression: options.compression,
      sudo: program.sudo,
      secrets: program.secrets,
    })
    const counted = countIn(session)
    const ended = (async () => {
      try {
        const { sha256, said } = await pipe.ended
        const tables = await counted
        const versions = [`PostgreSQL ${cluster.version}`, ...(version === null ? [] : [version])]
        const notes = said === '' ? [] : [said.slice(0, 500)]
        return { sha256, identity: identityOf(cluster, database), versions, tables, notes }
      } finally {
        session.close()
      }
    })()
    ended.catch(() => {})
    return { ...streamOf(pipe), extension: 'dump', totalBytes, ended }
  } catch (caught) {
    session.close()
    throw caught
  }
}

/** The rows of every table as this session sees them; nobody has to wait for it. */
function countIn(session: PgSession): Promise<TableFact[]> {
  session.send(`SET LOCAL row_security = off;\n${sql.countRows}\nSELECT json_build_array('end', null);`)
  const counted = (async () => {
    const tables: TableFact[] = []
    for (;;) {
      const [name, rows] = (await session.next()) as [string, number | null]
      if (rows === null) return tables
      tables.push({ name: name.slice(0, 300), rows })
    }
  })()
  counted.catch(() => {})
  return counted
}

// One PostgreSQL database, dumped while it is written to, restored beside and swapped in by its name; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { TableFact } from '../../shared/model/backup.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { openHostPipe } from './pipe/host-pipe.ts'
import { readArchive, rowDifferences, tableAsCsv } from './pipe/pg-archive-check.ts'
import { PgClient, type RestoreRequest } from './pipe/pg-client.ts'
import { brokenIndexes, compareRows, drillName, restoreWith, sweepDrills, tableFacts } from './pipe/pg-proof.ts'
import { databasesOf } from './pipe/pg-propose.ts'
import * as sql from './pipe/pg-sql.ts'
import { PgStaging } from './pipe/pg-staging.ts'
import { databaseArgument } from './pipe/pg-text.ts'
import { backupSourceType, type SourceContext } from './source.ts'

const spec = z.object({
  database: z.string().trim().min(1).max(63).meta({ title: 'Database' }),
  address: z.string().trim().max(400).default('').meta({
    title: 'Address',
    description: 'As seen from the host, such as 127.0.0.1; empty is the socket there',
  }),
  port: z.number().int().min(1).max(65_535).default(5_432).meta({ title: 'Port' }),
  account: z
    .string()
    .trim()
    .max(32)
    .regex(/^([a-z_][a-z0-9_.-]*\$?)?$/i, 'Not the name of an account')
    .default('postgres')
    .meta({ title: 'Account on the host', description: 'Who connects over the socket, by sudo; empty is who logs in' }),
  user: z.string().trim().max(63).default('').meta({
    title: 'Role',
    description: "Empty is the account's name; it has to be allowed to read all, and for a restore to make databases",
  }),
  password: z.string().optional().meta({ title: 'Password', description: 'Kept in the vault', secret: true }),
})
type Spec = z.output<typeof spec>

interface Cluster {
  readonly system: string
  readonly version: string
  readonly number: number
  readonly superuser: boolean
}

const clientOf = (context: SourceContext, its: Spec): PgClient => new PgClient(context, its)
/** Where one is connected while the database itself is made, renamed or dropped. */
const mainOf = (database: string): string => (database === 'postgres' ? 'template1' : 'postgres')
const stagingOf = (context: SourceContext, its: Spec, id: string): PgStaging =>
  new PgStaging(clientOf(context, its), context.clock, mainOf(its.database), its.database, id)

const placeOf = ({ database, address, port }: Spec): string =>
  `database ${database} ${address === '' ? '' : `at ${address} `}on port ${port}`
const identityOf = (cluster: Cluster, database: string): string => `cluster ${cluster.system}, database ${database}`

export const postgres = backupSourceType({
  type: 'postgres',
  title: 'Postgres',
  description: 'One database with pg_dump, consistent while it is written to.',
  spec,
  label: ({ database }) => database,

  async look(context, its) {
    const client = clientOf(context, its)
    const main = mainOf(its.database)
    const [cluster, size] = (await client.sql(main, `${sql.clusterFacts}\n${sql.databaseFacts(its.database)}`)) as [
      Cluster,
      { bytes: number | null },
    ]
    const found = { identity: identityOf(cluster, its.database), place: placeOf(its), bytes: size.bytes }
    const versions = [`PostgreSQL ${cluster.version}`]
    if (size.bytes === null) return { ...found, changedAt: null, versions, tables: [], schemas: {} }
    // needs a superuser, and a server new enough: without it the time is not known
    const written = await client.sql(main, sql.lastWrite(its.database)).catch(unlessGone)
    const changedAt = (written?.[0] as { at: number | null } | undefined)?.at ?? null
    const hashes = (await client.sql(its.database, sql.hashTables)) as [string, string][]
    const tables = tableFacts(await client.sql(its.database, sql.countRows, 600_000))
    return { ...found, changedAt, versions, tables, schemas: Object.fromEntries(hashes) }
  },

  async dump(context, its, options) {
    const client = clientOf(context, its)
    const version = await client.version('pg_dump')
    // one session holds the snapshot that pg_dump reads and that the rows are counted in, so that both are of one moment
    const session = await client.session(its.database)
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
      const program = await client.program([...argv, '-d', databaseArgument(its.database)])
      const pipe = await openHostPipe(context, {
        argv: program.argv,
        what: `pg_dump of ${its.database}`,
        compression: options.compression,
        sudo: program.sudo,
        secrets: program.secrets,
      })
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
      const ended = (async () => {
        try {
          const { rawBytes, rawSha256, said } = await pipe.ended
          const tables = await counted
          const versions = [`PostgreSQL ${cluster.version}`, ...(version === null ? [] : [version])]
          const notes = said === '' ? [] : [said.slice(0, 500)]
          return { rawBytes, rawSha256, identity: identityOf(cluster, its.database), versions, tables, notes }
        } finally {
          session.close()
        }
      })()
      ended.catch(() => {})
      return { stream: pipe.stream, compression: pipe.compression, extension: 'dump', totalBytes, ended }
    } catch (caught) {
      session.close()
      throw caught
    }
  },

  async verify(context, its, artefact) {
    const facts = await readArchive(await artefact.open(context.signal))
    const { tables } = artefact.part
    const wrong = rowDifferences(facts, tables)
    if (wrong.length > 0)
      throw new AppError('BACKUP_BAD', `The dump is not what was there: ${wrong.slice(0, 5).join('; ')}`)
    const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    const said = `every block is there, ${rows} rows in ${tables.length} tables as counted in the same moment`
    const list = await clientOf(context, its).list(await artefact.open(context.signal))
    const objects = list.split('\n').filter(line => line !== '' && !line.startsWith(';')).length
    return `${said}; pg_restore lists ${objects} objects`
  },

  async drill(context, its, artefact) {
    const client = clientOf(context, its)
    const main = mainOf(its.database)
    await sweepDrills(client, main, context.clock.now())
    const cluster = await clusterOf(client, main)
    const same = artefact.part.identity.source === identityOf(cluster, its.database)
    const name = drillName(context.clock.now())
    const request = await requestFor(client, its, name, `${sql.countRows}\n${sql.unsound}`, 'drop')
    const restored = `Restored into the scratch database ${name} with pg_restore --exit-on-error`
    try {
      const lines = (await restoreWith(client, () => artefact.open(context.signal), request, !same)) as {
        lines: [string, number | string][]
        plain: boolean
      }
      const evidence: Evidence[] = [
        {
          ok: true,
          text: lines.plain ? `${restored}, without owners and rights: their roles are not there` : restored,
        },
        ...compareRows(artefact.part.tables, tableFacts(lines.lines.filter(([, rows]) => typeof rows === 'number'))),
        ...brokenIndexes(lines.lines),
      ]
      return [...evidence, { ok: true, text: `${name} is dropped again` }]
    } catch (caught) {
      const error = AppError.from(caught)
      if (!['BACKUP_BAD', 'COMMAND_FAILED', 'DISK_FULL', 'NOT_FOUND'].includes(error.code)) throw error
      return [{ ok: false, text: `The dump cannot be restored: ${error.message}` }]
    }
  },

  async items(_context, artefact) {
    return artefact.part.tables.map(({ name, rows }) => ({
      ...{ path: name, kind: 'table' as const, bytes: null, rows, modifiedAt: null },
    }))
  },

  async extract(context, artefact, path) {
    return tableAsCsv(await artefact.open(context.signal), path)
  },

  plan: its => [
    `Make a new database beside ${its.database} and restore into it with pg_restore --exit-on-error`,
    'Count its rows and compare them with the snapshot',
    `End all sessions in ${its.database}`,
    `Rename ${its.database} away and the new one to ${its.database}, in one transaction`,
    'Keep the old one under its other name until it is dropped',
  ],

  async space(context, its, part) {
    const client = clientOf(context, its)
    const main = mainOf(its.database)
    const [size] = (await client.sql(main, sql.databaseFacts(its.database))) as [{ bytes: number | null }]
    // a dump holds no index; twice its size is what they and the log of the restore usually take
    const needs = Math.max(part.rawBytes * 2, size.bytes ?? 0)
    if (!client.local) return { needs, free: null }
    const folder = await client
      .sql(main, "SELECT to_json(current_setting('data_directory'));")
      .catch(unlessGone)
      .then(lines => (lines?.[0] as string | undefined) ?? null)
    return { needs, free: folder === null ? null : await client.freeBytes(folder) }
  },

  async stage(context, its, artefact, { id }) {
    const client = clientOf(context, its)
    const staging = stagingOf(context, its, id)
    const now = await staging.standing()
    if (now.marked === 'present') throw new AppError('CONFLICT', 'This restore has swapped its database in already')
    await staging.discard()
    const finish = sql.likeInAll(its.database, staging.staged)
    const request = await requestFor(client, its, staging.staged, finish, 'keep')
    await restoreWith(client, () => artefact.open(context.signal), request, false)
    await staging.mark()
  },

  async check(context, its, part, { id }) {
    const staging = stagingOf(context, its, id)
    const { marked } = await staging.standing()
    if (marked !== 'staged') return [{ ok: false, text: `${staging.staged} is not there, or not whole` }]
    const lines = (await clientOf(context, its).sql(staging.staged, `${sql.countRows}\n${sql.unsound}`, 600_000)) as [
      string,
      number | string,
    ][]
    return [
      ...compareRows(part.tables, tableFacts(lines.filter(([, rows]) => typeof rows === 'number'))),
      ...brokenIndexes(lines),
    ]
  },

  swap: async (context, its, { id }) => ({ kept: await stagingOf(context, its, id).swap() }),
  swapBack: (context, its, { id }) => stagingOf(context, its, id).swapBack(),
  async stagedState(context, its, { id }) {
    const { marked } = await stagingOf(context, its, id).standing()
    return marked === 'present' ? 'swapped' : marked === 'staged' ? 'staged' : 'nothing'
  },
  discard: (context, its, { id }) => stagingOf(context, its, id).discard(),
  dropOld: (context, its, { id }) => stagingOf(context, its, id).dropOld(),

  async propose(context, unit) {
    const found = await databasesOf(context, unit)
    return found.map(({ database, port, reason }) => ({
      source: { key: keyOf(`postgres-${database}`), type: 'postgres', spec: spec.parse({ database, port }) },
      reason,
    }))
  },

  async restoreTo(context, its, artefact, place) {
    if (Buffer.byteLength(place) > 63 || place.trim() !== place || place === '')
      throw new AppError('INVALID_INPUT', 'The name of a database has 1 to 63 characters')
    const client = clientOf(context, its)
    const main = mainOf(place)
    const [there] = (await client.sql(main, sql.databaseFacts(place))) as [{ bytes: number | null }]
    if (there.bytes !== null)
      throw new AppError('CONFLICT', `There is a database ${place} already`, { hint: 'Choose another name.' })
    const request = { ...(await requestFor(client, its, place, '', 'keep')), main }
    const { plain } = await restoreWith(client, () => artefact.open(context.signal), request, true)
    return `${placeOf({ ...its, database: place })}${plain ? ', without owners and rights: their roles are not there' : ''}`
  },
})

/** A name as the key of a part. */
const keyOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 40)

/** What could not be asked for want of rights is not known; a link that is gone is still an error. */
function unlessGone(caught: unknown): null {
  const error = AppError.from(caught)
  if (error.code === 'ACCESS_DENIED' || error.code === 'COMMAND_FAILED') return null
  throw error
}

async function clusterOf(client: PgClient, main: string): Promise<Cluster> {
  const [cluster] = (await client.sql(main, sql.clusterFacts)) as [Cluster]
  return cluster
}

async function requestFor(
  client: PgClient,
  its: Spec,
  database: string,
  finish: string,
  after: 'keep' | 'drop',
): Promise<RestoreRequest> {
  const main = mainOf(its.database)
  const [found] = (await client.sql(main, sql.databaseLikeness(its.database))) as ({ like: string } | undefined)[]
  return {
    ...{ database, main, finish, after, rights: 'all' as const },
    make: sql.makeDatabase(database, found?.like ?? null),
    drop: sql.dropDatabase(database),
  }
}

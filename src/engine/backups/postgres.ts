// One PostgreSQL database (or one after the other), dumped while it is written to, restored beside and swapped in by its name; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { identifier, literal } from '../lib/postgres/pg-text.ts'
import {
  databaseOrAll,
  eachDatabase,
  keyOf,
  leaveOut,
  placeOf,
  serverPassword,
  serverPlace,
} from '../lib/server-place.ts'
import { compareRows, tableItems } from './pipe/compare-rows.ts'
import { readArchive, rowDifferences, tableAsCsv } from './pipe/pg-archive-check.ts'
import { PgClient, type RestoreRequest } from './pipe/pg-client.ts'
import { type Cluster, identityOf, openPgDump } from './pipe/pg-dump.ts'
import { brokenIndexes, drillName, restoreWith, sweepDrills, tableFacts } from './pipe/pg-proof.ts'
import { databasesOf } from './pipe/pg-propose.ts'
import * as sql from './pipe/pg-sql.ts'
import { mayStage, PgStaging, stagedName } from './pipe/pg-staging.ts'
import { stagedDatabase, unrestorable } from './pipe/staged-database.ts'
import { backupSourceType, type SourceContext, type Staging } from './source.ts'

const spec = z.object({
  ...databaseOrAll(63),
  ...serverPlace(5_432, 'postgres'),
  user: z.string().trim().max(63).default('').meta({
    title: 'Role',
    description:
      "Empty is the account's name; it has to be allowed to read all. For a restore in place it has to be a superuser, or be granted what the restore names",
  }),
  password: serverPassword,
})
type Spec = z.output<typeof spec>

const clientOf = (context: SourceContext, its: Spec): PgClient => new PgClient(context, its)
/** Where one is connected while the database itself is made, renamed or dropped. */
const mainOf = (database: string): string => (database === 'postgres' ? 'template1' : 'postgres')
const stagingOf = (context: SourceContext, its: Spec, id: string): PgStaging =>
  new PgStaging(clientOf(context, its), context.clock, mainOf(its.database), its.database, id)

/** What a new database is commented with until it is settled. */
const markText = ({ id }: Staging): string => `Quarterdeck restore ${id}`

export const postgres = backupSourceType({
  type: 'postgres',
  title: 'Postgres',
  description: 'One database or all of them with pg_dump, consistent while they are written to.',
  byServer: true,
  spec,
  leaveOut,
  label: ({ database }) => (database === '' ? 'all databases' : database),

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

  dump: (context, its, options) => openPgDump(context, clientOf(context, its), its.database, options),

  async expand(context, its) {
    if (its.database !== '') return null
    return eachDatabase(its, (await clientOf(context, its).sql('postgres', sql.allDatabases)) as string[])
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
      return unrestorable(caught)
    }
  },

  items: async (_context, artefact) => tableItems(artefact.part.tables),

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
    await mayStage(client, main, its.database)
    const [size] = (await client.sql(main, sql.databaseFacts(its.database))) as [{ bytes: number | null }]
    // a dump holds no index; twice its size is what they and the log of the restore usually take
    const needs = Math.max(part.rawBytes * 2, size.bytes ?? 0)
    if (!client.local) return { needs, free: null }
    const [folder] = (await client.sql(main, sql.dataFolder).catch(unlessGone)) ?? []
    return { needs, free: folder === undefined ? null : await client.freeBytes(folder as string) }
  },

  async stage(context, its, artefact, { id }) {
    const client = clientOf(context, its)
    const staging = stagingOf(context, its, id)
    const now = await staging.standing()
    if (now.marked === 'present') throw new AppError('CONFLICT', 'This restore has swapped its database in already')
    const finish = sql.likeInAll(its.database, staging.staged)
    const found = await requestFor(client, its, staging.staged, finish, 'keep')
    const request = { ...found, make: `${found.drop}\n${found.make}` }
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

  ...stagedDatabase(stagingOf),

  async propose(context, unit) {
    const found = await databasesOf(context, unit)
    return found.map(({ database, port, reason }) => ({
      source: { key: keyOf(`postgres-${database}`), type: 'postgres', spec: spec.parse({ database, port }) },
      reason,
    }))
  },

  async restoreTo(context, its, artefact, place, staging) {
    if (Buffer.byteLength(place) > 63 || place.trim() !== place || place === '')
      throw new AppError('INVALID_INPUT', 'The name of a database has 1 to 63 characters')
    const client = clientOf(context, its)
    const main = mainOf(place)
    const [there] = (await client.sql(main, sql.databaseFacts(place))) as [{ bytes: number | null }]
    if (there.bytes !== null)
      throw new AppError('CONFLICT', `There is a database ${place} already`, { hint: 'Choose another name.' })
    const made = stagedName(place, staging.id, 'new')
    const found = await requestFor(client, its, made, '', 'keep')
    const request = { ...found, main, make: `${found.drop}\n${found.make}` }
    const { plain } = await restoreWith(client, () => artefact.open(context.signal), request, true)
    // the server refuses a name that is taken; a mark that its owner may set and a rename takes along. Whoever came to it meanwhile, such as a monitor,
    // is sent away first, as the rename waits five seconds and no more; who may not send them away still has those
    await client.sql(
      main,
      `COMMENT ON DATABASE ${identifier(made)} IS ${literal(markText(staging))};
${sql.endSessionsAsMay([made])}
ALTER DATABASE ${identifier(made)} RENAME TO ${identifier(place)};`,
    )
    return `${placeOf({ ...its, database: place })}${plain ? ', without owners and rights: their roles are not there' : ''}`
  },

  async settleTo(context, its, place, staging) {
    const client = clientOf(context, its)
    const main = mainOf(place)
    // first, so that a rename that comes late finds nothing
    await client.sql(main, sql.dropDatabase(stagedName(place, staging.id, 'new')))
    const look = `SELECT json_build_array(pg_catalog.shobj_description(oid, 'pg_database')) FROM pg_catalog.pg_database WHERE datname = ${literal(place)};`
    const [found] = (await client.sql(main, look)) as [string | null][]
    const whole = found?.[0] === markText(staging)
    if (whole) await client.sql(main, `COMMENT ON DATABASE ${identifier(place)} IS NULL;`)
    return whole
  },

  unsettledAt: (its, place, { id }) => placeOf({ ...its, database: stagedName(place, id, 'new') }),
})

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

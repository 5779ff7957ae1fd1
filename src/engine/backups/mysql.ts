// One MariaDB or MySQL database (or one after the other), dumped while it is written to, restored beside and swapped in by renaming all tables at once; knows no target and no schedule.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
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
import { openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { MyClient, myLiteral, myName } from './pipe/my-client.ts'
import * as proof from './pipe/my-proof.ts'
import { databasesOf, systemDatabases } from './pipe/my-propose.ts'
import { dumpBody } from './pipe/my-script.ts'
import { MyStaging } from './pipe/my-staging.ts'
import { tableAsCsv } from './pipe/my-table.ts'
import { stagedDatabase, unrestorable } from './pipe/staged-database.ts'
import { backupSourceType, type SourceContext } from './source.ts'

const spec = z.object({
  ...databaseOrAll(64),
  ...serverPlace(3_306, 'root'),
  user: z.string().trim().max(80).default('').meta({ title: 'User', description: "Empty is the account's name" }),
  password: serverPassword,
})
type Spec = z.output<typeof spec>

const clientOf = (context: SourceContext, its: Spec): MyClient => new MyClient(context, its)
const stagingOf = (context: SourceContext, its: Spec, id: string): MyStaging =>
  new MyStaging(clientOf(context, its), its.database, id)
/** A table that a new database has while it is filled, and what that is called once it is whole. */
const marksOf = (id: string): string[] => ['0', '1'].map(end => `_quarterdeck_${id}_${end}`)
const dropping = (name: string): string => `DROP DATABASE IF EXISTS ${myName(name)};`

export const mysql = backupSourceType({
  type: 'mysql',
  title: 'MariaDB / MySQL',
  description: 'One database or all of them with mysqldump, each in one transaction, while they are written to.',
  byServer: true,
  spec,
  leaveOut,
  label: ({ database }) => (database === '' ? 'all databases' : database),

  async expand(context, its) {
    if (its.database !== '') return null
    const names = (await clientOf(context, its).sql(
      'SELECT JSON_ARRAY(SCHEMA_NAME) FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME;',
    )) as [string][]
    const own = names.map(([name]) => name).filter(name => !systemDatabases.has(name))
    return eachDatabase(its, own)
  },

  async look(context, its) {
    const client = clientOf(context, its)
    const server = await proof.serverOf(client)
    const found = { identity: identityOf(server, its), place: placeOf(its), versions: [server.version] }
    const size = await proof.sizeOf(client, its.database)
    if (size === null) return { ...found, bytes: null, changedAt: null, tables: [], schemas: {} }
    const hashes = await proof.hashTables(client, its.database)
    const tables = await proof.countRows(client, its.database)
    const schemas = Object.fromEntries(tables.flatMap(({ name }) => (hashes[name] ? [[name, hashes[name]]] : [])))
    return { ...found, ...size, tables, schemas }
  },

  async dump(context, its, options) {
    const client = clientOf(context, its)
    const server = await proof.serverOf(client)
    const [facts] = (await client.sql(
      `SELECT JSON_OBJECT('bytes', COALESCE(SUM(DATA_LENGTH), 0), 'other', GROUP_CONCAT(CASE WHEN ENGINE <> 'InnoDB' THEN TABLE_NAME END)) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ${myLiteral(its.database)};`,
    )) as [{ bytes: number; other: string | null }]
    const program = await client.prepare(dumpBody, [its.database])
    const what = `mysqldump of ${its.database}`
    const pipe = await openHostPipe(context, { ...program, what, compression: options.compression })
    const notes =
      facts.other === null ? [] : [`Not InnoDB, so not of the same moment as the rest: ${facts.other.slice(0, 400)}`]
    const ended = pipe.ended.then(({ sha256 }) => ({
      ...{ sha256, identity: identityOf(server, its), versions: [server.version], tables: [], notes },
    }))
    ended.catch(() => {})
    return { ...streamOf(pipe), extension: 'sql', totalBytes: Number(facts.bytes), ended }
  },

  async verify(context, _its, artefact) {
    const tables = await proof.readDump(context, artefact)
    const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    return { said: `it was written to its end, with ${rows} rows in ${tables.length} tables`, tables }
  },

  async drill(context, its, artefact) {
    const client = clientOf(context, its)
    await proof.sweepDrills(client, context.clock.now())
    const then = await proof.readDump(context, artefact)
    const name = proof.drillName(context.clock.now())
    try {
      await client.fill(await artefact.open(context.signal), requestFor(its, name))
    } catch (caught) {
      return unrestorable(caught)
    }
    try {
      const evidence = compareRows(then, await proof.countRows(client, name))
      return [{ ok: true, text: `Restored into the scratch database ${name}, which is dropped again` }, ...evidence]
    } finally {
      await client.sql(dropping(name))
    }
  },

  items: async (_context, artefact) => tableItems(artefact.part.tables),

  async extract(context, artefact, path) {
    return tableAsCsv(await artefact.open(context.signal), path)
  },

  plan: its => [
    `Make a new database beside ${its.database} and restore into it`,
    'Count its rows and compare them with the snapshot',
    `Rename the tables of ${its.database} away and the new ones to it, in one statement`,
    'Keep the old ones in a database of their own until it is dropped',
  ],

  async space(context, its, part) {
    const client = clientOf(context, its)
    const bytes = (await proof.sizeOf(client, its.database))?.bytes ?? 0
    // a dump holds no index; twice its size is what they and the log of the restore usually take
    const needs = Math.max(part.rawBytes * 2, bytes)
    return { needs, free: client.local ? await client.freeBytes((await proof.serverOf(client)).folder) : null }
  },

  async stage(context, its, artefact, { id }) {
    const client = clientOf(context, its)
    const staging = stagingOf(context, its, id)
    if ((await staging.standing()).marked === 'present')
      throw new AppError('CONFLICT', 'This restore has swapped its tables in already')
    const { staged } = staging
    await client.sql(dropping(staged))
    await client.fill(await artefact.open(context.signal), requestFor(its, staged))
    const others = (await client.sql([its.database, staged].map(proof.cannotMove).join('\n'))) as [string, string][]
    if (others.length > 0) {
      await client.sql(dropping(staged))
      const names = others.slice(0, 5).map(([kind, name]) => `${kind} ${name}`)
      throw new AppError('UNSUPPORTED', `A rename of tables would not take along: ${names.join(', ')}`, {
        hint: 'Restore to another database, then point the service there.',
      })
    }
    await staging.mark()
  },

  async check(context, its, part, { id }) {
    const staging = stagingOf(context, its, id)
    const { marked } = await staging.standing()
    if (marked !== 'staged') return [{ ok: false, text: 'What was staged is not there, or not whole' }]
    return compareRows(part.tables, await proof.countRows(clientOf(context, its), staging.staged))
  },

  ...stagedDatabase(stagingOf),

  async restoreTo(context, its, artefact, place, { id }) {
    if (place.trim() !== place || place === '' || place.length > 64)
      throw new AppError('INVALID_INPUT', 'The name of a database has 1 to 64 characters')
    const client = clientOf(context, its)
    if ((await proof.sizeOf(client, place)) !== null)
      throw new AppError('CONFLICT', `There is a database ${place} already`, { hint: 'Choose another name.' })
    // under its own name from the beginning: views, routines and triggers would not come along with a rename
    const [half, whole] = marksOf(id).map(mark => `${myName(place)}.${myName(mark)}`)
    const mark = `CREATE TABLE ${half} (side varchar(3)) ENGINE=InnoDB;`
    await client.fill(await artefact.open(context.signal), { ...requestFor(its, place), mark })
    await client.sql(`RENAME TABLE ${half} TO ${whole};`)
    return placeOf({ ...its, database: place })
  },

  async settleTo(context, its, place, { id }) {
    const client = clientOf(context, its)
    const [half, whole] = marksOf(id)
    const found = (await client.sql(
      `SELECT JSON_ARRAY(TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${myLiteral(place)} AND TABLE_NAME IN (${marksOf(id).map(myLiteral).join(', ')});`,
    )) as [string][]
    const has = (mark: string | undefined): boolean => found.some(([name]) => name === mark)
    if (has(half)) await client.sql(dropping(place))
    else if (has(whole)) await client.sql(`DROP TABLE ${myName(place)}.${myName(whole ?? '')};`)
    return !has(half) && has(whole)
  },

  unsettledAt: (its, place) => placeOf({ ...its, database: place }),

  async propose(context, unit) {
    const found = await databasesOf(context, unit)
    return found.map(({ database, port, reason }) => ({
      source: { key: keyOf(`mysql-${database}`), type: 'mysql', spec: spec.parse({ database, port }) },
      reason,
    }))
  },
})

const identityOf = ({ identity }: proof.MyServer, { database }: Spec): string => `${identity}, database ${database}`

const requestFor = (its: Spec, database: string) => ({
  ...{ database, make: proof.makeLike(its.database, database), drop: dropping(database) },
  ...{ mark: '', finish: '', after: 'keep' as const },
})

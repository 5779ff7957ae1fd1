// One MariaDB or MySQL database, dumped while it is written to, restored beside and swapped in by renaming all tables at once; knows no target and no schedule.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import type { TableFact } from '../../shared/model/backup.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { type MyDumpFacts, MyDumpReader } from '../parse/my-dump.ts'
import { openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { MyClient, myLiteral, myName } from './pipe/my-client.ts'
import { dumpBody } from './pipe/my-script.ts'
import { type Artefact, backupSourceType, type SourceContext } from './source.ts'

const spec = z.object({
  database: z.string().trim().min(1).max(64).meta({ title: 'Database' }),
  address: z.string().trim().max(400).default('').meta({
    title: 'Address',
    description: 'As seen from the host, such as 127.0.0.1; empty is the socket there',
  }),
  port: z.number().int().min(1).max(65_535).default(3_306).meta({ title: 'Port' }),
  account: z
    .string()
    .trim()
    .max(32)
    .regex(/^([a-z_][a-z0-9_.-]*\$?)?$/i, 'Not the name of an account')
    .default('root')
    .meta({ title: 'Account on the host', description: 'Who connects over the socket, by sudo; empty is who logs in' }),
  user: z.string().trim().max(80).default('').meta({ title: 'User', description: "Empty is the account's name" }),
  password: z.string().optional().meta({ title: 'Password', description: 'Kept in the vault', secret: true }),
})
type Spec = z.output<typeof spec>

const mostTables = 5_000
const clientOf = (context: SourceContext, its: Spec): MyClient => new MyClient(context, its)
const placeOf = ({ database, address, port }: Spec): string =>
  `database ${database} ${address === '' ? '' : `at ${address} `}on port ${port}`
const nameFor = (database: string, id: string, kind: 'new' | 'old'): string =>
  `${database.slice(0, 64 - `_qd_${id}_${kind}`.length)}_qd_${id}_${kind}`
const markOf = (id: string): string => `_quarterdeck_${id}`

interface Standing {
  readonly present: readonly string[]
  readonly staged: readonly string[]
  readonly old: readonly string[]
  readonly marked: 'present' | 'staged' | null
}

export const mysql = backupSourceType({
  type: 'mysql',
  title: 'MariaDB / MySQL',
  description: 'One database with mysqldump in one transaction, while it is written to.',
  spec,
  label: ({ database }) => database,

  async look(context, its) {
    const client = clientOf(context, its)
    const name = myLiteral(its.database)
    const [identity, version] = await serverOf(client, its)
    const [there] = (await client.sql(
      `SELECT JSON_OBJECT('n', COUNT(*)) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${name};`,
    )) as [{ n: number }]
    const found = { identity, place: placeOf(its), versions: [version] }
    if (there.n === 0) return { ...found, bytes: null, changedAt: null, tables: [], schemas: {} }
    const [size] = (await client.sql(
      `SELECT JSON_OBJECT('bytes', COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0), 'at', MAX(UNIX_TIMESTAMP(UPDATE_TIME))) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name};`,
    )) as [{ bytes: number; at: number | null }]
    const hashes = (await client.sql(
      `SET SESSION group_concat_max_len = 10000000; SELECT JSON_ARRAY(TABLE_NAME, MD5(GROUP_CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE, ' ', IS_NULLABLE, ' ', COALESCE(COLUMN_DEFAULT, ''), ' ', COLUMN_KEY, ' ', EXTRA ORDER BY ORDINAL_POSITION)))
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${name} GROUP BY TABLE_NAME LIMIT ${mostTables};`,
    )) as [string, string][]
    const tables = await countRows(client, its.database)
    const known = new Set(tables.map(table => table.name))
    const schemas = Object.fromEntries(hashes.filter(([table]) => known.has(table)))
    return { ...found, bytes: size.bytes, changedAt: size.at === null ? null : size.at * 1_000, tables, schemas }
  },

  async dump(context, its, options) {
    const client = clientOf(context, its)
    const [identity, version] = await serverOf(client, its)
    const [facts] = (await client.sql(
      `SELECT JSON_OBJECT('bytes', COALESCE(SUM(DATA_LENGTH), 0), 'other', GROUP_CONCAT(CASE WHEN ENGINE <> 'InnoDB' THEN TABLE_NAME END)) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ${myLiteral(its.database)};`,
    )) as [{ bytes: number; other: string | null }]
    const program = await client.prepare(dumpBody, [its.database])
    const pipe = await openHostPipe(context, {
      ...program,
      what: `mysqldump of ${its.database}`,
      compression: options.compression,
    })
    const notes =
      facts.other === null ? [] : [`Not InnoDB, so not of the same moment as the rest: ${facts.other.slice(0, 400)}`]
    const ended = pipe.ended.then(({ sha256 }) => ({
      ...{ sha256, identity, versions: [version], tables: [], notes },
    }))
    ended.catch(() => {})
    return { ...streamOf(pipe), extension: 'sql', totalBytes: facts.bytes, ended }
  },

  async verify(context, _its, artefact) {
    const tables = tablesOf(await readDump(context, artefact))
    const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    return { said: `it was written to its end, with ${rows} rows in ${tables.length} tables`, tables }
  },

  async drill(context, its, artefact) {
    const client = clientOf(context, its)
    await sweepDrills(context, client)
    const then = tablesOf(await readDump(context, artefact))
    const name = `quarterdeck_drill_${Math.floor(context.clock.now() / 1_000)}_${randomBytes(4).toString('hex')}`
    const request = { database: name, make: makeLike(its, name), drop: `DROP DATABASE IF EXISTS ${myName(name)};` }
    try {
      await client.fill(await artefact.open(context.signal), { ...request, finish: '', after: 'keep' })
    } catch (caught) {
      const error = AppError.from(caught)
      if (!['BACKUP_BAD', 'COMMAND_FAILED', 'DISK_FULL', 'NOT_FOUND'].includes(error.code)) throw error
      return [{ ok: false, text: `The dump cannot be restored: ${error.message}` }]
    }
    try {
      const evidence = compareRows(then, await countRows(client, name))
      return [{ ok: true, text: `Restored into the scratch database ${name}, which is dropped again` }, evidence]
    } finally {
      await client.sql(request.drop)
    }
  },

  async items(_context, artefact) {
    return artefact.part.tables.map(({ name, rows }) => ({
      ...{ path: name, kind: 'table' as const, bytes: null, rows, modifiedAt: null },
    }))
  },

  plan: its => [
    `Make a new database beside ${its.database} and restore into it`,
    'Count its rows and compare them with the snapshot',
    `Rename the tables of ${its.database} away and the new ones to it, in one statement`,
    'Keep the old ones in a database of their own until it is dropped',
  ],

  async space(context, its, part) {
    const [size] = (await clientOf(context, its).sql(
      `SELECT JSON_OBJECT('bytes', COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0)) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${myLiteral(its.database)};`,
    )) as [{ bytes: number }]
    return { needs: Math.max(part.rawBytes * 2, size.bytes), free: null }
  },

  async stage(context, its, artefact, { id }) {
    const client = clientOf(context, its)
    if ((await standing(client, its, id)).marked === 'present')
      throw new AppError('CONFLICT', 'This restore has swapped its tables in already')
    const staged = nameFor(its.database, id, 'new')
    const drop = `DROP DATABASE IF EXISTS ${myName(staged)};`
    await client.sql(drop)
    const make = makeLike(its, staged)
    await client.fill(await artefact.open(context.signal), { database: staged, make, drop, finish: '', after: 'keep' })
    const others = (await client.sql([its.database, staged].map(cannotMove).join('\n'))) as [string, string][]
    if (others.length > 0) {
      await client.sql(drop)
      const names = others.slice(0, 5).map(([kind, name]) => `${kind} ${name}`)
      throw new AppError('UNSUPPORTED', `A rename of tables would not take along: ${names.join(', ')}`, {
        hint: 'Restore to another database, then point the service there.',
      })
    }
    await client.sql(`CREATE TABLE ${myName(staged)}.${myName(markOf(id))} (restored int);`)
  },

  async check(context, its, part, { id }) {
    const client = clientOf(context, its)
    const { marked } = await standing(client, its, id)
    if (marked !== 'staged') return [{ ok: false, text: 'What was staged is not there, or not whole' }]
    const tables = await countRows(client, nameFor(its.database, id, 'new'))
    return [
      compareRows(
        part.tables,
        tables.filter(({ name }) => name !== markOf(id)),
      ),
    ]
  },

  async swap(context, its, { id }) {
    const client = clientOf(context, its)
    const now = await standing(client, its, id)
    const [staged, old] = [nameFor(its.database, id, 'new'), nameFor(its.database, id, 'old')]
    if (now.marked === 'present') return { kept: old }
    if (now.marked !== 'staged') throw new AppError('CONFLICT', `${staged} is not there, or not whole`)
    if (now.old.length > 0) throw new AppError('CONFLICT', `${old} is there already`)
    await client.sql(
      `CREATE DATABASE IF NOT EXISTS ${myName(old)}; CREATE DATABASE IF NOT EXISTS ${myName(its.database)};
${rename([...moves(now.present, its.database, old), ...moves(now.staged, staged, its.database)])}`,
      null,
      600_000,
    )
    return { kept: old }
  },

  async swapBack(context, its, { id }) {
    const client = clientOf(context, its)
    const now = await standing(client, its, id)
    if (now.marked !== 'present') return
    const [staged, old] = [nameFor(its.database, id, 'new'), nameFor(its.database, id, 'old')]
    await client.sql(
      `CREATE DATABASE IF NOT EXISTS ${myName(staged)};
${rename([...moves(now.present, its.database, staged), ...moves(now.old, old, its.database)])}`,
      null,
      600_000,
    )
  },

  async stagedState(context, its, { id }) {
    const { marked } = await standing(clientOf(context, its), its, id)
    return marked === 'present' ? 'swapped' : marked === 'staged' ? 'staged' : 'nothing'
  },

  async discard(context, its, { id }) {
    const client = clientOf(context, its)
    const { marked, old } = await standing(client, its, id)
    // empty after a swap that was taken back
    const more =
      marked !== 'present' && old.length === 0
        ? `DROP DATABASE IF EXISTS ${myName(nameFor(its.database, id, 'old'))};`
        : ''
    await client.sql(`DROP DATABASE IF EXISTS ${myName(nameFor(its.database, id, 'new'))};${more}`)
  },

  async dropOld(context, its, { id }) {
    const client = clientOf(context, its)
    const { marked } = await standing(client, its, id)
    if (marked !== 'present') return
    const names = [nameFor(its.database, id, 'old'), nameFor(its.database, id, 'new')].map(myName)
    await client.sql(names.map(name => `DROP DATABASE IF EXISTS ${name};`).join('\n'))
    await client.sql(`DROP TABLE IF EXISTS ${myName(its.database)}.${myName(markOf(id))};`)
  },

  async restoreTo(context, its, artefact, place) {
    if (place.trim() !== place || place === '' || place.length > 64)
      throw new AppError('INVALID_INPUT', 'The name of a database has 1 to 64 characters')
    const client = clientOf(context, its)
    const drop = `DROP DATABASE IF EXISTS ${myName(place)};`
    const [there] = (await client.sql(
      `SELECT JSON_OBJECT('n', COUNT(*)) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${myLiteral(place)};`,
    )) as [{ n: number }]
    if (there.n > 0)
      throw new AppError('CONFLICT', `There is a database ${place} already`, { hint: 'Choose another name.' })
    const request = { database: place, make: makeLike(its, place), drop, finish: '', after: 'keep' as const }
    await client.fill(await artefact.open(context.signal), request)
    return placeOf({ ...its, database: place })
  },
})

/** The server's own number where it has one, and its version. */
async function serverOf(client: MyClient, its: Spec): Promise<[identity: string, version: string]> {
  const [rows, server] = [
    (await client
      .sql(
        "SELECT JSON_ARRAY(VARIABLE_NAME, VARIABLE_VALUE) FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME IN ('SERVER_UUID', 'SERVER_UID');",
      )
      .catch(() => [])) as [string, string][],
    (await client.sql(
      "SELECT JSON_OBJECT('host', @@hostname, 'folder', @@datadir, 'port', @@port, 'version', @@version);",
    )) as [{ host: string; folder: string; port: number; version: string }],
  ]
  const { host, folder, port, version } = server[0]
  const own = rows[0]?.[1] ?? `${host}:${port}${folder}`
  return [
    `server ${own}, database ${its.database}`,
    version.includes('MariaDB') ? `MariaDB ${version}` : `MySQL ${version}`,
  ]
}

async function countRows(client: MyClient, database: string): Promise<TableFact[]> {
  const names = (await client.sql(
    `SELECT JSON_ARRAY(TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ${myLiteral(database)} ORDER BY TABLE_NAME LIMIT ${mostTables};`,
  )) as [string][]
  const counts = names.map(
    ([name]) => `SELECT JSON_ARRAY(${myLiteral(name)}, COUNT(*)) FROM ${myName(database)}.${myName(name)};`,
  )
  const rows = counts.length === 0 ? [] : ((await client.sql(counts.join('\n'), null, 600_000)) as [string, number][])
  return rows.map(([name, count]) => ({ name, rows: count }))
}

async function standing(client: MyClient, its: Spec, id: string): Promise<Standing> {
  const [staged, old] = [nameFor(its.database, id, 'new'), nameFor(its.database, id, 'old')]
  const rows = (await client.sql(
    `SELECT JSON_ARRAY(TABLE_SCHEMA, TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA IN (${[its.database, staged, old].map(myLiteral).join(', ')});`,
  )) as [string, string][]
  const of = (database: string): string[] => rows.filter(([schema]) => schema === database).map(([, name]) => name)
  const [present, beside] = [of(its.database), of(staged)]
  const marked = present.includes(markOf(id)) ? 'present' : beside.includes(markOf(id)) ? 'staged' : null
  return { present, staged: beside, old: of(old), marked }
}

const moves = (tables: readonly string[], from: string, to: string): string[] =>
  tables.map(name => `${myName(from)}.${myName(name)} TO ${myName(to)}.${myName(name)}`)

/** One statement, which the server does whole or not at all. */
const rename = (steps: readonly string[]): string =>
  `SET SESSION lock_wait_timeout = 60;\nRENAME TABLE ${steps.join(', ')};`

/** Made like the present one, where there is one. */
const makeLike = (
  its: Spec,
  name: string,
): string => `SET @made = CONCAT('CREATE DATABASE ${myName(name).replaceAll("'", "''")}', COALESCE((SELECT CONCAT(' CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME)
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${myLiteral(its.database)}), ' CHARACTER SET utf8mb4'));
PREPARE made FROM @made; EXECUTE made;`

/** What is bound to its database: `[kind, name]`. */
const cannotMove = (database: string): string => {
  const name = myLiteral(database)
  return `SELECT JSON_ARRAY('view', TABLE_NAME) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${name};
SELECT JSON_ARRAY('trigger', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${name};
SELECT JSON_ARRAY(LOWER(ROUTINE_TYPE), ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name};
SELECT JSON_ARRAY('event', EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name};`
}

async function readDump(context: SourceContext, artefact: Artefact): Promise<MyDumpFacts> {
  const reader = new MyDumpReader()
  for await (const chunk of await artefact.open(context.signal)) reader.feed(chunk as Uint8Array)
  const facts = reader.end()
  if (!facts.complete)
    throw new AppError('BACKUP_BAD', 'The dump is not whole: the last line that mysqldump writes is missing', {
      hint: 'Make a new backup now.',
    })
  return facts
}

const tablesOf = ({ rows }: MyDumpFacts): TableFact[] =>
  [...rows].slice(0, mostTables).map(([name, count]) => ({ name: name.slice(0, 300), rows: count }))

function compareRows(then: readonly TableFact[], now: readonly TableFact[]): Evidence {
  const rows = new Map(now.map(table => [table.name, table.rows]))
  const wrong = then.flatMap(({ name, rows: were }) => {
    const found = rows.get(name)
    if (found === undefined) return [`${name} is missing`]
    return were === null || found === were ? [] : [`${name} has ${found} rows instead of ${were}`]
  })
  if (wrong.length > 0) return { ok: false, text: `Not what was backed up: ${wrong.slice(0, 10).join('; ')}` }
  const sum = then.reduce((total, table) => total + (table.rows ?? 0), 0)
  return { ok: true, text: `${then.length} tables with ${sum} rows, as in the snapshot` }
}

/** Scratch databases of drills that were killed, and are not of this hour. */
async function sweepDrills(context: SourceContext, client: MyClient): Promise<void> {
  const left = (await client.sql(
    "SELECT JSON_ARRAY(SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'quarterdeck\\_drill\\_%';",
  )) as [string][]
  const hourAgo = Math.floor(context.clock.now() / 1_000) - 3_600
  for (const [name] of left) {
    const [, at] = /^quarterdeck_drill_(\d+)_[0-9a-f]{8}$/.exec(name) ?? []
    if (at !== undefined && Number(at) < hourAgo) await client.sql(`DROP DATABASE IF EXISTS ${myName(name)};`)
  }
}

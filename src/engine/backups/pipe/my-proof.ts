// What a MariaDB or MySQL server and a dump of it hold, and where scratch databases are found again; knows no spec and no restore.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import type { TableFact } from '../../../shared/model/snapshot.ts'
import { type MyDumpFacts, MyDumpReader } from '../../parse/my-dump.ts'
import type { Artefact, SourceContext } from '../source.ts'
import { type MyClient, myLiteral, myName } from './my-client.ts'
import { isMark } from './my-staging.ts'

const mostTables = 5_000
const hourSeconds = 3_600

export interface MyServer {
  /** Its own number where it has one. */
  readonly identity: string
  readonly version: string
  readonly folder: string
}

export async function serverOf(client: MyClient): Promise<MyServer> {
  const [server] = (await client.sql(
    "SELECT JSON_OBJECT('host', @@hostname, 'folder', @@datadir, 'port', @@port, 'version', @@version);",
  )) as [{ host: string; folder: string; port: number; version: string }]
  const { host, folder, port, version } = server
  const isMaria = version.includes('MariaDB')
  // MySQL has the one, MariaDB the other since 10.9 or so
  const number = isMaria
    ? "SELECT JSON_ARRAY(VARIABLE_VALUE) FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'SERVER_UID';"
    : 'SELECT JSON_ARRAY(@@server_uuid);'
  const [own] = (await client.sql(number).catch(unlessGone)) as [string][]
  const name = isMaria ? `MariaDB ${version}` : `MySQL ${version}`
  return { identity: `server ${own?.[0] ?? `${host}:${port}${folder}`}`, version: name, folder }
}

/** What a server does not know is no failure; a link that is gone is. */
function unlessGone(caught: unknown): [] {
  const { code } = AppError.from(caught)
  if (code === 'ACCESS_DENIED' || code === 'COMMAND_FAILED') return []
  throw caught
}

/** Rows of each table, counted; marks of restores are nobody's. */
export async function countRows(client: MyClient, database: string): Promise<TableFact[]> {
  const names = (await client.sql(
    `SELECT JSON_ARRAY(TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ${myLiteral(database)} ORDER BY TABLE_NAME LIMIT ${mostTables};`,
  )) as [string][]
  const counts = names
    .filter(([name]) => !isMark(name))
    .map(([name]) => `SELECT JSON_ARRAY(${myLiteral(name)}, COUNT(*)) FROM ${myName(database)}.${myName(name)};`)
  const rows = counts.length === 0 ? [] : ((await client.sql(counts.join('\n'), null, 600_000)) as [string, number][])
  return rows.map(([name, count]) => ({ name, rows: count }))
}

/** Hash of each table's columns; MySQL 9 has no MD5 any more. */
export async function hashTables(client: MyClient, database: string): Promise<Record<string, string>> {
  const hashes = (await client.sql(
    `SET SESSION group_concat_max_len = 10000000; SELECT JSON_ARRAY(TABLE_NAME, SHA2(GROUP_CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE, ' ', IS_NULLABLE, ' ', COALESCE(COLUMN_DEFAULT, ''), ' ', COLUMN_KEY, ' ', EXTRA ORDER BY ORDINAL_POSITION), 256))
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${myLiteral(database)} GROUP BY TABLE_NAME LIMIT ${mostTables};`,
  )) as [string, string][]
  return Object.fromEntries(hashes)
}

/** Bytes of a database's tables, and wall ms of the last write; null where it is not there. */
export async function sizeOf(
  client: MyClient,
  database: string,
): Promise<{ readonly bytes: number; readonly changedAt: number | null } | null> {
  const name = myLiteral(database)
  const [there] = (await client.sql(
    `SELECT JSON_OBJECT('n', COUNT(*)) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${name};`,
  )) as [{ n: number }]
  if (there.n === 0) return null
  const [size] = (await client.sql(
    `SELECT JSON_OBJECT('bytes', COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0), 'at', MAX(UNIX_TIMESTAMP(UPDATE_TIME))) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name};`,
  )) as [{ bytes: number; at: number | null }]
  return { bytes: Number(size.bytes), changedAt: size.at === null ? null : Number(size.at) * 1_000 }
}

/** Reads all of a dump. Rejects with BACKUP_BAD where it was not written to its end. */
export async function readDump(context: SourceContext, artefact: Artefact): Promise<TableFact[]> {
  const reader = new MyDumpReader()
  for await (const chunk of await artefact.open(context.signal)) reader.feed(chunk as Uint8Array)
  const facts: MyDumpFacts = reader.end()
  if (!facts.complete)
    throw new AppError('BACKUP_BAD', 'The dump is not whole: the last line that mysqldump writes is missing', {
      hint: 'Make a new backup now.',
    })
  const tables = [...facts.rows].filter(([name]) => !isMark(name)).slice(0, mostTables)
  return tables.map(([name, count]) => ({ name: name.slice(0, 300), rows: count }))
}

/** Tells when it was made, so that those which were left behind can be told from those in use. */
export const drillName = (now: number): string =>
  `quarterdeck_drill_${Math.floor(now / 1_000)}_${randomBytes(4).toString('hex')}`

/** Scratch databases of drills that were killed, and are not of this hour. */
export async function sweepDrills(client: MyClient, now: number): Promise<void> {
  const left = (await client.sql(
    "SELECT JSON_ARRAY(SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'quarterdeck\\_drill\\_%';",
  )) as [string][]
  const hourAgo = Math.floor(now / 1_000) - hourSeconds
  for (const [name] of left) {
    const [, at] = /^quarterdeck_drill_(\d+)_[0-9a-f]{8}$/.exec(name) ?? []
    if (at !== undefined && Number(at) < hourAgo) await client.sql(`DROP DATABASE IF EXISTS ${myName(name)};`)
  }
}

/** What is bound to its database and no rename of tables takes along: `[kind, name]`. */
export const cannotMove = (database: string): string => {
  const name = myLiteral(database)
  return `SELECT JSON_ARRAY('view', TABLE_NAME) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${name};
SELECT JSON_ARRAY('trigger', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${name};
SELECT JSON_ARRAY(LOWER(ROUTINE_TYPE), ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name};
SELECT JSON_ARRAY('event', EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name};`
}

/** SQL that makes a database like the one of another name, where there is one. */
export const makeLike = (
  like: string,
  name: string,
): string => `SET @made = CONCAT('CREATE DATABASE ${myName(name).replaceAll("'", "''")}', COALESCE((SELECT CONCAT(' CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME)
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${myLiteral(like)}), ' CHARACTER SET utf8mb4'));
PREPARE made FROM @made; EXECUTE made;`

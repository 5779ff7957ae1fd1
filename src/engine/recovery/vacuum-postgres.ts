// Vacuums databases of a Postgres cluster by its own programs on the host, as the account that may; a password is in no argv, environment or message.
import { z } from 'zod'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { errorText, evidenceOfWork, megabytes } from '../lib/command-evidence.ts'
import { pgFailure } from '../lib/postgres/pg-failure.ts'
import { jsonLines, pgProgram, psqlArgv } from '../lib/postgres/pg-program.ts'
import { isShort, type PgDisk, readRoom, roomBody, roomQuestion, roomText, tightest } from '../lib/postgres/pg-room.ts'
import { programBody } from '../lib/postgres/pg-script.ts'
import { databaseOrAll, isLocal, isTaken, serverPassword, serverPlace } from '../lib/server-place.ts'
import { commandText } from '../parse/command-text.ts'
import { type HostActionContext, hostActionType, type StepResult } from './action.ts'

const fields = z.object({
  databases: z
    .array(
      z
        .string()
        .min(1)
        .max(63)
        .regex(/^[^\0\n]+$/, 'A name without line breaks'),
    )
    .max(100)
    .default([])
    .meta({ title: 'Databases', description: 'Empty is all of them, also those that come later' }),
  except: databaseOrAll(63).except,
  ...serverPlace(5_432, 'postgres'),
  user: z.string().trim().max(63).default('').meta({
    title: 'Role',
    description: "Empty is the account's name; it has to own what it vacuums",
  }),
  password: serverPassword,
  vacuum: z.boolean().default(true).meta({
    title: 'Free space',
    description: 'VACUUM; without it nothing but the statistics is renewed',
  }),
  analyze: z.boolean().default(true).meta({ title: 'Renew the statistics, too', description: 'ANALYZE' }),
  full: z.boolean().default(false).meta({
    title: 'FULL',
    description: 'Writes each table anew and gives the space back to the disk; nobody can use a table meanwhile',
  }),
  timeoutMinutes: z.number().int().min(1).max(1_440).default(120).meta({ title: 'Timeout', unit: 'min' }),
})
const Spec = fields.superRefine(({ vacuum, analyze, full }, context) => {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  if (!vacuum && full) refuse('full', 'It frees space: turn that on, too')
  else if (!vacuum && !analyze) refuse('vacuum', 'Choose what is to be done')
})
type Spec = z.output<typeof Spec>

const mainDatabase = 'postgres'
const askMs = 60_000

/** `{name, bytes}` for each that can be connected to; bytes are null for want of rights. */
const databases = `SELECT json_build_object('name', datname, 'bytes', CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END)
FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname;`

const statement = ({ vacuum, full, analyze }: Spec): string => {
  if (!vacuum) return 'ANALYZE'
  const options = [...(full ? ['FULL'] : []), ...(analyze ? ['ANALYZE'] : [])]
  return options.length === 0 ? 'VACUUM' : `VACUUM (${options.join(', ')})`
}

export const vacuumPostgres = hostActionType({
  type: 'vacuum-postgres',
  scope: 'host',
  title: 'Vacuum Postgres databases',
  description:
    'Frees what deleted and changed rows leave behind in one, some or all databases, and renews their statistics.',
  risk: 'confirm',
  mends: [],
  expects: 'checks',
  spec: Spec,
  plan: spec => ({
    title: `${statement(spec)} of ${chosenText(spec)}`,
    commands: (spec.databases.length === 0 ? ['DATABASE'] : spec.databases).map(name => shown(spec, name)),
    risk: spec.full ? 'confirm' : 'safe',
    consequence: spec.full
      ? 'Each table is locked, also for reading, while it is written anew, and that needs as much room on the disk again as the table has.'
      : null,
  }),
  preview: (context, spec): Promise<StepResult> =>
    evidenceOfWork(async evidence => {
      for (const one of await chosen(context, spec)) evidence.push(await found(context, spec, one))
      if (evidence.length === 0) evidence.push({ ok: true, text: 'There is no database yet' })
    }),
  run: (context, spec): Promise<StepResult> =>
    evidenceOfWork(async evidence => {
      for (const { name, bytes } of await chosen(context, spec)) {
        evidence.push(await vacuum(context, spec, name, bytes))
        context.progress(evidence)
      }
      if (evidence.length === 0) evidence.push({ ok: true, text: 'There is no database to work on' })
    }),
})

function chosenText({ databases: chosen, except }: Spec): string {
  if (chosen.length > 0) return chosen.join(', ')
  return except.length === 0 ? 'all databases' : `all databases without ${except.join(', ')}`
}

interface Database {
  readonly name: string
  readonly bytes: number | null
}

async function chosen(context: HostActionContext, spec: Spec): Promise<Database[]> {
  const main = spec.databases[0] ?? mainDatabase
  const all = (await ask(context, spec, main, databases, askMs)) as Database[]
  if (spec.databases.length === 0) return all.filter(({ name }) => isTaken(name, spec.except))
  return spec.databases.map(name => {
    const found = all.find(one => one.name === name)
    if (!found) throw new AppError('NOT_FOUND', `There is no database ${name}`)
    return found
  })
}

/** How large it is, and whether there is room to write it anew. */
async function found(context: HostActionContext, spec: Spec, { name, bytes }: Database): Promise<Evidence> {
  const size = bytes === null ? name : `${name}: ${megabytes(bytes)}`
  if (!spec.full) return { ok: true, text: size }
  try {
    const disk = await tightestDisk(context, spec, name)
    if (disk === undefined) return { ok: true, text: `${size}; whether there is room for FULL could not be seen` }
    return { ok: !isShort(disk), text: `${size}; ${roomText(disk)}` }
  } catch (caught) {
    return notThisOne(name, caught)
  }
}

/** Undefined where it cannot be known: on another machine, or without the right to see where its data lies. */
async function tightestDisk(context: HostActionContext, spec: Spec, name: string): Promise<PgDisk | undefined> {
  if (!isLocal(spec.address)) return undefined
  return tightest(readRoom(await say(context, spec, name, roomQuestion, askMs, roomBody)))
}

/** One that fails does not keep the others from their turn. */
async function vacuum(context: HostActionContext, spec: Spec, name: string, before: number | null): Promise<Evidence> {
  // what waits for a lock holds up all that comes after it
  const sql = `SET lock_timeout = '60s';\nSET client_min_messages = error;\n${statement(spec)};\n${afterwards}`
  try {
    // before anything is locked: a disk that is full of half a table, or of the log, stops the whole server
    const disk = spec.full ? await tightestDisk(context, spec, name) : undefined
    if (disk && isShort(disk))
      throw new AppError('DISK_FULL', `${roomText(disk)}, so nothing was done to it`, {
        hint: 'Make room there, or vacuum it without FULL, which needs none.',
      })
    const lines = await ask(context, spec, name, sql, spec.timeoutMinutes * 60_000)
    const { bytes: after = null, left = [] } = (lines.at(-1) ?? {}) as { bytes?: number | null; left?: string[] }
    const sizes = before === null || after === null ? '' : `: ${megabytes(before)} before, ${megabytes(after)} after`
    if (left.length === 0) return { ok: true, text: `${name}${sizes}` }
    const more = left.length > 5 ? ` and ${left.length - 5} more` : ''
    return { ok: false, text: `${name}: not allowed for ${left.slice(0, 5).join(', ')}${more}${sizes}` }
  } catch (caught) {
    return notThisOne(name, caught)
  }
}

/** Throws what would go wrong with the next one, too. */
function notThisOne(name: string, caught: unknown): Evidence {
  const error = AppError.from(caught)
  if (!itsOwn.has(error.code)) throw error
  return { ok: false, text: `${name}: ${errorText(error)}` }
}

/** What goes wrong with one database and need not with the next. */
const itsOwn: ReadonlySet<ErrorCode> = new Set(['COMMAND_FAILED', 'ACCESS_DENIED', 'TIMEOUT', 'DISK_FULL'])

/**
 * `{bytes, left}`: the tables of persons that the role may not vacuum. Postgres passes over them with a warning, in the server's language and under a
 * name alone, so its own rule is asked instead. Its catalogues are autovacuum's.
 */
const afterwards = String.raw`SELECT json_build_object('bytes', pg_catalog.pg_database_size(current_database()), 'left', (
SELECT coalesce(json_agg(c.relname ORDER BY c.relname), '[]') FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_database d ON d.datname = current_database()
WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
AND NOT pg_catalog.pg_has_role(d.datdba, 'USAGE') AND NOT CASE WHEN current_setting('server_version_num')::int < 170000
THEN pg_catalog.pg_has_role(c.relowner, 'USAGE') ELSE pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') END));`

const ask = async (...its: Parameters<typeof say>): Promise<unknown[]> => jsonLines(await say(...its))

/** What the SQL prints, or what `body` makes of it. */
async function say(
  context: HostActionContext,
  spec: Spec,
  database: string,
  sql: string,
  timeout: number,
  body = programBody,
): Promise<string> {
  const { argv, sudo, stdin } = await pgProgram(context, spec, body, psqlArgv(database))
  const result = await context.exec(argv, { sudo, stdin: Buffer.concat([stdin, Buffer.from(`${sql}\n`)]), timeout })
  const said = new TextDecoder().decode(result.stderr)
  if (result.timedOut) throw new AppError('TIMEOUT', `Postgres was not done with ${database} in time`)
  if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost in the middle')
  if (result.exit !== 0) throw pgFailure(said, result.exit)
  return new TextDecoder().decode(result.stdout)
}

/** As a person would type it. */
function shown(spec: Spec, name: string): string {
  const { account, address, port, user } = spec
  const socket = address === '' || address.startsWith('/')
  const where = [...(address === '' ? [] : ['-h', address]), ...(port === 5_432 ? [] : ['-p', String(port)])]
  const psql = ['psql', ...where, ...(user === '' ? [] : ['-U', user]), '-d', name, '-c', statement(spec)]
  return commandText(socket && account !== '' ? ['sudo', '-u', account, ...psql] : psql, false)
}

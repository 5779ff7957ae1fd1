// The roles of a PostgreSQL cluster with their passwords and memberships, put back in one transaction; knows no database, no target and no schedule.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { databaseArgument, literal } from '../lib/postgres/pg-text.ts'
import { serverPassword, serverPlace } from '../lib/server-place.ts'
import { type RoleScript, readRoles } from '../parse/pg-roles.ts'
import { openHostPipe, streamOf } from './pipe/host-pipe.ts'
import { PgClient } from './pipe/pg-client.ts'
import { databasesOf } from './pipe/pg-propose.ts'
import * as sql from './pipe/pg-sql.ts'
import { type Artefact, backupSourceType, type SourceContext, type SourceLook } from './source.ts'

const spec = z.object({
  ...serverPlace(5_432, 'postgres'),
  user: z.string().trim().max(63).default('').meta({ title: 'Role', description: 'A superuser' }),
  password: serverPassword,
})
type Spec = z.output<typeof spec>

const main = 'postgres'
const mostBytes = 16 * 1024 * 1024
const dumpArgv = ['pg_dumpall', '-w', '--roles-only', '-d', databaseArgument(main)]
const roleNames = "SELECT to_json(rolname::text) FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1::text;"
/** Where the roles lie. */
const catalogBytes = "SELECT to_json(pg_catalog.pg_total_relation_size('pg_catalog.pg_authid'));"
const clientOf = (context: SourceContext, its: Spec): PgClient => new PgClient(context, its)
/** Holds what was and what will be for as long as the restore is not over. */
const keptIn = (id: string): string => `quarterdeck_roles_${id}`

export const postgresRoles = backupSourceType({
  type: 'postgres-roles',
  title: 'Postgres roles',
  description: 'Roles, passwords and memberships of a whole cluster, which no dump of a database holds.',
  byServer: true,
  spec,
  label: ({ port }) => `roles on port ${port}`,

  look,

  async dump(context, its, options) {
    const client = clientOf(context, its)
    const { identity, versions, tables } = await look(context, its)
    const { argv, sudo, secrets } = await client.program(dumpArgv)
    const what = 'pg_dumpall of the roles'
    const pipe = await openHostPipe(context, { argv, sudo, secrets, what, compression: options.compression })
    const ended = pipe.ended.then(({ sha256 }) => ({
      ...{ sha256, identity, versions, tables, notes: [] },
    }))
    ended.catch(() => {})
    return { ...streamOf(pipe), extension: 'sql', totalBytes: null, ended }
  },

  async verify(context, _its, artefact) {
    const { roles } = await scriptOf(context, artefact)
    return {
      said: `it was written to its end, with ${roles.length} roles`,
      tables: [{ name: 'roles', rows: roles.length }],
    }
  },

  async drill(context, its, artefact) {
    const { statements, roles } = await scriptOf(context, artefact)
    try {
      await clientOf(context, its).sql(main, ['BEGIN;', ...statements, 'ROLLBACK;'].join('\n'))
      return [{ ok: true, text: `${roles.length} roles could be made, in a transaction that was undone` }]
    } catch (caught) {
      const error = AppError.from(caught)
      if (error.code !== 'COMMAND_FAILED' && error.code !== 'ACCESS_DENIED') throw error
      return [{ ok: false, text: `The roles cannot be restored: ${error.message}` }]
    }
  },

  plan: () => [
    'Keep the roles as they are now, in a database of its own',
    'Make the roles that are missing, and give all of them their passwords, rights and memberships, in one transaction',
    'Leave roles alone that have come since',
  ],
  space: async () => null,

  async stage(context, its, artefact, { id }) {
    const client = clientOf(context, its)
    const { state } = await kept(client, id)
    if (state === 'swapped') throw new AppError('CONFLICT', 'This restore has changed the roles already')
    const then = await scriptOf(context, artefact)
    const { argv, sudo, stdin } = await client.program(dumpArgv)
    const result = await context.link.exec(argv, { sudo, stdin, signal: context.signal, maxBytes: mostBytes })
    const now = Buffer.from(result.stdout).toString('utf8')
    if (result.exit !== 0 || !readRoles(now).complete)
      throw new AppError('COMMAND_FAILED', 'The roles as they are now could not be kept')
    const old = readRoles(now)
    const added = then.roles.filter(name => !old.roles.includes(name))
    const back = [...added.map(name => `DROP ROLE IF EXISTS ${name};`), ...old.statements]
    await client.sql(main, `${sql.dropDatabase(keptIn(id))}\n${sql.makeDatabase(keptIn(id), null)}`)
    await client.sql(
      keptIn(id),
      `BEGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE TABLE kept (state text, forward text, back text, asked text);
INSERT INTO kept VALUES ('staged', ${literal(then.statements.join('\n'))}, ${literal(back.join('\n'))}, ''); COMMIT;`,
    )
  },

  async check(context, its, part, { id }) {
    const client = clientOf(context, its)
    const { state, forward } = await kept(client, id)
    if (state !== 'staged') return [{ ok: false, text: 'What was staged is not there' }]
    await client.sql(keptIn(id), `BEGIN;\n${forward}\nROLLBACK;`)
    return [
      { ok: true, text: `${part.tables[0]?.rows ?? 'All'} roles could be made, in a transaction that was undone` },
    ]
  },

  async swap(context, its, { id }) {
    const client = clientOf(context, its)
    const { state, forward, asked } = await kept(client, id)
    if (state === null) throw new AppError('CONFLICT', 'Nothing is staged')
    if (state === 'staged') await client.sql(keptIn(id), turned('swapped', asked, forward))
    return { kept: `database ${keptIn(id)}` }
  },

  async swapBack(context, its, { id }) {
    const client = clientOf(context, its)
    const { state, back, asked } = await kept(client, id)
    if (state === 'swapped') await client.sql(keptIn(id), turned('staged', asked, back))
  },

  // waits for what is under way, and undoes what comes later
  stagedState: async (context, its, { id }) =>
    (await kept(clientOf(context, its), id, randomBytes(8).toString('hex'))).state ?? 'nothing',

  async discard(context, its, { id }) {
    const client = clientOf(context, its)
    if ((await kept(client, id)).state !== 'swapped') await client.sql(main, sql.dropDatabase(keptIn(id)))
  },

  async dropOld(context, its, { id }) {
    await clientOf(context, its).sql(main, sql.dropDatabase(keptIn(id)))
  },

  async propose(context, unit) {
    const ports = [...new Set((await databasesOf(context, unit)).map(({ port }) => port))]
    return ports.map(port => ({
      source: { key: `postgres-roles-${port}`, type: 'postgres-roles', spec: spec.parse({ port }) },
      reason: 'Its database belongs to roles, which no dump of a database holds',
    }))
  },

  async restoreTo() {
    throw new AppError('UNSUPPORTED', 'Roles belong to a whole cluster and have no other place', {
      hint: 'Choose a source of the other cluster, or take the SQL out of the snapshot.',
    })
  },
  settleTo: async () => false,
  unsettledAt: (_its, place) => place,
})

async function look(context: SourceContext, its: Spec): Promise<SourceLook> {
  const client = clientOf(context, its)
  const [cluster, bytes, ...names] = (await client.sql(main, `${sql.clusterFacts}\n${catalogBytes}\n${roleNames}`)) as [
    { system: string; version: string },
    number,
    ...string[],
  ]
  return {
    ...{
      identity: `cluster ${cluster.system}, roles`,
      place: `roles on port ${its.port}`,
      bytes,
      changedAt: null,
    },
    ...{ versions: [`PostgreSQL ${cluster.version}`], tables: [{ name: 'roles', rows: names.length }], schemas: {} },
  }
}

async function scriptOf(context: SourceContext, artefact: Artefact): Promise<RoleScript> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of await artefact.open(context.signal)) {
    size += (chunk as Buffer).length
    if (size > mostBytes) throw new AppError('BACKUP_BAD', 'The dump is larger than roles can be')
    chunks.push(chunk as Buffer)
  }
  const script = readRoles(Buffer.concat(chunks).toString('utf8'))
  if (!script.complete || script.roles.length === 0)
    throw new AppError('BACKUP_BAD', 'The dump is not whole: its last line is missing', {
      hint: 'Make a new backup now.',
    })
  return script
}

interface Kept {
  readonly state: 'staged' | 'swapped' | null
  readonly forward: string
  readonly back: string
  /** Drawn by the last question: what was told under another word comes too late. */
  readonly asked: string
}

/** The statements and what is kept of them, in one transaction. */
const turned = (state: 'staged' | 'swapped', asked: string, statements: string): string => `BEGIN;
UPDATE kept SET state = '${state}' WHERE asked = ${literal(asked)};
${sql.onlyIf(`EXISTS (SELECT FROM kept WHERE state = '${state}')`)}
${statements}
COMMIT;`

/** What is kept, in one session of psql; where a word is given, every step that was told under another one is undone from now on. */
async function kept(client: PgClient, id: string, word: string | null = null): Promise<Kept> {
  const [row] = await client.sql(
    main,
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = ${literal(keptIn(id))}) AS there \\gset
\\if :there
\\connect ${keptIn(id)}
SELECT to_regclass('public.kept') IS NOT NULL AS made \\gset
\\if :made
${word === null ? '' : `UPDATE public.kept SET asked = ${literal(word)};`}
SELECT row_to_json(kept) FROM public.kept;
\\endif
\\endif`,
  )
  return (row as Kept | undefined) ?? { state: null, forward: '', back: '', asked: '' }
}

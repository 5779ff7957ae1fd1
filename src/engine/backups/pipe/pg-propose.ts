// Which databases of PostgreSQL a unit seems to use, for the "bot" preset: by its connections, its environment, its owner; knows no dump.
import { AppError } from '../../../shared/errors.ts'
import type { CheckUnit } from '../../../shared/model/check.ts'
import type { PgPlace } from '../../lib/postgres/pg-script.ts'
import { literal } from '../../lib/postgres/pg-text.ts'
import type { SourceContext } from '../source.ts'
import { PgClient } from './pg-client.ts'
import { type UnitConnections, unitConnections } from './unit-script.ts'

export interface PgFound {
  readonly database: string
  readonly port: number
  readonly reason: string
}

/** Databases of clusters on the host, each once; empty where nothing speaks for one. */
export async function databasesOf(context: SourceContext, unit: CheckUnit): Promise<PgFound[]> {
  const seen = await unitConnections(context, unit)
  const found = new Map<string, PgFound>()
  const add = (database: string, port: number, reason: string): void => {
    const key = `${port} ${database}`
    if (!found.has(key)) found.set(key, { database, port, reason })
  }
  for (const [port, pids] of backends(seen)) {
    const names = await ask(
      context,
      port,
      `SELECT to_json(name) FROM (SELECT DISTINCT datname::text AS name FROM pg_catalog.pg_stat_activity WHERE pid IN (${pids.join(', ')})) names WHERE name IS NOT NULL;`,
    )
    for (const name of names) add(name, port, `${unit.name} is connected to it`)
  }
  for (const { scheme, place, name } of seen.urls) {
    const [, address = '', port = '5432'] = /^([^:]*)(?::(\d+))?$/.exec(place) ?? []
    if (scheme.startsWith('postgres') && name !== '' && ['', 'localhost', '127.0.0.1'].includes(address))
      add(decodeURIComponent(name), Number(port), `It is named in the environment of ${unit.name}`)
  }
  const { user } = seen
  if (found.size === 0 && user !== null && seen.needs.some(name => name.startsWith('postgresql'))) {
    const owned = `SELECT to_json(datname::text) FROM pg_catalog.pg_database WHERE NOT datistemplate AND pg_catalog.pg_get_userbyid(datdba) = ${literal(user)};`
    for (const name of await ask(context, 5432, owned))
      add(name, 5432, `${unit.name} needs Postgres, and it belongs to ${user}`)
  }
  return [...found.values()].slice(0, 8)
}

/** Numbers of the server's processes at the other ends, by the cluster's port. */
function backends(seen: UnitConnections): Map<number, number[]> {
  const byPort = new Map<number, number[]>()
  for (const { program, pid, place } of seen.servers) {
    const port = Number((/\.s\.PGSQL\.(\d+)$/.exec(place) ?? /:(\d+)$/.exec(place))?.[1])
    if (!/^(postgres|postmaster)/.test(program) || !Number.isInteger(pid) || !Number.isInteger(port)) continue
    byPort.set(port, [...(byPort.get(port) ?? []), pid])
  }
  return byPort
}

const unasked: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'UNREACHABLE',
  'UNSUPPORTED',
  'NOT_FOUND',
  'SUDO_MISSING',
])

/** A proposal that cannot be looked for is none. */
async function ask(context: SourceContext, port: number, sql: string): Promise<string[]> {
  const place: PgPlace = { address: '', port, user: '', account: 'postgres' }
  try {
    return (await new PgClient({ ...context, secret: async () => null }, place).sql('postgres', sql)) as string[]
  } catch (caught) {
    const { code } = AppError.from(caught)
    if (unasked.has(code)) return []
    throw caught
  }
}

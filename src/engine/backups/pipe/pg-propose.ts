// Which databases of PostgreSQL a unit seems to use, for the "bot" preset: by its connections, its environment, its owner; knows no dump.
import type { CheckUnit } from '../../../shared/model/check.ts'
import type { PgPlace } from '../../lib/postgres/pg-script.ts'
import { literal } from '../../lib/postgres/pg-text.ts'
import type { SourceContext } from '../source.ts'
import { type FoundDatabase, FoundDatabases, orNothing } from './found-databases.ts'
import { PgClient } from './pg-client.ts'
import { type UnitConnections, unitConnections } from './unit-script.ts'

const usualPort = 5_432

/** Empty where nothing speaks for one. */
export async function databasesOf(context: SourceContext, unit: CheckUnit): Promise<FoundDatabase[]> {
  const seen = await unitConnections(context, unit)
  const found = new FoundDatabases()
  for (const [port, pids] of backends(seen)) {
    const names = await ask(
      context,
      port,
      `SELECT to_json(name) FROM (SELECT DISTINCT datname::text AS name FROM pg_catalog.pg_stat_activity WHERE pid IN (${pids.join(', ')})) names WHERE name IS NOT NULL;`,
    )
    for (const name of names) found.add(name, port, `${unit.name} is connected to it`)
  }
  found.addNamed(seen, /^postgres/, usualPort, unit)
  const { user } = seen
  if (found.isEmpty && user !== null && seen.needs.some(name => name.startsWith('postgresql'))) {
    const owned = `SELECT to_json(datname::text) FROM pg_catalog.pg_database WHERE NOT datistemplate AND pg_catalog.pg_get_userbyid(datdba) = ${literal(user)};`
    for (const name of await ask(context, usualPort, owned))
      found.add(name, usualPort, `${unit.name} needs Postgres, and it belongs to ${user}`)
  }
  return found.all
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

async function ask(context: SourceContext, port: number, sql: string): Promise<string[]> {
  const place: PgPlace = { address: '', port, user: '', account: 'postgres' }
  const client = new PgClient({ ...context, secret: async () => null }, place)
  return (await orNothing(client.sql('postgres', sql))) as string[]
}

// Which databases of MariaDB or MySQL a unit seems to use, for the "bot" preset: by its environment, its connections, its rights; knows no dump.
import { AppError } from '../../../shared/errors.ts'
import type { CheckUnit } from '../../../shared/model/check.ts'
import { isLocal } from '../../lib/server-place.ts'
import type { SourceContext } from '../source.ts'
import { MyClient, myLiteral } from './my-client.ts'
import { unitConnections } from './unit-script.ts'

const usualPort = 3_306
const mostProposed = 8

export const systemDatabases: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
])

export interface MyFound {
  readonly database: string
  readonly port: number
  readonly reason: string
}

/** Databases of servers on the host, each once; empty where nothing speaks for one. */
export async function databasesOf(context: SourceContext, unit: CheckUnit): Promise<MyFound[]> {
  const seen = await unitConnections(context, unit)
  const found = new Map<string, MyFound>()
  const add = (database: string, port: number, reason: string): void => {
    const key = `${port} ${database}`
    if (!found.has(key) && !systemDatabases.has(database)) found.set(key, { database, port, reason })
  }
  for (const { scheme, place, name } of seen.urls) {
    const [, address = '', port = `${usualPort}`] = /^([^:]*)(?::(\d+))?$/.exec(place) ?? []
    if ((scheme === 'mysql' || scheme === 'mariadb') && name !== '' && isLocal(address))
      add(decodeURIComponent(name), Number(port), `It is named in the environment of ${unit.name}`)
  }
  const server = seen.servers.find(({ program }) => /^(mariadbd?|mysqld?)$/.test(program))
  if (found.size === 0 && server !== undefined) {
    const port = Number(/:(\d+)$/.exec(server.place)?.[1] ?? usualPort)
    // a server does not tell which process asks it, and a connection that rests names its database all the same
    const used = await ask(
      context,
      port,
      'SELECT DISTINCT JSON_ARRAY(DB) FROM information_schema.PROCESSLIST WHERE DB IS NOT NULL;',
    )
    for (const name of used) add(name, port, `${unit.name} is connected to its server, and it is in use there`)
  }
  const { user } = seen
  if (found.size === 0 && user !== null && seen.needs.some(name => /^(mariadb|mysqld?)\./.test(name))) {
    const grantee = myLiteral(`'${user}'@%`)
    const allowed = `SELECT DISTINCT JSON_ARRAY(TABLE_SCHEMA) FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE LIKE ${grantee} AND PRIVILEGE_TYPE = 'INSERT';`
    for (const name of await ask(context, usualPort, allowed))
      add(name.replace(/\\([_%])/g, '$1'), usualPort, `${unit.name} needs its server, and ${user} may write to it`)
  }
  return [...found.values()].slice(0, mostProposed)
}

const unasked: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'UNREACHABLE',
  'UNSUPPORTED',
  'NOT_FOUND',
  'SUDO_MISSING',
  'COMMAND_FAILED',
])

/** A proposal that cannot be looked for is none. */
async function ask(context: SourceContext, port: number, sql: string): Promise<string[]> {
  const place = { address: '', port, user: '', account: 'root' }
  try {
    const client = new MyClient({ ...context, secret: async () => null }, place)
    return ((await client.sql(sql)) as [string][]).map(([name]) => name)
  } catch (caught) {
    if (unasked.has(AppError.from(caught).code)) return []
    throw caught
  }
}

// Which databases of MariaDB or MySQL a unit seems to use, for the "bot" preset: by its environment, its connections, its rights; knows no dump.
import type { CheckUnit } from '../../../shared/model/check.ts'
import type { SourceContext } from '../source.ts'
import { type FoundDatabase, FoundDatabases, orNothing } from './found-databases.ts'
import { MyClient, myLiteral } from './my-client.ts'
import { unitConnections } from './unit-script.ts'

const usualPort = 3_306

export const systemDatabases: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
])

/** Empty where nothing speaks for one. */
export async function databasesOf(context: SourceContext, unit: CheckUnit): Promise<FoundDatabase[]> {
  const seen = await unitConnections(context, unit)
  const found = new FoundDatabases(systemDatabases)
  found.addNamed(seen, /^(mysql|mariadb)$/, usualPort, unit)
  const server = seen.servers.find(({ program }) => /^(mariadbd?|mysqld?)$/.test(program))
  if (found.isEmpty && server !== undefined) {
    const port = Number(/:(\d+)$/.exec(server.place)?.[1] ?? usualPort)
    // a server does not tell which process asks it, and a connection that rests names its database all the same
    const used = 'SELECT DISTINCT JSON_ARRAY(DB) FROM information_schema.PROCESSLIST WHERE DB IS NOT NULL;'
    for (const name of await ask(context, port, used))
      found.add(name, port, `${unit.name} is connected to its server, and it is in use there`)
  }
  const { user } = seen
  if (found.isEmpty && user !== null && seen.needs.some(name => /^(mariadb|mysqld?)\./.test(name))) {
    const grantee = myLiteral(`'${user}'@%`)
    const allowed = `SELECT DISTINCT JSON_ARRAY(TABLE_SCHEMA) FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE LIKE ${grantee} AND PRIVILEGE_TYPE = 'INSERT';`
    for (const name of await ask(context, usualPort, allowed))
      found.add(
        name.replace(/\\([_%])/g, '$1'),
        usualPort,
        `${unit.name} needs its server, and ${user} may write to it`,
      )
  }
  return found.all
}

async function ask(context: SourceContext, port: number, sql: string): Promise<string[]> {
  const client = new MyClient(
    { ...context, secret: async () => null },
    { address: '', port, user: '', account: 'root' },
  )
  const rows = await orNothing(client.sql(sql))
  return (rows as [string][]).map(([name]) => name)
}

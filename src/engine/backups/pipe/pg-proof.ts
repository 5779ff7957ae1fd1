// How a restored PostgreSQL database is compared with its snapshot, and scratch ones are found again; knows no spec and no archive.
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import type { TableFact } from '../../../shared/model/snapshot.ts'
import type { Evidence } from '../../../shared/model/unit.ts'
import { literal } from '../../lib/postgres/pg-text.ts'
import type { PgClient, RestoreRequest } from './pg-client.ts'
import { dropDatabase } from './pg-sql.ts'

const drillPrefix = 'quarterdeck_drill_'

/** Tells when it was made, so that those which were left behind can be told from those in use. */
export const drillName = (now: number): string =>
  `${drillPrefix}${Math.floor(now / 1_000)}_${randomBytes(4).toString('hex')}`

/** `["schema.table", rows]` as it was answered. */
export const tableFacts = (lines: readonly unknown[]): TableFact[] =>
  (lines as [string, number][]).map(([name, rows]) => ({ name: name.slice(0, 300), rows }))

/** Restores; where `elsewhere` and a role is missing, once more without owners and rights. */
export async function restoreWith(
  client: PgClient,
  open: () => Promise<Readable>,
  request: RestoreRequest,
  elsewhere: boolean,
): Promise<{ lines: unknown[]; plain: boolean }> {
  try {
    return { lines: await client.restore(await open(), request), plain: false }
  } catch (caught) {
    const error = AppError.from(caught)
    if (!elsewhere || !/role "[^"]*" does not exist/.test(error.message)) throw error
    const again = { ...request, rights: 'plain' as const }
    return { lines: await client.restore(await open(), again), plain: true }
  }
}

export function brokenIndexes(lines: readonly (readonly [string, number | string])[]): Evidence[] {
  const broken = lines.filter(([kind, name]) => kind === 'index' && typeof name === 'string').map(([, name]) => name)
  return broken.length === 0 ? [] : [{ ok: false, text: `Indexes are not valid: ${broken.slice(0, 10).join(', ')}` }]
}

/** Scratch databases of drills that were killed: nobody is in them, and they are not of this minute. */
export async function sweepDrills(client: PgClient, main: string, now: number): Promise<void> {
  const left = (await client.sql(
    main,
    `SELECT to_json(d.datname::text) FROM pg_catalog.pg_database d WHERE d.datname LIKE ${literal(`${drillPrefix.replaceAll('_', '\\_')}%`)}
AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid);`,
  )) as string[]
  const minuteAgo = Math.floor(now / 1_000) - 60
  for (const name of left) {
    const [, at] = /^quarterdeck_drill_(\d+)_[0-9a-f]{8}$/.exec(name) ?? []
    if (at !== undefined && Number(at) < minuteAgo) await client.sql(main, dropDatabase(name))
  }
}

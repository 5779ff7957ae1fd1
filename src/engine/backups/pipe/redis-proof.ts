// What a saved file of Redis holds, read to its last byte, and whether a server that loaded it holds the same; knows no host.
import { AppError } from '../../../shared/errors.ts'
import type { TableFact } from '../../../shared/model/snapshot.ts'
import type { Evidence } from '../../../shared/model/unit.ts'
import { RdbError, type RdbFacts, RdbReader } from '../../parse/rdb.ts'
import type { Artefact } from '../source.ts'

/** Rejects with BACKUP_BAD where it is damaged. */
export async function readRdb(artefact: Artefact, signal: AbortSignal): Promise<RdbFacts> {
  const reader = new RdbReader()
  try {
    for await (const chunk of await artefact.open(signal)) reader.feed(chunk as Uint8Array)
    return reader.end()
  } catch (caught) {
    if (!(caught instanceof RdbError)) throw caught
    throw new AppError('BACKUP_BAD', `The dump is damaged: ${caught.message}`, { hint: 'Make a new backup now.' })
  }
}

/** Null where its keys are of kinds that cannot be counted here. */
export const tablesOf = ({ keys }: RdbFacts): TableFact[] | null =>
  keys === null ? null : [...keys].map(([database, rows]) => ({ name: `db${database}`, rows }))

/** What the script of a drill told: `DATABASE KEYS` each. */
export const heldBy = (facts: readonly { readonly key: string; readonly value: string }[]): TableFact[] =>
  facts
    .filter(({ key }) => key === 'keys')
    .map(({ value }) => value.split(' ').map(Number))
    .map(([database, rows = 0]) => ({ name: `db${database}`, rows }))

export function compareKeys(then: readonly TableFact[], now: readonly TableFact[]): Evidence {
  const text = (tables: readonly TableFact[]): string =>
    tables.map(({ name, rows }) => `${name} ${rows}`).join(', ') || 'nothing'
  return text(then) === text(now)
    ? { ok: true, text: `It holds ${text(now)}, as in the snapshot` }
    : { ok: false, text: `It holds ${text(now)} instead of ${text(then)}` }
}

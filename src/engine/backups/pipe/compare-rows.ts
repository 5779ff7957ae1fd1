// Compares the tables that were restored with those of the snapshot, in words; knows no server.
import type { TableFact } from '../../../shared/model/snapshot.ts'
import type { Evidence } from '../../../shared/model/unit.ts'

export function compareRows(then: readonly TableFact[], now: readonly TableFact[]): Evidence[] {
  const rows = new Map(now.map(table => [table.name, table.rows]))
  const wrong = then.flatMap(table => {
    const found = rows.get(table.name)
    if (found === undefined) return [`${table.name} is missing`]
    return table.rows === null || found === table.rows
      ? []
      : [`${table.name} has ${found} rows instead of ${table.rows}`]
  })
  if (wrong.length > 0) return [{ ok: false, text: `Not what was backed up: ${wrong.slice(0, 10).join('; ')}` }]
  const sum = then.reduce((total, table) => total + (table.rows ?? 0), 0)
  return [{ ok: true, text: `${then.length} tables with ${sum} rows, as in the snapshot` }]
}

/** Tables as a list of what is in a snapshot. */
export const tableItems = (tables: readonly TableFact[]) =>
  tables.map(({ name, rows }) => ({ path: name, kind: 'table' as const, bytes: null, rows, modifiedAt: null }))

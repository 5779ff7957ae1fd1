// Shows benchmark results as a table for people; measures nothing.
import type { Result } from './item.ts'

/** A result, or why there is none. */
export type Line = Result | { readonly name: string; readonly error: string; readonly met: false }

/** The table that a bench run prints. */
export function table(lines: readonly Line[]): string {
  const header = ['item', 'value', 'peer', '', 'ratio', 'goal', '']
  const rows = lines.map(line =>
    'error' in line
      ? [line.name, 'failed', line.error.split('\n')[0] ?? '', '', '', '', 'NOT MET']
      : [
          line.name,
          `${figure(line.value)} ${line.unit}`,
          `${figure(line.peerValue)} ${line.unit}`,
          line.peer,
          figure(line.ratio),
          line.goal,
          line.met ? 'met' : 'NOT MET',
        ],
  )
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)))
  return [header, ...rows]
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A number with about three digits that matter. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0 || Math.abs(value) >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}

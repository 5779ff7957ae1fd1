// Where a check begins that counts lines like a given one, of the same service. Knows no screen.
import type { UnitScope } from '../../../../shared/model/unit.ts'
import { addCheckPath } from '../../../lib/places.ts'
import type { Line } from './line-store.ts'

export function lineCheckPath(line: Pick<Line, 'hostId' | 'unit'>, scope: UnitScope, pattern: string): string {
  return addCheckPath({
    hostId: line.hostId,
    type: 'journal-pattern',
    ...(line.unit ? { unit: { scope, name: line.unit } } : {}),
    pattern,
  })
}

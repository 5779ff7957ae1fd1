// Which checks the list shows and in what order: trouble first. Pure, so that it can be tested without a screen.
import type { CheckKind, CheckView } from '../../../shared/model/check.ts'
import type { HostView } from '../../../shared/model/host.ts'
import type { UnitRef } from '../../../shared/model/unit.ts'
import { checkStatus } from '../../lib/check-status.ts'
import { isSameUnit } from '../../lib/same-unit.ts'
import { saysAll } from '../../lib/says-all.ts'
import { type Tone, toneRank } from '../../lib/status.ts'

/** The groups of the summary, worst first. */
export const checkGroups: readonly { readonly tone: Tone; readonly word: string }[] = [
  { tone: 'unhealthy', word: 'unhealthy' },
  { tone: 'degraded', word: 'degraded' },
  { tone: 'maintenance', word: 'under maintenance' },
  { tone: 'unknown', word: 'unknown' },
  { tone: 'healthy', word: 'healthy' },
  { tone: 'off', word: 'switched off' },
]

export interface CheckRow {
  readonly view: CheckView
  readonly tone: Tone
  readonly hostName: string
  /** The title of its kind. */
  readonly kind: string
}

/** Worst first, then by host and name. */
export function checkRows(
  views: readonly CheckView[],
  hosts: readonly HostView[],
  kinds: readonly CheckKind[],
): CheckRow[] {
  const hostNames = new Map(hosts.map(({ host }) => [host.id, host.name]))
  const titles = new Map(kinds.map(kind => [kind.type, kind.title]))
  return views
    .map(view => ({
      view,
      tone: checkStatus(view).tone,
      hostName: hostNames.get(view.check.hostId) ?? view.check.hostId,
      kind: titles.get(view.check.type) ?? view.check.type,
    }))
    .sort(
      (a, b) =>
        toneRank(a.tone) - toneRank(b.tone) ||
        a.hostName.localeCompare(b.hostName, 'en', { numeric: true }) ||
        a.view.check.name.localeCompare(b.view.check.name, 'en', { numeric: true }),
    )
}

/** The checks that speak of a service, worst first. */
export function checksOfUnit(views: readonly CheckView[], unit: UnitRef): CheckView[] {
  return checkRows(
    views.filter(({ check }) => check.unit !== null && isSameUnit({ hostId: check.hostId, ...check.unit }, unit)),
    [],
    [],
  ).map(row => row.view)
}

export function matchesCheck(row: CheckRow, text: string): boolean {
  const { check, last } = row.view
  return saysAll([check.name, row.kind, row.hostName, check.unit?.name, last?.message, ...check.tags], text)
}

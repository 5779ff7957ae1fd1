// Which maintenance tasks the list shows and in what order: trouble first, then what comes next. Pure, so that it can be tested without a screen.
import type { HostView } from '../../../shared/model/host.ts'
import type { MaintenanceKind, MaintenanceView } from '../../../shared/model/maintenance.ts'
import { taskStatus } from '../../lib/maintenance-status.ts'
import { saysAll } from '../../lib/says-all.ts'
import { type StatusWord, toneRank } from '../../lib/status.ts'

export interface TaskRow {
  readonly view: MaintenanceView
  readonly status: StatusWord
  readonly hostName: string
  /** Its steps by the titles of their kinds. */
  readonly does: string
}

export function taskRows(
  views: readonly MaintenanceView[],
  hosts: readonly HostView[],
  kinds: readonly MaintenanceKind[],
): TaskRow[] {
  const names = new Map(hosts.map(({ host }) => [host.id, host.name]))
  const titles = new Map(kinds.map(({ type, title }) => [type, title]))
  return views
    .map(view => ({
      view,
      status: taskStatus(view),
      hostName: names.get(view.task.hostId) ?? view.task.hostId,
      does: view.task.steps.map(({ type }) => titles.get(type) ?? type).join(', '),
    }))
    .sort(
      (a, b) =>
        toneRank(a.status.tone) - toneRank(b.status.tone) ||
        comesAt(a) - comesAt(b) ||
        a.view.task.name.localeCompare(b.view.task.name, 'en', { numeric: true }),
    )
}

/** What comes by itself comes before what a person starts. */
export function comesAt({ view }: TaskRow): number {
  return view.nextAt ?? Number.MAX_VALUE
}

export function matchesTask({ view, status, hostName, does }: TaskRow, text: string): boolean {
  return saysAll([view.task.name, hostName, status.word, does, ...view.task.stopUnits.map(({ name }) => name)], text)
}

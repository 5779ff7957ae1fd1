// How the palette finds things by a few letters. Pure.
import type { BackupView } from '../../../shared/model/backup.ts'
import type { ChannelView } from '../../../shared/model/channel.ts'
import type { CheckView } from '../../../shared/model/check.ts'
import type { MaintenanceView } from '../../../shared/model/maintenance.ts'
import type { Unit } from '../../../shared/model/unit.ts'
import { backupStatus } from '../../lib/backup-status.ts'
import { taskStatus } from '../../lib/maintenance-status.ts'
import { backupPath, taskPath } from '../../lib/places.ts'
import type { StatusWord } from '../../lib/status.ts'

/** 0 is no match; an exact start counts most, then the start of a word, then anywhere. Every word has to be found. */
export function rank(label: string, text: string): number {
  if (text === '') return 1
  const said = label.toLowerCase()
  let worst = Number.POSITIVE_INFINITY
  for (const word of text.toLowerCase().split(/\s+/)) {
    const at = said.indexOf(word)
    if (at < 0) return 0
    const wordStart = at === 0 || /[^a-z0-9]/.test(said.charAt(at - 1))
    worst = Math.min(worst, at === 0 ? 3 : wordStart ? 2 : 1)
  }
  return worst
}

/** The best matches over all hosts, failed ones first among equals; nothing without a text. */
export function findUnits(units: readonly Unit[], text: string, limit: number): Unit[] {
  if (text === '') return []
  const found: { unit: Unit; rank: number }[] = []
  for (const unit of units) {
    const score = rank(unit.name, text)
    if (score > 0) found.push({ unit, rank: score + (unit.activeState === 'failed' ? 0.5 : 0) })
  }
  return found
    .sort((a, b) => b.rank - a.rank || a.unit.name.localeCompare(b.unit.name))
    .slice(0, limit)
    .map(item => item.unit)
}

/** The best matches by name, kind and service; nothing without a text. */
export function findChecks(checks: readonly CheckView[], text: string, limit: number): CheckView[] {
  return best(checks, text, limit, ({ check }) => [check.name, check.type, check.unit?.name].filter(Boolean).join(' '))
}

export function findChannels(channels: readonly ChannelView[], text: string, limit: number): ChannelView[] {
  return best(channels, text, limit, ({ channel }) => `${channel.name} ${channel.type}`)
}

/** A backup or a maintenance task: what it is called, how it stands, and where it is shown. */
export interface Job {
  readonly id: string
  readonly name: string
  readonly hostId: string
  readonly status: StatusWord
  readonly path: string
}

export function jobsOf(backups: readonly BackupView[], tasks: readonly MaintenanceView[]): Job[] {
  return [
    ...backups.map(view => {
      const { id, name, hostId } = view.backup
      return { id: `backup ${id}`, name, hostId, status: backupStatus(view), path: backupPath(id) }
    }),
    ...tasks.map(view => {
      const { id, name, hostId } = view.task
      return { id: `task ${id}`, name, hostId, status: taskStatus(view), path: taskPath(id) }
    }),
  ]
}

export function findJobs(jobs: readonly Job[], text: string, limit: number): Job[] {
  return best(jobs, text, limit, ({ name }) => name)
}

function best<T>(items: readonly T[], text: string, limit: number, label: (item: T) => string): T[] {
  if (text === '') return []
  return items
    .map(item => ({ item, rank: rank(label(item), text) }))
    .filter(found => found.rank > 0)
    .sort((a, b) => b.rank - a.rank || label(a.item).localeCompare(label(b.item), 'en', { numeric: true }))
    .slice(0, limit)
    .map(found => found.item)
}

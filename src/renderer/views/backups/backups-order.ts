// Which backups the list shows and in what order: trouble first, then by name. Pure, so that it can be tested without a screen.
import type { BackupView } from '../../../shared/model/backup.ts'
import type { HostView } from '../../../shared/model/host.ts'
import { backupStatus } from '../../lib/backup-status.ts'
import { saysAll } from '../../lib/says-all.ts'
import { type StatusWord, toneRank } from '../../lib/status.ts'

export interface BackupRow {
  readonly view: BackupView
  readonly status: StatusWord
  readonly hostName: string
}

export function backupRows(views: readonly BackupView[], hosts: readonly HostView[]): BackupRow[] {
  const names = new Map(hosts.map(({ host }) => [host.id, host.name]))
  return views
    .map(view => ({
      view,
      status: backupStatus(view),
      hostName: names.get(view.backup.hostId) ?? view.backup.hostId,
    }))
    .sort(
      (a, b) =>
        toneRank(a.status.tone) - toneRank(b.status.tone) ||
        a.view.backup.name.localeCompare(b.view.backup.name, 'en', { numeric: true }),
    )
}

export function matchesBackup({ view, status, hostName }: BackupRow, text: string): boolean {
  const { backup } = view
  return saysAll(
    [backup.name, hostName, status.word, backup.unit?.name, ...backup.sources.map(({ type }) => type)],
    text,
  )
}

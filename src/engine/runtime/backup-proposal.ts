// Asks every kind of source what it would back up of a unit, and makes one backup of it (the "bot" preset); knows no kind.
import { AppError } from '../../shared/errors.ts'
import { BackupDraft, type BackupProposal, localTargetId, type SourceDraft } from '../../shared/model/backup.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import { backupSourceTypes } from '../backups/index.ts'
import { isOffline, type SourceAccess } from './source-access.ts'

/** At night, when little is written; drilled once a week. */
const nightly = '30 3 * * *'
const weekly = '30 5 * * 0'
/** So that not all backups begin at once. */
const jitterSeconds = 1_800

/** Rejects with NOT_CONNECTED, and NOT_FOUND where there is nothing of it that can be backed up. */
export async function proposeBackup(
  sources: SourceAccess,
  { hostId, scope, name }: UnitRef,
  signal: AbortSignal,
): Promise<BackupProposal> {
  sources.session(hostId)
  const found: SourceDraft[] = []
  const reasons: Record<string, string> = {}
  for (const type of backupSourceTypes) {
    const { propose } = type
    if (!propose) continue
    try {
      const proposed = await sources.ask('proposal', { hostId, backupId: '', signal }, context =>
        propose(context, { scope, name }),
      )
      for (const { source, reason } of proposed) {
        const key = freeKey(source.key, found)
        found.push({ ...source, key })
        reasons[key] = reason
      }
    } catch (caught) {
      // what one kind cannot see, another may
      if (isOffline(caught) || signal.aborted) throw caught
    }
  }
  if (found.length === 0)
    throw new AppError('NOT_FOUND', `Nothing of ${name} was found that can be backed up`, {
      hint: 'Choose its files or database yourself.',
    })
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const draft = BackupDraft.parse({
    ...{ name: name.replace(/\.service$/, ''), hostId, unit: { scope, name }, sources: found.slice(0, 32) },
    ...{ targets: [localTargetId], retention: { last: 7, daily: 7, weekly: 4 } },
    schedule: { cron: nightly, zone, jitterSeconds },
    drill: { cron: weekly, zone, jitterSeconds },
  })
  return { draft, reasons }
}

function freeKey(key: string, taken: readonly SourceDraft[]): string {
  const base = key.slice(0, 36)
  for (let n = 1; ; n++) {
    const free = n === 1 ? base : `${base}-${n}`
    if (!taken.some(one => one.key === free)) return free
  }
}

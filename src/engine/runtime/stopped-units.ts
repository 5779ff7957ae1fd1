// Tells for what a service of a host is stopped now, and will be started again, by what maintenance and restores wrote down before they stopped it; stops nothing.
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Store } from '../store/store.ts'
import type { StoredRestore } from './restore-record.ts'

/** In words; null where neither of them stopped it. */
export function stoppedFor(store: Store, hostId: string, { scope, name }: CheckUnit): string | null {
  const isIt = (unit: CheckUnit | null): boolean => unit?.scope === scope && unit.name === name
  for (const { taskId, stopped } of store.maintenance.unfinished()) {
    const task = stopped.some(isIt) ? store.maintenance.get(taskId)?.task : undefined
    if (task?.hostId === hostId) return `the task ${task.name}`
  }
  const restores = store.backups.unfinished<StoredRestore>('restore')
  // what is verified was started before
  const own = restores.find(one => one.hostId === hostId && one.wasUp && one.reached !== 'verify' && isIt(one.unit))
  return own ? `a restore of ${store.backups.get(own.backupId)?.backup.name ?? own.backupId}` : null
}

// What screens ask about backups and how events keep the answers fresh; knows no layout.
import type { QueryClient } from '@tanstack/react-query'
import type { RestoreDraft } from '../../shared/model/restore.ts'
import type { EngineRemote } from '../engine.ts'
import { put, putRun } from './put.ts'
import { callKey, fresh, updateAnswer, useEngineQuery } from './remotes.tsx'

const runsShown = 30

/** All backups, kept fresh by events. */
export function useBackups() {
  return useEngineQuery('backup.list', undefined, fresh)
}
export function useBackup(id: string) {
  return useEngineQuery('backup.get', id, fresh)
}
/** The kinds of sources and targets never change while the engine runs. */
export function useBackupKinds() {
  return useEngineQuery('backup.kinds', undefined, fresh)
}
export function useTargets() {
  return useEngineQuery('target.list', undefined, fresh)
}
export function useSnapshots(backupId: string) {
  return useEngineQuery('snapshot.list', { backupId }, fresh)
}
/** Which of them have to be unlocked, by id. */
export function useMissingKeys(backupId: string) {
  return useEngineQuery('snapshot.missingKeys', { backupId }, fresh)
}
/** All that lies at places without a backup that is set up here. */
export function useOrphans() {
  return useEngineQuery('snapshot.orphans', undefined, fresh)
}
export function useBackupRuns(id: string) {
  return useEngineQuery('backup.runs', { id, limit: runsShown }, fresh)
}
export function useRestores(backupId: string | null) {
  return useEngineQuery('restore.list', { backupId }, fresh)
}
export function useDrills(backupId: string) {
  return useEngineQuery('drill.list', { backupId }, fresh)
}
/** Looks at the host anew whenever it is opened. */
export function useRestorePlan(draft: RestoreDraft, enabled: boolean) {
  return useEngineQuery('restore.plan', draft, { enabled, staleTime: 0 })
}
export function useSnapshotItems(id: string, part: string) {
  return useEngineQuery('snapshot.items', { id, part }, fresh)
}

/** Listens for all that concerns backups; returns the ends of it. */
export function keepBackupsLive(engine: EngineRemote, client: QueryClient): (() => void)[] {
  // The engine alone knows which backup a snapshot still has.
  const leftOver = (): void => void client.invalidateQueries({ queryKey: callKey('snapshot.orphans', undefined) })
  return [
    engine.on('backup.changed', view => {
      updateAnswer(client, 'backup.list', undefined, list => put(list, view, ({ backup }) => backup.id))
      client.setQueryData(callKey('backup.get', view.backup.id), view)
      // a key was given, or went
      void client.invalidateQueries({ queryKey: callKey('snapshot.missingKeys', { backupId: view.backup.id }) })
    }),
    engine.on('backup.removed', id => {
      updateAnswer(client, 'backup.list', undefined, list => list.filter(({ backup }) => backup.id !== id))
      client.removeQueries({ queryKey: callKey('backup.get', id) })
      leftOver()
    }),
    engine.on('backupRun.changed', run =>
      updateAnswer(client, 'backup.runs', { id: run.backupId, limit: runsShown }, list => putRun(list, run)),
    ),
    engine.on('snapshot.changed', snapshot => {
      updateAnswer(client, 'snapshot.list', { backupId: snapshot.manifest.backupId }, list =>
        put(list, snapshot, ({ id }) => id).sort((a, b) => b.manifest.startedAt - a.manifest.startedAt),
      )
      leftOver()
    }),
    engine.on('snapshot.removed', id => {
      client.setQueriesData<{ id: string }[]>({ queryKey: ['snapshot.list'] }, list =>
        list?.filter(snapshot => snapshot.id !== id),
      )
      leftOver()
    }),
    engine.on('target.changed', targets => {
      client.setQueryData(callKey('target.list', undefined), targets)
      leftOver()
    }),
    engine.on('restore.changed', run => {
      for (const backupId of [run.backupId, null])
        updateAnswer(client, 'restore.list', { backupId }, list => putRun(list, run))
    }),
    engine.on('drill.changed', run =>
      updateAnswer(client, 'drill.list', { backupId: run.backupId }, list => putRun(list, run)),
    ),
  ]
}

// What screens ask about scheduled maintenance and how events keep the answers fresh; knows no layout.
import type { QueryClient } from '@tanstack/react-query'
import type { EngineRemote } from '../engine.ts'
import { put, putRun } from './put.ts'
import { callKey, fresh, updateAnswer, useEngineQuery } from './remotes.tsx'

const everyTask = {} as const
const runsShown = 30

/** All tasks of all hosts, kept fresh by events. */
export function useMaintenance() {
  return useEngineQuery('maintenance.list', everyTask, fresh)
}
export function useTask(id: string) {
  return useEngineQuery('maintenance.get', id, fresh)
}
/** The kinds never change while the engine runs. */
export function useMaintenanceKinds() {
  return useEngineQuery('maintenance.kinds', undefined, fresh)
}
export function useTaskRuns(id: string) {
  return useEngineQuery('maintenance.runs', { id, limit: runsShown }, fresh)
}
/** Listens for all that concerns maintenance; returns the ends of it. */
export function keepMaintenanceLive(engine: EngineRemote, client: QueryClient): (() => void)[] {
  return [
    engine.on('maintenance.changed', view => {
      updateAnswer(client, 'maintenance.list', everyTask, list => put(list, view, ({ task }) => task.id))
      client.setQueryData(callKey('maintenance.get', view.task.id), view)
    }),
    engine.on('maintenance.removed', id => {
      updateAnswer(client, 'maintenance.list', everyTask, list => list.filter(({ task }) => task.id !== id))
      client.removeQueries({ queryKey: callKey('maintenance.get', id) })
    }),
    engine.on('maintenanceRun.changed', run =>
      updateAnswer(client, 'maintenance.runs', { id: run.taskId, limit: runsShown }, list => putRun(list, run)),
    ),
  ]
}

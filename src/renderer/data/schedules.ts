// What forms ask about schedules; knows no form.
import { useEngineQuery } from './remotes.tsx'

/** When a cron line comes next. */
export function useTimes(schedule: { cron: string; zone: string }) {
  return useEngineQuery('schedule.times', schedule, { staleTime: 60_000 })
}

/** By what names the network may be known on which this computer is now. */
export function useNetworks() {
  return useEngineQuery('backup.networks', undefined, { staleTime: 60_000 })
}

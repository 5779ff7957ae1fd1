// The few calls of the engine's contract that the shell makes itself, apart from the rest so that it need not hold all schemas.
import { z } from 'zod'
import { Settings, Unfinished } from '../model/settings.ts'
import { type Contract, event, query } from './define.ts'

export const shellNeeds = {
  /** What would be half done if the app ended now: `a restore of Stats`, and the services that are stopped for it. */
  'engine.unfinished': query(z.void(), z.array(Unfinished)),
  'settings.get': query(z.void(), Settings),
  'settings.changed': event(Settings),
} as const satisfies Contract

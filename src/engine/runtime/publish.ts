// How the runtime tells the outside what happened: one typed function, so that no part of it knows about ports or windows.
import type { EventName, EventPayload } from '../../shared/contract/define.ts'
import type { EngineContract } from '../../shared/contract/engine.ts'

export type Publish = <K extends EventName<EngineContract>>(name: K, payload: EventPayload<EngineContract[K]>) => void

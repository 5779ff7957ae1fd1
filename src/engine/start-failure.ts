// What windows hear when the engine cannot start at all: every call fails with the same, explained error.
import { type EngineContract, engineContract } from '../shared/contract/engine.ts'
import type { AppError } from '../shared/errors.ts'
import type { Port } from '../shared/rpc/port.ts'
import { type Handlers, serve } from '../shared/rpc/server.ts'

export function serveStartFailure(port: Port, error: AppError): void {
  const refuse = (): never => {
    throw error
  }
  const refuseStream = (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: async () => refuse() }) })
  const handlers: Record<string, () => unknown> = {}
  for (const [name, definition] of Object.entries(engineContract)) {
    if (definition.kind === 'stream') handlers[name] = refuseStream
    else if (definition.kind !== 'event') handlers[name] = refuse
  }
  // every name of the contract is there, but only the loop above can see that
  serve(engineContract, port, handlers as unknown as Handlers<EngineContract>)
}

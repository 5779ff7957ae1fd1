// The two contracts and the client that speaks them, in one piece that the page loads beside its first screen. Knows no call.
import { engineContract } from '../shared/contract/engine.ts'
import { shellContract } from '../shared/contract/shell.ts'
import { connect } from '../shared/rpc/client.ts'

export const engineWire = { contract: engineContract, connect }
export const shellWire = { contract: shellContract, connect }

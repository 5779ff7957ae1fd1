// Stands in for the engine's process, so that a test can ask the real shell what the engine would ask; it does nothing by itself.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { nativeContract } from '../../../src/shared/contract/native.ts'
import { AppError } from '../../../src/shared/errors.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { engineProcessPorts } from '../../../src/shared/rpc/engine-link.ts'

const path = join(process.env.QUARTERDECK_HOME ?? '', 'native.sock')
const { native, onWindowPort, parentGone } = engineProcessPorts()
const client = connect(nativeContract, native)
client.on('engine.stop', () => process.exit(0))
void parentGone.then(() => process.exit(0))

type Call = (name: string, input: unknown, signal: AbortSignal) => Promise<unknown>
const server = createServer(socket => {
  // Whoever asked and went away no longer wants it.
  const gone = new AbortController()
  socket.on('close', () => gone.abort())
  socket.on('error', () => gone.abort())
  createInterface(socket).on('line', async line => {
    const { name, input } = JSON.parse(line)
    const answer = await (client.call as unknown as Call)(name, input, gone.signal).then(
      value => ({ value: value ?? null }),
      error => ({ error: AppError.from(error).toShape() }),
    )
    if (!socket.destroyed) socket.end(JSON.stringify(answer))
  })
})
rmSync(path, { force: true })
server.listen(path, () => onWindowPort(() => {}))

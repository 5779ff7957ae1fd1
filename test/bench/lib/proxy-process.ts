// A long line in a process of its own, so that what it costs is not counted to anybody who uses it; ends with its parent.
import { createTcpProxy } from '../../hosts/lib/index.ts'

const [address = '', port = '22', delayMs = '0'] = process.argv.slice(2)
const proxy = await createTcpProxy({ target: { address, port: Number(port) }, delayMs: Number(delayMs) })
process.send?.({ address: proxy.address, port: proxy.port })
process.once('disconnect', () => process.exit(0))

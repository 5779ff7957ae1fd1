// Proves that the wire with faults delays, throttles, cuts and falls silent as it says; needs no host.

import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createTcpProxy, type TcpProxyOptions } from '../lib/index.ts'

const open: { dispose(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.dispose()
})

/** An echo server, a proxy before it and a connection through it. */
async function wire(options: Omit<TcpProxyOptions, 'target'> = {}) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await createTcpProxy({
    ...options,
    target: { address: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
  })
  open.push({
    dispose: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  open.push(proxy)
  return { proxy, connect: () => connectTo(proxy.port) }
}

async function connectTo(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  open.push({ dispose: async () => void socket.destroy() })
  return socket
}

/** Sends and waits for the same number of bytes; says how long that took. */
async function echo(socket: net.Socket, bytes: number): Promise<number> {
  const start = performance.now()
  let missing = bytes
  const done = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      missing -= chunk.length
      if (missing > 0) return
      socket.off('data', read)
      resolve()
    }
    socket.on('data', read)
    socket.once('error', reject)
  })
  socket.write(Buffer.alloc(bytes))
  await done
  return performance.now() - start
}

test('delays each way and counts the bytes of both', async () => {
  const { proxy, connect } = await wire({ delayMs: 25 })
  const socket = await connect()
  const times: number[] = []
  for (let i = 0; i < 5; i++) times.push(await echo(socket, 100))
  // Never less than the round trip; the best of five not far from it even on a busy machine.
  expect(Math.min(...times)).toBeGreaterThanOrEqual(50)
  expect(Math.min(...times)).toBeLessThan(250)
  expect(proxy.stats()).toEqual({ toTarget: 500, toClient: 500, connections: 1, open: 1 })
})

test('throttles to the given rate', async () => {
  const { connect } = await wire({ bytesPerSecond: 1_000_000 })
  // Both directions overlap, so 200 kB there and back need a fifth of a second.
  expect(await echo(await connect(), 200_000)).toBeGreaterThanOrEqual(195)
})

test('a lost chunk comes late', async () => {
  const { connect } = await wire({ lossEvery: 2, lossDelayMs: 1000 })
  const socket = await connect()
  expect(await echo(socket, 10)).toBeLessThan(1000)
  expect(await echo(socket, 10)).toBeGreaterThanOrEqual(1000)
})

test('a cut resets what is open and refuses what is new until resumed', async () => {
  const { proxy, connect } = await wire()
  const socket = await connect()
  await echo(socket, 10)
  const failed = once(socket, 'error')
  proxy.cut()
  expect(((await failed)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET')
  const refused = net.connect({ port: proxy.port, host: '127.0.0.1' })
  const [error] = await once(refused, 'error')
  expect((error as NodeJS.ErrnoException).code).toBe('ECONNRESET')
  proxy.resume()
  await echo(await connect(), 10)
})

test('a pause is silence without an end, and nothing is lost by it', async () => {
  const { proxy, connect } = await wire()
  const socket = await connect()
  await echo(socket, 10)
  proxy.pause()
  let heard = 0
  socket.on('data', chunk => (heard += chunk.length))
  socket.write('0123456789')
  await new Promise(resolve => setTimeout(resolve, 80))
  expect(heard).toBe(0)
  expect(socket.destroyed).toBe(false)
  const back = once(socket, 'data')
  proxy.resume()
  await back
  expect(heard).toBe(10)
})

test('passes on an orderly end', async () => {
  const { proxy, connect } = await wire({ delayMs: 5 })
  const socket = await connect()
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.end('last words')
  await once(socket, 'close')
  expect(Buffer.concat(chunks).toString()).toBe('last words')
  await expect.poll(() => proxy.stats().open, { timeout: 10_000 }).toBe(0)
})

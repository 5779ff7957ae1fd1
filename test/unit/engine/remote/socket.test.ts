// Proves that the socket under a link loses no byte and gives nothing away that changes later, before and after it lends what it reads.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectTcp, lendReads, resolveAddress } from '../../../../src/engine/remote/socket.ts'

let server: Server
let socket: Socket
let peer: Socket

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const place = { address: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const arrived = once(server, 'connection')
  socket = await connectTcp(place, await resolveAddress(place), new AbortController().signal)
  ;[peer] = (await arrived) as [Socket]
})
afterEach(() => {
  socket.destroy()
  peer.destroy()
  server.close()
})

const sent = randomBytes(3_000_000)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

it('keeps what comes before anybody listens, and what a listener keeps stays as it is', async () => {
  const kept: Buffer[] = []
  peer.write(sent.subarray(0, 1_000))
  socket.pause()
  socket.on('data', (chunk: Buffer) => kept.push(chunk))
  socket.resume()
  peer.end(sent.subarray(1_000))
  await once(socket, 'end')
  expect(sha256(Buffer.concat(kept))).toBe(sha256(sent))
})

it('lends one memory once it is told to, in order and to the last byte, over pauses too', async () => {
  const hash = createHash('sha256')
  const memories = new Set<ArrayBufferLike>()
  let reads = 0
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    memories.add(chunk.buffer)
    if (++reads % 5 === 0) {
      socket.pause()
      setImmediate(() => socket.resume())
    }
  })
  lendReads(socket)
  peer.end(sent)
  await once(socket, 'end')
  expect(hash.digest('hex')).toBe(sha256(sent))
  expect(reads).toBeGreaterThan(10)
  expect(memories.size).toBe(1)
})

it('goes over to lending in the middle without a change of order', async () => {
  const hash = createHash('sha256')
  let bytes = 0
  socket.pause()
  peer.write(sent.subarray(0, 500_000))
  await new Promise(resolve => setImmediate(resolve))
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    bytes += chunk.length
    if (bytes > 200_000) lendReads(socket)
  })
  socket.resume()
  peer.end(sent.subarray(500_000))
  await once(socket, 'end')
  expect(bytes).toBe(sent.length)
  expect(hash.digest('hex')).toBe(sha256(sent))
})

it('leaves any other stream alone', async () => {
  const other = new PassThrough()
  lendReads(other)
  other.end('as it was')
  expect(String(Buffer.concat(await other.toArray()))).toBe('as it was')
})

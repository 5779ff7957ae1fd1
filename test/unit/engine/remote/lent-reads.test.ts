// Proves that nothing which ssh2 gives out changes once the socket lends what it reads: with each cipher that is offered, over new keys too.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Client, type ClientChannel, Server, type ServerChannel, utils } from 'ssh2'
import { afterEach, expect, it } from 'vitest'
import { offeredAlgorithms } from '../../../../src/engine/remote/algorithms.ts'
import { connectTcp, lendReads, resolveAddress } from '../../../../src/engine/remote/socket.ts'
import { decryptsToCopies, widen } from '../../../../src/engine/remote/wide-window.ts'

const over: (() => void)[] = []
afterEach(() => {
  for (const end of over.splice(0)) end()
})

const sent = randomBytes(6 * 1024 * 1024)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const algorithms = offeredAlgorithms([])
const ciphers = algorithms.cipher as string[]

it.each(ciphers)('%s: what a reader keeps stays as it came', async cipher => {
  const server = new Server({ hostKeys: [utils.generateKeyPairSync('ed25519').private] })
  server.on('connection', connection => {
    connection.on('error', () => {})
    connection.on('authentication', context => context.accept())
    connection.on('ready', () => {
      connection.on('session', accept => {
        accept().on('exec', acceptExec => {
          const channel: ServerChannel = acceptExec()
          channel.write(sent.subarray(0, 1_000_000), () => {
            // new keys in the middle
            connection.rekey()
            channel.end(sent.subarray(1_000_000))
          })
        })
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const place = { address: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const sock = await connectTcp(place, await resolveAddress(place), new AbortController().signal)
  const client = new Client()
  over.push(
    () => client.destroy(),
    () => sock.destroy(),
    () => server.close(),
  )
  let handshakes = 0
  client.on('handshake', () => void ++handshakes)
  client.connect({ sock, username: 'sam', algorithms: { ...algorithms, cipher: [cipher] as never } })
  expect(decryptsToCopies(client)).toBe(false)
  await once(client, 'ready')
  expect(decryptsToCopies(client)).toBe(true)
  lendReads(sock)
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    client.exec('send', (error, opened) => (error ? reject(error) : resolve(opened))),
  )
  const kept: Buffer[] = []
  channel.on('data', (chunk: Buffer) => kept.push(chunk))
  widen(channel)
  await once(channel, 'end')
  expect(sha256(Buffer.concat(kept))).toBe(sha256(sent))
  expect(handshakes).toBe(2)
})

it('trusts no other decipher to copy', () => {
  const native = { _protocol: { _decipher: { _instance: {}, decrypt() {} } } }
  expect(decryptsToCopies(native as unknown as Client)).toBe(false)
  expect(decryptsToCopies({} as unknown as Client)).toBe(false)
})

// A probe's context over this machine's real sockets and processes, for tests of kinds without a host; must not know what a test proves.
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import type { CheckType, ProbeContext, ProbeResult } from '../../../../src/engine/checks/check.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { runLocal } from '../../../../src/engine/local/local-process.ts'
import type { JournalReader } from '../../../../src/engine/ports.ts'
import { AppError } from '../../../../src/shared/errors.ts'

export type Changes = Partial<ProbeContext> & { readonly secrets?: Readonly<Record<string, string>> }

const noJournal: JournalReader = {
  page: () => Promise.reject(new AppError('NOT_CONNECTED', 'no journal here')),
  async *read() {},
  boots: async () => [],
  command: () => '',
  transitions: async () => [],
}

/** Every name that is not an address of this machine is one of its own. */
export function localContext(changes: Changes = {}): ProbeContext {
  const { secrets = {}, ...rest } = changes
  const signal = rest.signal ?? new AbortController().signal
  return {
    host: {
      id: 'here',
      kind: 'ssh',
      name: 'here',
      address: 'host.test',
      port: 22,
      user: 'deploy',
      auth: { kind: 'agent' },
      sudo: 'none',
      jump: null,
      userUnits: false,
      createdAt: 0,
      stored: { password: false, passphrase: false, sudoPassword: false },
    },
    unit: null,
    vantage: 'host',
    clock: systemClock,
    signal,
    firing: false,
    memory: new Map(),
    connect: (address, port) => openLocal(address, port),
    connectFrom: (_, address, port) => openLocal(address, port),
    connectUnix: path => Promise.reject(new AppError('NOT_FOUND', path)),
    exec: (argv, options = {}) => runLocal(argv, systemClock, { ...options, signal }),
    sample: () => null,
    unitState: () => null,
    restarts: () => [],
    journal: noJournal,
    secret: async field => secrets[field] ?? null,
    ...rest,
  }
}

/** Probes once, with a spec as a person would have entered it. */
export function probeOnce<S extends z.ZodObject>(
  type: CheckType<S>,
  spec: z.input<S>,
  changes: Changes = {},
): Promise<ProbeResult> {
  return type.probe(localContext(changes), type.spec.parse(spec))
}

export function openLocal(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (address === 'no-such-name.test') return reject(new AppError('RESOLVE_FAILED', `${address} is not known`))
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => reject(new AppError('PORT_CLOSED', `Nothing listens at ${address}:${port}`)))
  })
}

/** Listens on this machine until the test is over; resolves to the port. */
export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export const answering = (listener: RequestListener): Promise<number> => listening(createServer(listener))

/** Answers JSON with a status, as `now` says at the moment. */
export async function jsonServer(now: { status?: number; body: unknown }): Promise<number> {
  return await answering((_, outgoing) => {
    outgoing.writeHead(now.status ?? 200, { 'content-type': 'application/json' })
    outgoing.end(JSON.stringify(now.body))
  })
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

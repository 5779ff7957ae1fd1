// An SSH server that misbehaves in every way a link must survive; runs as a process of its own, so that what is measured is the link's side.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'

/** What the server does before it speaks SSH, or instead of it. */
export const manners = ['polite', 'garbage', 'long-greeting', 'silence', 'drip-banner', 'hang-up'] as const
export type Manner = (typeof manners)[number]

/** Programs that a polite server "has": what comes first in the argv that it is asked to run. */
export const programs = {
  echo: 'hostile-echo',
  endless: 'hostile-endless',
  endlessErrors: 'hostile-endless-stderr',
  drip: 'hostile-drip',
  neverCloses: 'hostile-never-closes',
  neverStarts: 'hostile-never-starts',
  ignoresWindow: 'hostile-ignores-window',
  badBytes: 'hostile-bad-bytes',
} as const

/** Invalid UTF-8, terminal controls, bidi overrides, a BEL-ended title. */
export const badBytes = Buffer.concat([
  Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xf0, 0x9f, 0x98]),
  Buffer.from('\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202ereversed\u2066 \u0000end'),
])

export interface HostileServer extends AsyncDisposable {
  readonly port: number
  /** Base64 of the public host key. */
  readonly key: string
  dispose(): Promise<void>
}

/** Starts a server with these manners on a free port of 127.0.0.1. `noSessions`: channel opens are never answered. */
export async function startHostileServer(manner: Manner, noSessions = false): Promise<HostileServer> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [manner, String(noSessions)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [{ port, key }] = (await once(child, 'message')) as [{ port: number; key: string }]
  const dispose = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return { port, key, dispose, [Symbol.asyncDispose]: dispose }
}

// ---- the process itself

const block = Buffer.alloc(32 * 1024, 'all work and no play makes a dull host\n')

/** Writes for as long as the other end takes it. */
function flood(stream: NodeJS.WritableStream): void {
  const more = (): void => {
    while (stream.writable && stream.write(block));
  }
  stream.on('drain', more)
  more()
}

/** Blocks that never fill the window exactly: ssh2 drops what comes after a window of exactly 0, but counts on below it. */
function floodPastWindow(stream: ServerChannel): void {
  const { outgoing, _client: client } = stream as unknown as {
    outgoing: { id: number }
    _client: { _protocol: { channelData(id: number, data: Buffer): void }; _sock: net.Socket }
  }
  const more = (): void => {
    for (let n = 0; n < 32 && client._sock.writable; n++)
      client._protocol.channelData(outgoing.id, block.subarray(0, 30_001))
    if (client._sock.writable) {
      if (client._sock.writableLength > 4 << 20) client._sock.once('drain', more)
      else setImmediate(more)
    }
  }
  more()
}

function runProgram(command: string, accept: () => ServerChannel): void {
  const name = Object.values(programs).find(program => new RegExp(`${program}(?![a-z-])`).test(command))
  if (name === programs.neverStarts) return
  const stream = accept()
  stream.on('error', () => {})
  switch (name) {
    case programs.echo:
      stream.pipe(stream, { end: false })
      stream.on('end', () => {
        stream.exit(0)
        stream.end()
      })
      return
    case programs.endless:
      flood(stream)
      return
    case programs.endlessErrors:
      flood(stream.stderr)
      return
    case programs.drip: {
      const timer = setInterval(() => stream.write('.'), 50)
      stream.on('close', () => clearInterval(timer))
      return
    }
    case programs.neverCloses:
      // Even the other end's close goes unanswered.
      stream.close = () => {}
      stream.write('said\n')
      stream.exit(0)
      return
    case programs.ignoresWindow:
      floodPastWindow(stream)
      return
    case programs.badBytes:
      stream.write(badBytes)
      stream.exit(0)
      stream.end()
      return
    default:
      stream.exit(127)
      stream.end()
  }
}

function serveClient(client: Connection, noSessions: boolean): void {
  client.on('error', () => {})
  client.on('authentication', context => context.accept())
  client.on('ready', () => {
    client.on('session', accept => {
      if (noSessions) return
      const session = accept()
      session.on('exec', (acceptExec, _reject, info) => runProgram(info.command, acceptExec))
    })
  })
}

function impolite(manner: Manner, socket: net.Socket): void {
  socket.on('error', () => {})
  switch (manner) {
    case 'garbage':
      flood(socket)
      return
    case 'long-greeting': {
      const line = Buffer.from(`${'x'.repeat(200)}\r\n`)
      const more = (): void => {
        while (socket.writable && socket.write(line));
      }
      socket.on('drain', more)
      more()
      return
    }
    case 'drip-banner': {
      const timer = setInterval(() => socket.write('S'), 200)
      socket.on('close', () => clearInterval(timer))
      return
    }
    case 'hang-up':
      socket.destroy()
      return
    default:
  }
}

async function main(manner: Manner, noSessions: boolean): Promise<void> {
  const pair = ssh2.utils.generateKeyPairSync('ed25519')
  const parsed = ssh2.utils.parseKey(pair.public)
  if (parsed instanceof Error || Array.isArray(parsed)) throw new Error('no key')
  const key = parsed.getPublicSSH().toString('base64')
  const server: net.Server =
    manner === 'polite'
      ? (new ssh2.Server({ hostKeys: [pair.private] }, client =>
          serveClient(client, noSessions),
        ) as unknown as net.Server)
      : net.createServer(socket => impolite(manner, socket))
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as net.AddressInfo).port, key }))
  process.on('disconnect', () => process.exit(0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((process.argv[2] ?? 'polite') as Manner, process.argv[3] === 'true')
}

// A whole host that lies: it answers all that an engine asks over SSH, and each answer is endless, malformed or never over. A process of its own.
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type net from 'node:net'
import { fileURLToPath } from 'node:url'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'

/** How many services it claims to have. */
export const claimedUnits = 100_000
/** Terminal colours, a window title, a clipboard write, bidi overrides, NUL and invalid UTF-8. */
export const nasty = Buffer.concat([
  Buffer.from('\u001b[31mred\u001b[0m \u001b]0;title\u0007\u001b]52;c;b3duZWQ=\u0007 \u202egnp.exe\u2066 \u0000'),
  Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xf0, 0x9f, 0x98]),
])
/** Units whose journal misbehaves, each in its own way. */
export const journals = {
  endlessLine: 'endless-line.service',
  flood: 'flood.service',
  neverCloses: 'never-closes.service',
  garbage: 'garbage.service',
} as const
/** Entries of any other journal; each seventh one's message is not UTF-8. */
export const journalEntries = 300

export interface HostileHost extends AsyncDisposable {
  readonly port: number
  /** The public host key as a person would trust it. */
  readonly key: { readonly type: string; readonly fingerprint: string; readonly key: string }
  /** What it was asked for, by kind of question, and how often. */
  asked(): ReadonlyMap<string, number>
  dispose(): Promise<void>
}

/** Starts it on a free port of 127.0.0.1; it lets anyone in. */
export async function startHostileHost(): Promise<HostileHost> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [hello] = (await once(child, 'message')) as [Pick<HostileHost, 'port' | 'key'>]
  const asked = new Map<string, number>()
  child.on('message', (kind: string) => asked.set(kind, (asked.get(kind) ?? 0) + 1))
  const dispose = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return { ...hello, asked: () => asked, dispose, [Symbol.asyncDispose]: dispose }
}

// ---- the process itself

const block = Buffer.alloc(32 * 1024, 'all work and no play makes a dull host ')

/** Writes what `next` gives, at the pace of the other end, until it gives null. */
function pour(stream: ServerChannel, next: () => Buffer | null, done: () => void = () => {}): void {
  const more = (): void => {
    for (;;) {
      if (!stream.writable) return
      const chunk = next()
      if (chunk === null) {
        stream.off('drain', more)
        done()
        return
      }
      if (!stream.write(chunk)) return
    }
  }
  stream.on('drain', more)
  more()
}

function finish(stream: ServerChannel, exit = 0): void {
  stream.exit(exit)
  stream.end()
}

const facts = Buffer.concat([
  Buffer.from('uid=1000\nuser=root\ngroups=adm\nkernel=6.1\nhostname='),
  nasty,
  Buffer.from('\nos="'),
  nasty,
  Buffer.from(`"\nos=${'x'.repeat(100_000)}\ncpus=99999999999999999999\nmachine=../../etc/passwd\nboot=none\n`),
  Buffer.from('systemd=yes\nsystemctl=yes\nversion=systemd 252\nbridge=yes\nsystembus=yes\njournal=yes\n'),
  Buffer.from('group=adm\n'.repeat(5_000)),
])

/** One service as `systemctl show` prints it. Each tenth has a name that systemd would not allow, each other a description to fear. */
function unitBlock(n: number): Buffer {
  const parts: (string | Buffer)[] = ['Id=', n % 10 === 9 ? nasty : '', `unit-${n}.service\nDescription=`]
  parts.push(n % 1_000 === 0 ? 'D'.repeat(50_000) : n % 2 === 0 ? nasty : 'A service', '\n')
  parts.push(`LoadState=loaded\nActiveState=${n % 50 === 0 ? 'failed' : 'active'}\nSubState=running\n`)
  parts.push(`MainPID=${n % 3 === 0 ? '-1' : n + 1}\nNRestarts=99999999999999999999999\nInvocationID=zz\n`)
  parts.push('StateChangeTimestamp=Sun 99999-01-01 00:00:00 UTC\nno sign here\n\n')
  return Buffer.concat(parts.map(part => Buffer.from(part)))
}

function sendUnits(stream: ServerChannel): void {
  let n = 0
  pour(
    stream,
    () => {
      if (n >= claimedUnits) return null
      const blocks: Buffer[] = []
      for (let i = 0; i < 100; i++) blocks.push(unitBlock(n++))
      return Buffer.concat(blocks)
    },
    () => finish(stream),
  )
}

const realtime = 1_700_000_000_000_000

function entry(n: number): Buffer {
  const cursor = `s=${'a'.repeat(32)};i=${(n + 1).toString(16)};b=${'b'.repeat(32)};m=1;t=${(realtime + n).toString(16)};x=1`
  const head = `__CURSOR=${cursor}\n__REALTIME_TIMESTAMP=${realtime + n}\nPRIORITY=${n % 12}\n_PID=-7\nSYSLOG_IDENTIFIER=`
  const length = Buffer.alloc(8)
  length.writeUInt32LE(nasty.length)
  const message = n % 7 === 0 ? ['MESSAGE\n', length, nasty, '\n'] : [`MESSAGE=line ${n} `, nasty, '\n']
  return Buffer.concat([head, nasty, '\n', ...message, '\n'].map(part => Buffer.from(part)))
}

function sendJournal(stream: ServerChannel, command: string): void {
  const has = (unit: string): boolean => command.includes(`--unit=${unit}`)
  let n = 0
  if (has(journals.endlessLine)) {
    stream.write('__CURSOR=x\nMESSAGE=')
    pour(stream, () => block)
  } else if (has(journals.flood)) {
    pour(stream, () => entry(n++))
  } else if (has(journals.garbage)) {
    stream.write('no field\n')
    pour(stream, () => block)
  } else if (has(journals.neverCloses)) {
    stream.close = () => {}
    stream.write(entry(0))
  } else {
    pour(
      stream,
      () => (n < journalEntries ? entry(n++) : null),
      () => finish(stream),
    )
  }
}

/** What is asked is recognised by what only that question holds. */
function questionOf(command: string): string {
  if (command.includes('PRETTY_NAME')) return 'facts'
  if (command.includes('journalctl --version')) return 'journal-abilities'
  if (command.includes('--output=export')) return 'journal'
  if (command.includes('quarterdeck 1')) return 'metrics'
  if (command.includes('/proc/self/mounts')) return 'disks'
  if (command.includes('systemd-stdio-bridge')) return 'bridge'
  if (command.includes('--property=Id')) return 'units'
  if (command.includes('/*.service')) return 'unit-files'
  return 'other'
}

function answer(command: string, stream: ServerChannel): void {
  stream.on('error', () => {})
  const question = questionOf(command)
  process.send?.(question)
  switch (question) {
    case 'facts':
      stream.write(facts)
      finish(stream)
      return
    case 'journal-abilities':
      stream.write(Buffer.concat([Buffer.from('uid 1000\nin adm\ngroup adm\nfile read\n'), nasty]))
      finish(stream)
      return
    case 'journal':
      sendJournal(stream, command)
      return
    case 'metrics':
      // A polite beginning, then a frame without an end.
      stream.write(`quarterdeck 1 ${/[0-9a-f]{18}/.exec(command)?.[0]} awk\n`)
      stream.once('data', () => pour(stream, () => block))
      return
    case 'bridge': {
      const timer = setInterval(() => stream.write('O'), 100)
      stream.on('close', () => clearInterval(timer))
      return
    }
    case 'units':
      sendUnits(stream)
      return
    default:
      pour(stream, () => block)
  }
}

/** The bus logs anyone in and then sends one message that claims 128 MiB and never ends. */
function answerBus(stream: ServerChannel): void {
  process.send?.('bus')
  stream.on('error', () => {})
  stream.resume()
  stream.write('OK 0123456789abcdef0123456789abcdef\r\n')
  stream.write(Buffer.from([0x6c, 2, 0, 1, 0xff, 0xff, 0xff, 0x07, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0x03]))
  pour(stream, () => block)
}

function serveClient(client: Connection): void {
  client.on('error', () => {})
  client.on('authentication', context => context.accept())
  client.on('ready', () => {
    client.on('session', accept => {
      accept().on('exec', (acceptExec, _reject, { command }) => answer(command, acceptExec()))
    })
    client.on('openssh.streamlocal', accept => answerBus(accept()))
  })
}

async function main(): Promise<void> {
  const pair = ssh2.utils.generateKeyPairSync('ed25519')
  const parsed = ssh2.utils.parseKey(pair.public)
  if (parsed instanceof Error || Array.isArray(parsed)) throw new Error('no key')
  const blob = parsed.getPublicSSH()
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
  const server = new ssh2.Server({ hostKeys: [pair.private] }, serveClient) as unknown as net.Server
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as net.AddressInfo
    process.send?.({ port, key: { type: 'ssh-ed25519', fingerprint, key: blob.toString('base64') } })
  })
  process.on('disconnect', () => process.exit(0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()

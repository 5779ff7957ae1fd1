// "Test connection" (R3): goes the way to a host step by step and says at each what is found or wrong. Saves and trusts nothing.
import { AppError } from '../../shared/errors.ts'
import type { ConnectionStep, HostDraft } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import type { ExecResult, HostKeyBook, SecretSource } from '../ports.ts'
import { runCommand } from './command.ts'
import type { Become } from './command-channel.ts'
import { type DialOutcome, dial } from './dial.ts'
import type { HandshakeGate } from './handshake-gate.ts'
import { type Jump, jumpFailure, openThroughJump } from './jump.ts'
import { Session } from './session.ts'
import { type Finding, StepQueue } from './step-queue.ts'

export interface TestConnectionOptions {
  /** Under which id `secrets` is asked. */
  readonly hostId: string
  readonly draft: HostDraft
  readonly jump?: Jump | null
  readonly secrets: SecretSource
  readonly keys: HostKeyBook
  readonly clock: Clock
  readonly gate: HandshakeGate
  readonly agentSocket?: string | null
  readonly signal?: AbortSignal
}

/**
 * Each step is told first as running and then with its outcome; what was not reached is skipped. A host key that is not known fails its
 * step with `offeredKey` set: the caller asks the person, has the key trusted, and tests again.
 */
export async function* testConnection(options: TestConnectionOptions): AsyncGenerator<ConnectionStep> {
  const { clock, draft, jump = null } = options
  const unread = new AbortController()
  const signal = options.signal === undefined ? unread.signal : AbortSignal.any([unread.signal, options.signal])
  const queue = new StepQueue(clock)
  queue.run(async () => {
    const outcome = await reach(options, queue, signal)
    if (!outcome.ok) {
      const error = jump ? jumpFailure(jump, outcome.error, outcome.step) : outcome.error
      // Only a key that is new may be trusted in passing; a changed one has to be forgotten first.
      const offered = outcome.error.code === 'HOST_KEY_UNKNOWN' ? outcome.offeredKey : null
      queue.end({ outcome: 'failed', message: error.message, hint: error.hint }, offered)
      return
    }
    const { connection } = outcome
    try {
      const how = { key: 'with the key', agent: 'by ssh-agent', password: 'with the password' }[draft.auth.kind]
      queue.end({
        outcome: connection.warning === null ? 'ok' : 'warning',
        message: `Logged in as ${draft.user} ${how}`,
        hint: connection.warning ?? undefined,
      })
      await look(options, new Session(connection, 1, clock), queue, signal)
    } finally {
      connection.client.end()
      connection.drop(new AppError('CANCELLED', 'The test is over'))
    }
  })
  try {
    for (;;) {
      const step = await queue.next()
      if (step === null) return
      yield step
    }
  } finally {
    // Whoever stops reading stops the test.
    unread.abort()
  }
}

async function reach(options: TestConnectionOptions, queue: StepQueue, signal: AbortSignal): Promise<DialOutcome> {
  const { draft, jump = null, keys, secrets, clock, gate, hostId } = options
  const found = new Map<string, string>()
  return dial({
    hostId,
    target: draft,
    via: jump ? ends => openThroughJump(jump, draft, ends) : null,
    secrets,
    keys,
    clock,
    gate,
    agentSocket: options.agentSocket === undefined ? (process.env.SSH_AUTH_SOCK ?? null) : options.agentSocket,
    signal,
    onFound: (step, text) => found.set(step, text),
    onStep: step => {
      if (step === 'tcp') {
        if (jump) queue.end({ outcome: 'skipped', message: `${jump.name} looks the name up` })
        else queue.end({ outcome: 'ok', message: resolvedWords(draft.address, found.get('resolve')) })
      } else if (step === 'host-key') {
        queue.end({ outcome: 'ok', message: `Port ${draft.port} is open${jump ? `, through ${jump.name}` : ''}` })
      } else if (step === 'auth') {
        queue.end({ outcome: 'ok', message: 'The host key is the known one' })
      }
      queue.begin(step)
    },
  })
}

async function look(
  options: TestConnectionOptions,
  session: Session,
  queue: StepQueue,
  signal: AbortSignal,
): Promise<void> {
  const { clock, draft, hostId, secrets } = options
  const become: Become = {
    mode: draft.sudo,
    user: draft.user,
    password: () => secrets.hostSecret(hostId, 'sudoPassword'),
  }
  const run = (argv: readonly string[], sudo = false): Promise<ExecResult> =>
    runCommand(session, clock, argv, { signal, timeout: 15_000, maxBytes: 65_536 }, sudo ? become : null)

  if (!(await queue.step('shell', async () => shellFinding(await run(['printf', '%s', shellWord]))))) return
  let root = draft.user === 'root'
  await queue.step('sudo', async () => {
    if (root) return { outcome: 'skipped', message: 'root needs no sudo' }
    if (draft.sudo === 'none') return { outcome: 'skipped', message: 'This host is used without sudo' }
    const result = await run(['id', '-u'], true)
    root = text(result.stdout).trim() === '0'
    if (root) return { outcome: 'ok', message: 'sudo works' }
    return { outcome: 'failed', message: `sudo ended with ${ending(result)}: ${oneLine(result.stderr)}` }
  })
  let systemd = false
  await queue.step('systemd', async () => {
    const result = await run(['sh', '-c', 'test -d /run/systemd/system || exit 3; systemctl --version'])
    const version = /^systemd (\d+)/.exec(text(result.stdout))?.[1]
    systemd = result.exit === 0 && version !== undefined
    if (systemd) return { outcome: 'ok', message: `systemd ${version}` }
    return {
      outcome: 'warning',
      message: 'This is not a systemd host',
      hint: 'Services and the journal cannot be watched. Metrics still work.',
    }
  })
  await queue.step('journal', async () =>
    systemd ? journalFinding(text((await run(['sh', '-c', journalScript])).stdout), root, draft) : notThere,
  )
  await queue.step('rights', async () => {
    if (draft.user === 'root') return { outcome: 'ok', message: 'May do everything as root' }
    if (root) return { outcome: 'ok', message: 'May act on services through sudo' }
    return {
      outcome: 'warning',
      message: `${draft.user} can look, but not restart or change system services`,
      hint: `Allow sudo for ${draft.user} and choose it here, or go on with looking.`,
    }
  })
}

const shellWord = 'quarterdeck'
const notThere: Finding = { outcome: 'skipped', message: 'There is no systemd' }

function shellFinding(result: ExecResult): Finding {
  const said = text(result.stdout)
  if (said === shellWord) return { outcome: 'ok', message: 'Commands run' }
  if (said.endsWith(shellWord)) {
    return {
      outcome: 'warning',
      message: `The login shell prints text of its own: "${oneLine(result.stdout).slice(0, 80)}"`,
      hint: 'Let its start-up files (~/.bashrc …) print only in interactive shells; otherwise readings fail.',
    }
  }
  const detail = oneLine(result.stderr) || oneLine(result.stdout)
  return {
    outcome: 'failed',
    message: `The account does not run commands (${ending(result)}${detail ? `: ${detail.slice(0, 160)}` : ''})`,
    hint: 'It may have no shell (nologin), a restricted one, or a forced command in sshd_config or authorized_keys.',
  }
}

/** Who this is, and whether a system journal can be opened. */
const journalScript = `id -Gn; f=none; for j in /var/log/journal/*/system.journal /run/log/journal/*/system.journal; do
[ -e "$j" ] || continue; f=closed; if [ -r "$j" ]; then f=open; break; fi; done; echo $f
ls -d /var/log/journal/* /run/log/journal/* >/dev/null 2>&1 || echo nofolder`

function journalFinding(said: string, root: boolean, draft: HostDraft): Finding {
  const [groups = '', journal = ''] = said.split('\n')
  if (journal === 'open') return { outcome: 'ok', message: 'The journal is readable' }
  if (root) return { outcome: 'ok', message: 'The journal is readable through sudo' }
  const member = groups.split(' ').some(group => group === 'systemd-journal' || group === 'adm')
  if (member && journal === 'none') {
    return {
      outcome: 'warning',
      message: 'The host keeps no system journal',
      hint: 'Is systemd-journald running there?',
    }
  }
  return {
    outcome: 'warning',
    message: `${draft.user} may not read the system journal: not in the group systemd-journal or adm`,
    hint: `On the host: sudo usermod -aG systemd-journal ${draft.user}, then connect again.`,
  }
}

function ending(result: ExecResult): string {
  if (result.timedOut) return 'it took too long'
  if (result.lost) return 'the connection was lost'
  return result.exit === null ? `signal ${result.signal}` : `exit ${result.exit}`
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function oneLine(bytes: Uint8Array): string {
  return text(bytes).replace(/\s+/g, ' ').trim().slice(0, 300)
}

function resolvedWords(address: string, found: string | undefined): string {
  return found === undefined || found === address ? `${address}, no name to look up` : `${address} is ${found}`
}

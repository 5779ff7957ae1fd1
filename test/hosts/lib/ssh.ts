// Drives the machine's own OpenSSH client against a host, as the yardstick for our connection; must not know about the engine.

import { fileURLToPath } from 'node:url'
import type { KeyName, UserName } from './credentials.ts'
import type { TestHost } from './host.ts'
import { type RunResult, run } from './run.ts'

export interface SshOptions {
  readonly user?: UserName
  /** A key, or the user's password. `password: 'something else'` tries a wrong one. */
  readonly key?: KeyName
  readonly password?: string | true
  readonly check?: boolean
  readonly timeoutMs?: number
}

/** The arguments with which `ssh` logs in to the host, through its jump host where it has one, ignoring this machine's own configuration. */
export function sshArgs(host: TestHost, user: UserName, key: KeyName | undefined): string[] {
  const common = [
    '-F',
    'none',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ]
  const identity = key
    ? [
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'IdentityAgent=none',
        '-i',
        host.keyFiles[key],
        '-o',
        'PasswordAuthentication=no',
      ]
    : ['-o', 'PubkeyAuthentication=no', '-o', 'PreferredAuthentications=password', '-o', 'NumberOfPasswordPrompts=1']
  const jump = host.jump
  const proxy = jump
    ? ['-o', `ProxyCommand=ssh ${[...common, '-i', jump.keyFiles.ed25519].join(' ')} -W %h:%p deploy@${jump.address}`]
    : []
  return [...common, ...identity, ...proxy, '-p', String(host.port), `${user}@${host.address}`]
}

/** Runs a command on the host through OpenSSH. */
export function ssh(host: TestHost, command: string, options: SshOptions = {}): Promise<RunResult> {
  const user = options.user ?? 'deploy'
  const key = options.key ?? (options.password === undefined ? 'ed25519' : undefined)
  const answer =
    key === undefined
      ? options.password === true
        ? host.passwords[user]
        : options.password
      : host.keyFiles.rsaPassphrase
  const env = askpassEnv(answer ?? '')
  return run(['ssh', ...sshArgs(host, user, key), command], {
    env,
    check: options.check ?? true,
    timeoutMs: options.timeoutMs ?? 30_000,
  })
}

/** The environment in which ssh and ssh-add answer their question for a secret with `answer`. */
export function askpassEnv(answer: string): Record<string, string> {
  const own = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return {
    ...Object.fromEntries(own),
    SSH_ASKPASS: askpass,
    SSH_ASKPASS_REQUIRE: 'force',
    QUARTERDECK_TEST_ANSWER: answer,
  }
}

const askpass = fileURLToPath(new URL('./askpass.sh', import.meta.url))

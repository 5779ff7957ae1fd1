// Runs programs and touches files inside one booted host, past sshd and the network, so that faults injected there do not matter; must not know about tests.

import { type UserName, userIds } from './credentials.ts'
import { type RunOptions, type RunResult, run } from './run.ts'

export interface ExecOptions extends Omit<RunOptions, 'env'> {
  /** Runs as this user (without a login session) instead of root. */
  readonly user?: UserName
  readonly env?: Record<string, string>
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The inside of a host, reached through its namespaces. */
export class Guest {
  /** The guest's PID 1, as this machine sees it. */
  readonly leader: number

  constructor(leader: number) {
    this.leader = leader
  }

  /** Runs argv, or a script for /bin/sh, as root or `user`. Throws on a non-zero exit unless `check` is false. */
  exec(command: string | readonly string[], options: ExecOptions = {}): Promise<RunResult> {
    const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
    const { user, env, timeoutMs, ...rest } = options
    // nsenter's own death would leave the command alive in the guest: there, timeout kills it with its children.
    const limit = timeoutMs === undefined ? [] : ['timeout', '--signal=KILL', String(timeoutMs / 1000)]
    return run([...this.argv(user, env), ...limit, ...argv], {
      ...rest,
      ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs + 2000 }),
    })
  }

  /** The prefix that puts a command into the guest, for callers that spawn it themselves. */
  argv(user?: UserName, env: Record<string, string> = {}): string[] {
    const home = user ? `/home/${user}` : '/root'
    const variables = { PATH: path, LANG: 'C.UTF-8', HOME: home, USER: user ?? 'root', ...env }
    const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    const enter = ['nsenter', '-t', String(this.leader), '-m', '-u', '-i', '-n', '-p']
    if (user === undefined) return [...enter, 'env', '-C', '/', '-i', ...pairs]
    const id = String(userIds[user])
    const runtime = `XDG_RUNTIME_DIR=/run/user/${id}`
    return [
      ...enter,
      'env',
      '-C',
      '/',
      '-i',
      ...pairs,
      runtime,
      'setpriv',
      '--reuid',
      id,
      '--regid',
      id,
      '--init-groups',
      '--',
    ]
  }

  /** What a command says on stdout, without the last line break. */
  async output(command: string | readonly string[], options?: ExecOptions): Promise<string> {
    return (await this.exec(command, options)).stdout.trimEnd()
  }
}

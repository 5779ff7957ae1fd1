// Runs an ssh-agent that holds a host's keys, for connections that must find them there; must not know who asks it.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeyName } from './credentials.ts'
import type { TestHost } from './host.ts'
import { run } from './run.ts'
import { askpassEnv } from './ssh.ts'

export interface SshAgent extends AsyncDisposable {
  readonly socket: string
  dispose(): Promise<void>
}

export async function startAgent(host: TestHost, keys: readonly KeyName[]): Promise<SshAgent> {
  const socket = path.join(host.slot.folder, `agent-${randomBytes(4).toString('hex')}`)
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'ssh-agent', '-D', '-a', socket], { stdio: 'ignore' })
  child.unref()
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const dispose = () => {
    child.kill()
    return ended
  }
  try {
    for (let i = 0; !existsSync(socket); i++) {
      if (i > 500 || child.exitCode !== null) throw new Error('ssh-agent did not start')
      await sleep(10)
    }
    const env = { ...askpassEnv(host.keyFiles.rsaPassphrase), SSH_AUTH_SOCK: socket }
    for (const key of keys) await run(['ssh-add', '-q', host.keyFiles[key]], { env })
  } catch (error) {
    await dispose()
    throw error
  }
  return { socket, dispose, [Symbol.asyncDispose]: dispose }
}

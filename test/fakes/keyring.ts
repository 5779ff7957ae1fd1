// A real gnome-keyring on a private bus, open or locked, with nothing of the machine's own user in it.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import dbus from 'dbus-next'
import { endWithProcess, stopProcess } from './session-bus.ts'

export interface Keyring {
  lock(): Promise<void>
  stop(): Promise<void>
}

const service = 'org.freedesktop.secrets'
const path = '/org/freedesktop/secrets'

/** Starts the keyring with its default collection open. `env` is the private desktop's. */
export async function startKeyring(env: NodeJS.ProcessEnv, folder: string): Promise<Keyring> {
  const control = join(folder, 'keyring')
  mkdirSync(control, { recursive: true, mode: 0o700 })
  const daemon = spawn(
    'gnome-keyring-daemon',
    ['--foreground', '--unlock', '--components=secrets', `--control-directory=${control}`],
    { env, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  endWithProcess(daemon)
  daemon.stdin.end('test')
  const address = env.DBUS_SESSION_BUS_ADDRESS
  if (!address) throw new Error('The keyring needs a session bus')
  const bus = dbus.sessionBus({ busAddress: address })
  const collection = await retry(() => defaultCollection(bus))
  return {
    async lock() {
      await ask(bus, path, 'org.freedesktop.Secret.Service', 'Lock', 'ao', [[collection]])
    },
    async stop() {
      bus.disconnect()
      await stopProcess(daemon)
    },
  }
}

async function defaultCollection(bus: dbus.MessageBus): Promise<string> {
  const [collection] = await ask(bus, path, 'org.freedesktop.Secret.Service', 'ReadAlias', 's', ['default'])
  if (typeof collection !== 'string' || collection === '/') throw new Error('There is no default keyring')
  return collection
}

async function ask(
  bus: dbus.MessageBus,
  objectPath: string,
  interfaceName: string,
  member: string,
  signature: string,
  body: unknown[],
): Promise<unknown[]> {
  const message = new dbus.Message({
    destination: service,
    path: objectPath,
    interface: interfaceName,
    member,
    signature,
    body,
  })
  const reply = await bus.call(message)
  return reply?.body ?? []
}

async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

// The demo's answers about hosts: adding, testing, trusting. Knows nothing of ports. Never part of the app.
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type { ConnectionStep, HostKey, HostView } from '../../../src/shared/model/host.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { addHost, factsOf, hostOf, readyStatus, type World } from './world.ts'

type HostCalls = Pick<
  Handlers<EngineContract>,
  | 'host.list'
  | 'host.get'
  | 'host.add'
  | 'host.edit'
  | 'host.remove'
  | 'host.test'
  | 'host.trustKey'
  | 'host.forgetKey'
  | 'host.connect'
  | 'host.disconnect'
  | 'host.importList'
  | 'host.watch'
>

export const demoKey: HostKey = {
  type: 'ssh-ed25519',
  fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDLk0M1ZQdmPjVW5qE',
  key: 'AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemo',
}

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export function hostHandlers(
  world: World,
  control: { watched: string | null },
  emit: Server<EngineContract>['emit'],
): HostCalls {
  const trusted = new Set<string>()
  const get = (id: string): HostView => {
    const view = world.hosts.get(id)
    if (!view) throw new AppError('NOT_FOUND', 'That host is not configured')
    return view
  }
  const put = (view: HostView): void => {
    world.hosts.set(view.host.id, view)
    emit('host.changed', view)
  }
  const connect = async (id: string): Promise<void> => {
    const at = (state: HostView['connection']['state']): void => {
      const view = world.hosts.get(id)
      if (view)
        put({
          ...view,
          connection: { ...readyStatus(Date.now(), view.connection.generation + 1), state, since: Date.now() },
        })
    }
    for (const state of ['resolve', 'tcp', 'auth'] as const) {
      at(state)
      await wait(250)
    }
    const view = world.hosts.get(id)
    if (!view) return
    addHost(world, {
      ...view,
      connection: readyStatus(Date.now()),
      facts: factsOf({ hostname: view.host.name }),
      units: { total: 0, failed: 0, active: 0 },
      uptimeSeconds: 86_400,
    })
    put(get(id))
  }

  return {
    'host.list': () => [...world.hosts.values()],
    'host.get': get,
    'host.add': async ({ draft, secrets }) => {
      await wait(150)
      if ([...world.hosts.values()].some(view => view.host.name === draft.name)) {
        throw new AppError('CONFLICT', `A host named “${draft.name}” exists already`, { hint: 'Choose another name.' })
      }
      if (world.vault.state !== 'unlocked' && (secrets.password || secrets.passphrase || secrets.sudoPassword)) {
        throw new AppError('VAULT_LOCKED', 'There is no vault for secrets yet', { hint: 'Create it first.' })
      }
      const id =
        draft.name
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')
          .replace(/^-+|-+$/g, '') || 'host'
      const stored = {
        password: Boolean(secrets.password),
        passphrase: Boolean(secrets.passphrase),
        sudoPassword: Boolean(secrets.sudoPassword),
      }
      const host = hostOf(id, { ...draft, stored })
      put({
        host,
        connection: { ...readyStatus(Date.now(), 0), state: 'idle' },
        facts: null,
        problems: [],
        units: null,
        uptimeSeconds: null,
      })
      void connect(id)
      return host
    },
    'host.edit': ({ id, draft, secrets }) => {
      const view = get(id)
      const keep = (given: string | null | undefined, had: boolean): boolean =>
        given === undefined ? had : given !== null
      const stored = {
        password: keep(secrets.password, view.host.stored.password),
        passphrase: keep(secrets.passphrase, view.host.stored.passphrase),
        sudoPassword: keep(secrets.sudoPassword, view.host.stored.sudoPassword),
      }
      const host = { ...view.host, ...draft, stored }
      put({ ...view, host })
      return host
    },
    'host.remove': ({ id }) => {
      world.hosts.delete(id)
      emit('host.removed', id)
    },
    'host.test': ({ draft }) => testSteps(draft.address, draft.port, trusted, draft.sudo !== 'none'),
    'host.trustKey': ({ address, port }) => {
      trusted.add(`${address}:${port}`)
    },
    'host.forgetKey': id => {
      const view = get(id)
      put({ ...view, connection: { ...view.connection, state: 'host-key-unknown', error: null, offeredKey: demoKey } })
    },
    'host.connect': id => void connect(id),
    'host.disconnect': id => {
      const view = get(id)
      put({ ...view, connection: { ...view.connection, state: 'idle', error: null } })
    },
    'host.importList': () => [
      {
        alias: 'web-2',
        address: 'web-2.example.net',
        port: 22,
        user: 'deploy',
        identityFile: '~/.ssh/id_ed25519',
        proxyJump: [],
        ignored: [],
      },
      {
        alias: 'db-2',
        address: '10.0.0.17',
        port: 2222,
        user: null,
        identityFile: null,
        proxyJump: ['web-1'],
        ignored: ['ControlMaster', 'ForwardAgent'],
      },
    ],
    'host.watch': id => {
      control.watched = id
    },
  }
}

async function* testSteps(
  address: string,
  port: number,
  trusted: Set<string>,
  sudo: boolean,
): AsyncIterable<ConnectionStep> {
  const step = (
    name: ConnectionStep['step'],
    outcome: ConnectionStep['outcome'],
    message: string,
    rest: Partial<ConnectionStep> = {},
  ): ConnectionStep => ({
    step: name,
    outcome,
    message,
    hint: null,
    offeredKey: null,
    milliseconds: outcome === 'running' ? null : 20 + message.length,
    ...rest,
  })
  yield step('resolve', 'running', 'Looking up the address')
  await wait(120)
  if (address.includes('nowhere')) {
    yield step('resolve', 'failed', `No address is known for ${address}`, {
      hint: 'Check the spelling, or enter the IP address.',
    })
    return
  }
  yield step('resolve', 'ok', `${address} is 203.0.113.80`)
  yield step('tcp', 'running', `Connecting to port ${port}`)
  await wait(150)
  yield step('tcp', 'ok', `Port ${port} answers`)
  if (!trusted.has(`${address}:${port}`)) {
    yield step('host-key', 'failed', 'This host is not known yet', {
      hint: 'Compare the fingerprint, then trust it.',
      offeredKey: demoKey,
    })
    return
  }
  yield step('host-key', 'ok', 'The host key is the one you trusted')
  yield step('auth', 'running', 'Logging in')
  await wait(200)
  yield step('auth', 'ok', 'Logged in by public key')
  yield step('shell', 'ok', 'The login shell is bash')
  yield sudo ? step('sudo', 'ok', 'sudo works without a password') : step('sudo', 'skipped', 'Not asked for')
  yield step('systemd', 'ok', 'systemd 252')
  yield step('journal', 'warning', 'deploy may not read the system journal', {
    hint: 'On the host: sudo usermod -aG systemd-journal deploy',
  })
  yield step('rights', 'ok', 'Services can be acted on')
}

// The composition root: makes one engine out of its parts, for the app, headless and in tests. Holds no logic of its own.
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '../shared/contract/engine.ts'
import type { PowerChange } from '../shared/contract/native.ts'
import { AppError } from '../shared/errors.ts'
import { type Host, type HostSecrets, localHostId } from '../shared/model/host.ts'
import type { Port } from '../shared/rpc/port.ts'
import { serve } from '../shared/rpc/server.ts'
import { createHandlers } from './api/index.ts'
import type { Services } from './api/services.ts'
import { discover } from './collector/discover.ts'
import { createCollector } from './collector/index.ts'
import { sameLogin } from './domain/same-login.ts'
import type { Clock } from './lib/clock.ts'
import { type AsyncDisposable, type Disposable, DisposableBag, disposable } from './lib/disposable.ts'
import type { Logger, Redactor } from './lib/log.ts'
import { createSteadyTime } from './lib/steady-time.ts'
import { createLocalCollector } from './local/local-collector.ts'
import { createLocalLink } from './local/local-link.ts'
import { onMains } from './local/mains.ts'
import { networkNames } from './local/network.ts'
import type { Native, SecretSource } from './ports.ts'
import { createHandshakeGate } from './remote/handshake-gate.ts'
import { createHostKeyBook, describeKey } from './remote/host-keys.ts'
import { jumpOver } from './remote/jump.ts'
import { readSshConfig } from './remote/ssh-config.ts'
import { createSshLink } from './remote/ssh-connection.ts'
import { testConnection } from './remote/test-connection.ts'
import { Actions } from './runtime/actions.ts'
import { Alerting } from './runtime/alerting.ts'
import { AuditLog } from './runtime/audit-log.ts'
import { createBackups } from './runtime/backups.ts'
import { ChatCommands } from './runtime/chat-commands.ts'
import { CircuitBreakers } from './runtime/circuit-breaker.ts'
import { Deactivation } from './runtime/deactivation.ts'
import { followDesktopActions } from './runtime/desktop-actions.ts'
import { DropIns } from './runtime/drop-in.ts'
import { Fleet } from './runtime/fleet.ts'
import { watchClockGaps } from './runtime/gap-detector.ts'
import { HostRemoval } from './runtime/host-removal.ts'
import { KeepAlive } from './runtime/keep-alive.ts'
import { Logins } from './runtime/logins.ts'
import { Maintenance } from './runtime/maintenance.ts'
import { Notifier } from './runtime/notifier.ts'
import { Outbox } from './runtime/outbox.ts'
import { OwnData } from './runtime/own-data.ts'
import { Proposals } from './runtime/proposals.ts'
import type { Publish } from './runtime/publish.ts'
import { RecoveryRules } from './runtime/recovery-rules.ts'
import { RecoveryRunner } from './runtime/recovery-runner.ts'
import { Renewals } from './runtime/renewal.ts'
import { SettingsKeeper } from './runtime/settings-keeper.ts'
import { Silences } from './runtime/silences.ts'
import { TelegramCommands } from './runtime/telegram-commands.ts'
import { createVault } from './runtime/vault.ts'
import { Watching } from './runtime/watching.ts'
import { fieldSecretId } from './store/field-secrets.ts'
import { createSqliteFiles } from './store/sqlite-files.ts'
import { openStore } from './store/store.ts'

export interface EngineOptions {
  dataDirectory: string
  version: string
  native: Native
  clock: Clock
  log: Logger
  redactor: Redactor
  /** Where `config` and `known_hosts` of OpenSSH lie; ~/.ssh unless told. */
  sshDirectory?: string
  /** Is this computer a host too? True unless told. */
  local?: boolean
  /** Connects and looks, but probes, tells and mends nothing: for one look from the command line, which is no watch. */
  onlyLook?: boolean
}

/** So long an orderly end waits for what should not stay half done, unless it is told. */
const endMs = 3_500

export interface Engine extends AsyncDisposable {
  /** Brings what must not stay half done to an end within that time, then closes. */
  dispose(graceMs?: number): Promise<void>
  /** Serves one window (or the command line) until its port closes. */
  attach(port: Port): Disposable
  onPower(change: PowerChange): void
  readonly services: Services
}

/**
 * Opens the store and starts watching every configured host. Rejects with DATABASE_NEWER or CONFLICT (another engine has the
 * directory), having touched nothing.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { clock, log, native, redactor, version, dataDirectory } = options
  const sshDirectory = options.sshDirectory ?? join(homedir(), '.ssh')
  const startedAt = clock.now()
  const store = openStore({ directory: dataDirectory, clock, log })
  const clients = new Map<ReturnType<typeof serve<typeof engineContract>>, string | null>()
  const publish: Publish = (name, payload) => {
    for (const client of clients.keys()) client.emit(name, payload)
    // the panic switch stops what waits at once
    if (name === 'settings.changed') runner.onSettings()
  }
  const bag = new DisposableBag()
  const settings = new SettingsKeeper(store, publish)
  const vault = createVault({ secrets: store.secrets, meta: store.vaultMeta, native, log, redactor })
  bag.add(vault.onChange(status => publish('vault.changed', status)))
  const keys = createHostKeyBook({
    trusted: store.hostKeys,
    log,
    files: [join(sshDirectory, 'known_hosts'), join(sshDirectory, 'known_hosts2'), '/etc/ssh/ssh_known_hosts'],
  })
  const steady = createSteadyTime(clock)
  const outbox = new Outbox({ store, clock, steady, desktopOn: () => settings.get().notifications })
  const silences = bag.add(new Silences({ store, clock, publish }))
  const notifier = new Notifier({ store, outbox, vault, native, clock, steady, log, publish })
  const alerting = bag.add(new Alerting({ store, outbox, silences, clock, steady, log, publish }))
  const collector = createCollector({ clock, log })
  const localCollector = createLocalCollector(collector, { clock })
  const reach = { keys, clock, log, gate: createHandshakeGate() }
  const breakers = new CircuitBreakers({ store, clock, steady, log })
  const watching = bag.add(
    new Watching({
      breakers,
      store,
      vault,
      alerting,
      sessions: () => fleet.sessions(),
      session: hostId => fleet.peek(hostId),
      here: createLocalLink({ clock }),
      clock,
      log,
      publish,
      isHeard: () => clients.size > 0,
    }),
  )
  const fleet = new Fleet({
    store,
    vault,
    onOpen: session => {
      const listeners = new DisposableBag()
      if (options.onlyLook) return listeners
      listeners.add(watching.attach(session))
      listeners.add(runner.attach(session))
      listeners.add(backups.attach(session))
      listeners.add(maintenance.attach(session))
      listeners.add(
        session.link.onStatus(({ state }) => {
          if (state === 'lost') breakers.count('ssh')
        }),
      )
      return listeners
    },
    onRemove(hostId) {
      runner.hostRemoved(hostId)
      logins.hostRemoved(hostId)
      backups.hostRemoved(hostId)
      maintenance.hostRemoved(hostId)
      watching.checks.hostRemoved(hostId)
      silences.hostRemoved(hostId)
      notifier.hostRemoved(hostId)
    },
    native,
    clock,
    log,
    publish,
    settings: () => settings.get(),
    incidents: () => store.incidents.active(),
    collectorFor: host => (host.kind === 'local' ? localCollector : collector),
    createLink: (host, jump) =>
      host.kind === 'local'
        ? createLocalLink({ hostId: host.id, clock })
        : createSshLink({ ...reach, host, secrets: vault, jump: jump && jumpOver(jump.name, jump.link) }),
  })
  bag.add(alerting.changed.on(() => fleet.scheduleTray()))
  const audit = new AuditLog(store, clock, publish)
  const actions = new Actions({ fleet, store, audit, clock, log, publish })
  const runner = bag.add(
    new RecoveryRunner({
      store,
      session: hostId => fleet.peek(hostId),
      alerting,
      silences,
      actions,
      settings: () => settings.get(),
      prober: watching.prober,
      vault,
      audit,
      clock,
      steady,
      log,
      publish,
    }),
  )
  alerting.doing = incident => runner.doing(incident)
  const logins = bag.add(
    new Logins({
      store,
      vault,
      checks: watching.checks,
      prober: watching.prober,
      native,
      session: hostId => fleet.session(hostId),
      clock,
      log,
      publish,
    }),
  )
  const renewals: Renewals = bag.add(
    new Renewals({
      store,
      vault,
      logins,
      prober: watching.prober,
      session: hostId => fleet.peek(hostId),
      actions,
      audit,
      clock,
      log,
      publish,
      reactivate: loginId => deactivation.lift(loginId),
    }),
  )
  const deactivation: Deactivation = bag.add(
    new Deactivation({
      store,
      logins,
      alerting,
      session: hostId => fleet.peek(hostId),
      actions,
      settings: () => settings.get(),
      renewing: loginId => renewals.isRunning(loginId),
      audit,
      clock,
      log,
    }),
  )
  const keepAlive = bag.add(
    new KeepAlive({
      store,
      logins,
      renewals,
      native,
      session: hostId => fleet.peek(hostId),
      settings: () => settings.get(),
      breakers,
      clock,
      log,
    }),
  )
  const backups = bag.add(
    createBackups({
      ...{ store, vault, breakers, actions, audit, clock, log, publish, version, onMains },
      networks: networkNames,
      ...{ checks: watching.checks, prober: watching.prober, session: hostId => fleet.peek(hostId) },
      sqlite: createSqliteFiles(),
    }),
  )
  const maintenance = bag.add(
    new Maintenance({
      ...{ store, vault, breakers, actions, audit, clock, log, publish, onMains, networks: networkNames },
      ...{ checks: watching.checks, prober: watching.prober, session: hostId => fleet.peek(hostId) },
      // one job at a time per host, whichever it is
      turns: backups.turns,
    }),
  )
  const dropIns = new DropIns({ store, session: hostId => fleet.session(hostId), clock, log })
  const rules = new RecoveryRules({ store, vault, runner, session: hostId => fleet.peek(hostId), clock, steady })
  const telegramCommands = bag.add(
    new TelegramCommands({
      store,
      secret: (id, field) => vault.get(fieldSecretId('channel', id, field)),
      commands: new ChatCommands({ store, fleet, actions, alerting, silences, audit, clock }),
      clock,
      log,
    }),
  )
  const ownData = bag.add(new OwnData({ store, vault, clock, log }))
  bag.add(followDesktopActions({ native, store, actions, alerting, audit, log }))
  bag.add(vault.onChange(() => telegramCommands.refresh()))
  const services: Services = {
    store,
    fleet,
    hostRemoval: new HostRemoval({
      ...{ fleet, store, restores: backups.restores, maintenance: maintenance.runner, renewals, deactivation },
    }),
    actions,
    audit,
    settings,
    vault,
    alerting,
    silences,
    notifier,
    telegramCommands,
    watching,
    proposals: new Proposals({
      store,
      clock,
      log,
      discover: (link, host, units, signal) => discover(link, host, units, clock, signal),
    }),
    recovery: { runner, rules, dropIns },
    logins,
    renewals,
    backups,
    maintenance,
    ownData,
    deactivation,
    clock,
    redactor,
    health: () => ({
      version,
      startedAt,
      dataDirectory,
      databaseBytes: store.bytes(),
      storeProblem: store.problem?.message ?? null,
      setAside: store.setAside,
      restored: store.restored,
      offline: alerting.offline,
    }),
    testConnection: (id, draft, secrets, signal) =>
      testConnection({
        ...reach,
        hostId: id ?? 'new',
        draft,
        secrets: givenOrStored(secrets, id === null ? null : vault, id !== null && sameLogin(fleet.host(id), draft)),
        jump: draft.jump === null ? null : jumpOver(fleet.host(draft.jump).name, fleet.session(draft.jump).link),
        signal,
      }),
    sshConfigHosts: () => [...readSshConfig(join(sshDirectory, 'config'))],
    trustKey(address, port, key) {
      // what a person confirmed is the fingerprint: it has to be that of the key which is trusted from now on
      if (describeKey(Buffer.from(key.key, 'base64')).fingerprint !== key.fingerprint)
        throw new AppError('INVALID_INPUT', 'This fingerprint is not that of the host key')
      store.hostKeys.add(address, port, key)
    },
    forgetKeys: (address, port) => store.hostKeys.remove(address, port),
  }
  bag.add(store.onProblem(() => publish('engine.healthChanged', services.health())))
  bag.add(alerting.onlineChanged.on(() => publish('engine.healthChanged', services.health())))
  bag.add(store.startMaintenance())
  bag.add(
    watchClockGaps(clock, gap => {
      log.info('gap', { kind: gap.kind, ms: gap.to - gap.from })
      alerting.onClockGap()
      silences.onClockGap()
      notifier.onClockGap()
      watching.onClockGap()
      runner.onClockGap()
      fleet.onClockGap(gap.from)
    }),
  )
  const close = async (graceMs = endMs): Promise<void> => {
    // as long as links and actions are there
    await Promise.all([maintenance.end(), backups.restores.end(graceMs)])
    actions.dispose()
    bag.dispose()
    await Promise.all([fleet.dispose(), notifier.dispose()])
    store.close()
  }
  try {
    if (options.local !== false) ensureLocalHost(store, clock)
    await vault.start()
    if (!options.onlyLook) {
      notifier.start()
      telegramCommands.refresh()
      watching.checks.start()
      runner.start()
      renewals.resume()
      keepAlive.start()
      ownData.start()
    }
    await fleet.start()
    actions.resume()
    if (!options.onlyLook) {
      await backups.start()
      maintenance.start()
    }
  } catch (error) {
    // half an engine would go on watching, and hold the lock, behind the back of whoever is told that it did not start
    await close()
    throw error
  }

  const rewatch = (): void => fleet.setWatched(new Set([...clients.values()].filter(id => id !== null)))
  return {
    services,
    attach(port) {
      const handlers = createHandlers(services, {
        watch(hostId) {
          clients.set(server, hostId)
          rewatch()
        },
      })
      const server = serve(engineContract, port, handlers, { log: log.child('rpc') })
      clients.set(server, null)
      const gone = disposable(() => {
        clients.delete(server)
        server.dispose()
        rewatch()
      })
      port.listen(
        () => {},
        () => gone.dispose(),
      )
      return gone
    },
    onPower(change) {
      log.info('power', { change })
      watching.onPower(change)
      if (change === 'suspend') return
      for (const session of fleet.sessions()) session.link.probe()
    },
    async dispose(graceMs) {
      for (const client of [...clients.keys()]) client.dispose()
      clients.clear()
      await close(graceMs)
    },
  }
}

/**
 * What a person has just typed, else what the vault holds for the host that is being edited; but no stored password unless the draft names
 * the `same` user and server that it was given for.
 */
function givenOrStored(given: HostSecrets, stored: SecretSource | null, same: boolean): SecretSource {
  return {
    hostSecret: async (hostId, kind) => {
      const value = given[kind]
      if (value !== undefined) return value
      if (!same && kind !== 'passphrase') return null
      return (await stored?.hostSecret(hostId, kind)) ?? null
    },
  }
}

/** This computer is a host like the others, there from the first start (R6). */
function ensureLocalHost(store: ReturnType<typeof openStore>, clock: Clock): void {
  if (store.hosts.get(localHostId)) return
  const local: Omit<Host, 'stored'> = {
    id: localHostId,
    kind: 'local',
    name: 'This computer',
    address: 'localhost',
    port: 22,
    user: userInfo().username,
    auth: { kind: 'agent' },
    sudo: 'passwordless',
    jump: null,
    userUnits: true,
    createdAt: clock.now(),
  }
  store.hosts.insert(local)
}

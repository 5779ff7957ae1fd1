// The composition root: makes one engine out of its parts, for the app, headless and in tests. Holds no logic of its own.
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { PowerChange } from '../shared/contract/native.ts'
import { AppError } from '../shared/errors.ts'
import type { Port } from '../shared/rpc/port.ts'
import { Clients } from './api/clients.ts'
import type { Services } from './api/services.ts'
import { discover } from './collector/discover.ts'
import { createCollector } from './collector/index.ts'
import { sameLogin } from './domain/same-login.ts'
import type { Clock } from './lib/clock.ts'
import { type AsyncDisposable, type Disposable, DisposableBag } from './lib/disposable.ts'
import type { Logger, Redactor } from './lib/log.ts'
import { createSteadyTime } from './lib/steady-time.ts'
import { createLocalCollector } from './local/local-collector.ts'
import { createLocalLink } from './local/local-link.ts'
import { onMains } from './local/mains.ts'
import { networkNames } from './local/network.ts'
import type { Native } from './ports.ts'
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
import { followDesktopActions } from './runtime/desktop-actions.ts'
import { DropIns } from './runtime/drop-in.ts'
import { Fleet } from './runtime/fleet.ts'
import { watchClockGaps } from './runtime/gap-detector.ts'
import { givenOrStored } from './runtime/given-secrets.ts'
import { HostRemoval } from './runtime/host-removal.ts'
import type { HostSession } from './runtime/host-session.ts'
import { ensureLocalHost } from './runtime/local-host.ts'
import { loginParts } from './runtime/login-parts.ts'
import { Maintenance } from './runtime/maintenance.ts'
import { Notifier } from './runtime/notifier.ts'
import { Outbox } from './runtime/outbox.ts'
import { OwnData } from './runtime/own-data.ts'
import { Proposals } from './runtime/proposals.ts'
import type { Publish } from './runtime/publish.ts'
import { RecoveryRules } from './runtime/recovery-rules.ts'
import { RecoveryRunner } from './runtime/recovery-runner.ts'
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
  const clients = new Clients(log, hostIds => fleet.setWatched(hostIds))
  const publish: Publish = (name, payload) => {
    clients.publish(name, payload)
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
  /** Null while a host has none. */
  const session = (hostId: string): HostSession | null => fleet.peek(hostId)
  const watching = bag.add(
    new Watching({
      ...{ breakers, store, vault, alerting, clock, log, publish, session, sessions: () => fleet.sessions() },
      ...{ here: createLocalLink({ clock }), isHeard: () => clients.size > 0 },
    }),
  )
  const fleet = new Fleet({
    ...{ store, vault, native, clock, log, publish },
    onOpen: opened => {
      const listeners = new DisposableBag()
      if (options.onlyLook) return listeners
      listeners.add(watching.attach(opened))
      listeners.add(runner.attach(opened))
      listeners.add(backups.attach(opened))
      listeners.add(maintenance.attach(opened))
      listeners.add(
        opened.link.onStatus(({ state }) => {
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
      ...{ store, vault, alerting, silences, actions, audit, clock, steady, log, publish, session },
      ...{ prober: watching.prober, settings: () => settings.get() },
    }),
  )
  alerting.doing = incident => runner.doing(incident)
  const { logins, renewals, deactivation, keepAlive } = loginParts(
    {
      ...{ store, vault, native, fleet, alerting, actions, breakers, audit, clock, log, publish },
      ...{ checks: watching.checks, prober: watching.prober, settings: () => settings.get() },
    },
    bag,
  )
  const backups = bag.add(
    createBackups({
      ...{ store, vault, breakers, actions, audit, clock, log, publish, version, onMains },
      ...{ networks: networkNames, sqlite: createSqliteFiles() },
      ...{ checks: watching.checks, prober: watching.prober, session },
    }),
  )
  const maintenance = bag.add(
    new Maintenance({
      ...{ store, vault, breakers, actions, audit, clock, log, publish, onMains, networks: networkNames },
      ...{ checks: watching.checks, prober: watching.prober, session },
      // one job at a time per host, whichever it is
      turns: backups.turns,
    }),
  )
  const dropIns = new DropIns({ store, session: hostId => fleet.session(hostId), clock, log })
  const rules = new RecoveryRules({ store, vault, runner, session, clock, steady })
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
    ...{ store, fleet, actions, audit, settings, vault, alerting, silences, notifier, telegramCommands, watching },
    ...{ logins, renewals, deactivation, backups, maintenance, ownData, clock, redactor },
    hostRemoval: new HostRemoval({
      ...{ fleet, store, restores: backups.restores, maintenance: maintenance.runner, renewals, deactivation },
    }),
    proposals: new Proposals({
      ...{ store, clock, log },
      discover: (link, host, units, signal) => discover(link, host, units, clock, signal),
    }),
    recovery: { runner, rules, dropIns },
    health: () => ({
      ...{ version, startedAt, dataDirectory, databaseBytes: store.bytes() },
      ...{ storeProblem: store.problem?.message ?? null, setAside: store.setAside, restored: store.restored },
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
    // a visit of its own would begin a renewal
    keepAlive.dispose()
    // as long as links and actions are there
    await Promise.all([maintenance, backups.restores, renewals].map(each => each.end(graceMs)))
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

  return {
    services,
    attach: port => clients.attach(port, services),
    onPower(change) {
      log.info('power', { change })
      watching.onPower(change)
      if (change === 'suspend') return
      for (const { link } of fleet.sessions()) link.probe()
    },
    async dispose(graceMs) {
      clients.dispose()
      await close(graceMs)
    },
  }
}

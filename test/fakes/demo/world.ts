// A believable fleet in memory for looking at screens without an engine; knows nothing of how it is served. Never part of the app.
import type { ErrorShape } from '../../../src/shared/errors.ts'
import type { AuditEntry } from '../../../src/shared/model/audit.ts'
import type { BackupView, TargetView } from '../../../src/shared/model/backup.ts'
import type { ChannelView, OutboxEntry } from '../../../src/shared/model/channel.ts'
import type { CheckProposal, CheckView } from '../../../src/shared/model/check.ts'
import type { ConnectionStatus, Host, HostFacts, HostView } from '../../../src/shared/model/host.ts'
import type { IncidentStory, Silence } from '../../../src/shared/model/incident.ts'
import type { LoginView } from '../../../src/shared/model/login.ts'
import type { MaintenanceView } from '../../../src/shared/model/maintenance.ts'
import type { RecoveryAttempt, RecoveryView } from '../../../src/shared/model/recovery.ts'
import type { EngineHealth, Settings, VaultStatus } from '../../../src/shared/model/settings.ts'
import type { Snapshot } from '../../../src/shared/model/snapshot.ts'
import type { ActionRun, Timer, Unit, UnitRef, UnitTransition } from '../../../src/shared/model/unit.ts'
import { backupsOf, snapshotsOf, targetsOf } from './backups-made.ts'
import { channelsOf, outboxOf } from './channels-made.ts'
import { checksOf, crowdOf, proposalsOf } from './checks-made.ts'
import { storiesOf } from './incidents-made.ts'
import { loginsOf } from './logins-made.ts'
import { manyTasksOf, tasksOf } from './maintenance-made.ts'
import { attemptsOf, recoveriesOf } from './recovery-made.ts'
import { silencesOf } from './silences-made.ts'
import { timersOf, transitionsOf, unitsOf } from './units.ts'

export interface World {
  settings: Settings
  vault: VaultStatus
  health: EngineHealth
  passphrase: string | null
  readonly hosts: Map<string, HostView>
  readonly units: Map<string, Unit[]>
  readonly timers: Map<string, Timer[]>
  readonly transitions: Map<string, UnitTransition[]>
  readonly audit: AuditEntry[]
  readonly runs: Map<string, ActionRun>
  readonly checks: Map<string, CheckView>
  readonly proposals: Map<string, CheckProposal[]>
  readonly stories: Map<string, IncidentStory>
  readonly silences: Map<string, Silence>
  readonly channels: Map<string, ChannelView>
  readonly outbox: Map<string, OutboxEntry[]>
  readonly logins: Map<string, LoginView>
  readonly targets: Map<string, TargetView>
  readonly backups: Map<string, BackupView>
  readonly snapshots: Map<string, Snapshot>
  readonly maintenance: Map<string, MaintenanceView>
  /** By `host/scope/name`, as the attempts. */
  readonly recoveries: Map<string, RecoveryView>
  readonly attempts: Map<string, RecoveryAttempt[]>
  /** What lies on the host as the app's drop-in, and what lay there before, by unit. */
  readonly dropIns: Map<string, { now: string | null; before: string | null }>
}

export type WorldName = 'filled' | 'empty' | 'first-run' | 'first-run-no-keyring' | 'locked' | 'troubled' | 'crowded'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export function createWorld(name: WorldName, now = Date.now()): World {
  const firstRun = name === 'first-run' || name === 'first-run-no-keyring'
  const keyring = name !== 'first-run-no-keyring' && name !== 'locked'
  const world: World = {
    settings: {
      theme: 'system',
      sampleSecondsIdle: 15,
      sampleSecondsWatched: 2,
      rawSampleDays: 14,
      notifications: true,
      automation: name !== 'troubled',
      closeToTray: true,
      firstRunDone: !firstRun,
    },
    vault: {
      state: firstRun ? 'uninitialised' : name === 'locked' ? 'locked' : 'unlocked',
      protection: firstRun ? 'none' : keyring ? 'keyring' : 'passphrase',
      keyringAvailable: keyring,
      reason: keyring ? null : 'No secret service answers on this desktop.',
    },
    health: {
      version: '0.1.0',
      startedAt: now - 3 * hour,
      dataDirectory: '/home/mira/.config/Quarterdeck',
      databaseBytes: 48_234_496,
      storeProblem:
        name === 'troubled' ? 'The disk is full: nothing can be written to /home/mira/.config/Quarterdeck.' : null,
      setAside: name === 'troubled' ? '/home/mira/.config/Quarterdeck/quarterdeck.db.damaged-2026-11-21' : null,
      restored: name === 'troubled' ? 'quarterdeck-2026-11-21T03-00-00.db' : null,
      offline: name === 'troubled' ? 'No network interface of this computer is up' : null,
    },
    passphrase: name === 'locked' ? 'open sesame' : null,
    hosts: new Map(),
    units: new Map(),
    timers: new Map(),
    transitions: new Map(),
    audit: [],
    runs: new Map(),
    checks: new Map(),
    proposals: new Map(),
    stories: new Map(),
    silences: new Map(),
    channels: new Map(),
    outbox: new Map(),
    logins: new Map(),
    targets: new Map(),
    backups: new Map(),
    snapshots: new Map(),
    maintenance: new Map(),
    recoveries: new Map(),
    attempts: new Map(),
    dropIns: new Map(),
  }
  addHost(world, localView(now))
  const filled = name !== 'empty' && !firstRun
  if (filled) {
    for (const view of remoteViews(now)) addHost(world, view)
    fillAudit(world, now)
  }
  fillAlerting(world, now, filled)
  if (name === 'crowded') {
    for (const view of crowdOf(now)) world.checks.set(view.check.id, view)
    for (const view of manyTasksOf(now)) world.maintenance.set(view.task.id, view)
  }
  return world
}

/** An empty world has the built-in checks of this computer and the desktop channel, as a fresh installation has. */
function fillAlerting(world: World, now: number, filled: boolean): void {
  const put = <T>(map: Map<string, T>, items: readonly T[], key: (item: T) => string): void => {
    for (const item of items) map.set(key(item), item)
  }
  put(world.checks, checksOf(now, filled), view => view.check.id)
  put(world.channels, channelsOf(now, filled), view => view.channel.id)
  for (const id of world.hosts.keys()) world.proposals.set(id, proposalsOf(id))
  put(world.targets, targetsOf(now).slice(0, 1), view => view.target.id)
  if (!filled) return
  put(world.stories, storiesOf(now), story => story.incident.id)
  put(world.silences, silencesOf(now), silence => silence.id)
  for (const id of world.channels.keys()) world.outbox.set(id, outboxOf(id, now))
  put(world.logins, loginsOf(now), view => view.login.id)
  put(world.targets, targetsOf(now), view => view.target.id)
  put(world.backups, backupsOf(now), view => view.backup.id)
  put(world.snapshots, snapshotsOf(now), snapshot => snapshot.id)
  put(world.maintenance, tasksOf(now), view => view.task.id)
  put(world.recoveries, recoveriesOf(now), view => keyOf(view.policy))
  for (const view of world.recoveries.values()) world.attempts.set(keyOf(view.policy), attemptsOf(view, now))
}

export function keyOf(unit: UnitRef): string {
  return `${unit.hostId}/${unit.scope}/${unit.name}`
}

/** Puts a host and all that belongs to it into the world. */
export function addHost(world: World, view: HostView, now = Date.now()): void {
  const id = view.host.id
  const units =
    view.facts?.unitSource === 'none' || view.facts === null ? [] : unitsOf(id, now, view.units?.failed ?? 0)
  world.units.set(id, units)
  const counts = { total: units.length, failed: 0, active: 0 }
  for (const unit of units) {
    if (unit.activeState === 'failed') counts.failed++
    if (unit.activeState === 'active') counts.active++
    world.transitions.set(`${id}/${unit.scope}/${unit.name}`, transitionsOf(unit, now))
  }
  world.hosts.set(id, { ...view, units: units.length > 0 ? counts : null })
  world.timers.set(id, units.length > 0 ? timersOf(id, now) : [])
}

export function readyStatus(now: number, generation = 1): ConnectionStatus {
  return { state: 'ready', since: now - 3 * hour, generation, error: null, nextAttemptAt: null, offeredKey: null }
}

export function factsOf(parts: Partial<HostFacts> = {}): HostFacts {
  return {
    os: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0-28-amd64',
    hostname: 'web-1',
    machineId: '8f2c1d0e9b7a4c3f8e5d6a7b9c0d1e2f',
    bootId: '0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f',
    uid: 1000,
    cpus: 4,
    systemdVersion: 252,
    unitSource: 'dbus-socket',
    journal: { readable: true, missingGroups: [] },
    rights: 'sudo',
    ...parts,
  }
}

export function hostOf(id: string, parts: Partial<Host> = {}): Host {
  return {
    id,
    kind: 'ssh',
    name: id,
    address: `${id}.example.net`,
    port: 22,
    user: 'deploy',
    auth: { kind: 'key', path: '~/.ssh/id_ed25519' },
    sudo: 'passwordless',
    jump: null,
    userUnits: false,
    createdAt: Date.now() - 40 * day,
    stored: { password: false, passphrase: false, sudoPassword: false },
    ...parts,
  }
}

function localView(now: number): HostView {
  return {
    host: hostOf('local', {
      kind: 'local',
      name: 'This computer',
      address: 'localhost',
      user: 'mira',
      auth: { kind: 'agent' },
      sudo: 'none',
    }),
    connection: readyStatus(now),
    facts: factsOf({
      hostname: 'mira-laptop',
      os: 'Debian GNU/Linux 13 (trixie)',
      kernel: '6.12.9-amd64',
      systemdVersion: 257,
      cpus: 8,
      rights: 'none',
    }),
    problems: [],
    units: null,
    uptimeSeconds: 6 * 3600 + 812,
  }
}

function remoteViews(now: number): HostView[] {
  const failing = (
    state: ConnectionStatus['state'],
    error: ErrorShape,
    parts: Partial<ConnectionStatus> = {},
  ): ConnectionStatus => ({
    state,
    since: now - 4 * minute,
    generation: 3,
    error,
    nextAttemptAt: null,
    offeredKey: null,
    ...parts,
  })
  const key = {
    type: 'ssh-ed25519',
    fingerprint: 'SHA256:9Qk1r4mJcH8vXw2pQ7nYd5sLt3uZb6aEoG0iKfRyTjM',
    key: 'AAAAC3NzaC1lZDI1NTE5AAAAIDemo',
  }
  const view = (host: Host, connection: ConnectionStatus, rest: Partial<HostView> = {}): HostView => ({
    host,
    connection,
    facts: factsOf({ hostname: host.name }),
    problems: [],
    units: { total: 0, failed: 0, active: 0 },
    uptimeSeconds: 41 * 86_400 + 7 * 3600,
    ...rest,
  })
  return [
    view(
      hostOf('web-1', { userUnits: true, stored: { password: false, passphrase: true, sudoPassword: false } }),
      readyStatus(now, 2),
      { units: { total: 0, failed: 2, active: 0 } },
    ),
    view(
      hostOf('bots-1', {
        name: 'bots-1 (Falkenstein)',
        address: '203.0.113.24',
        sudo: 'password',
        stored: { password: false, passphrase: false, sudoPassword: true },
      }),
      readyStatus(now),
      {
        facts: factsOf({ hostname: 'bots-1', os: 'Debian GNU/Linux 11 (bullseye)', systemdVersion: 247, cpus: 2 }),
      },
    ),
    view(
      hostOf('db-1', { address: '2001:db8:42::17', jump: 'web-1' }),
      failing(
        'backoff',
        {
          code: 'UNREACHABLE',
          message: 'No route to db-1 (2001:db8:42::17) within 10 s',
          hint: 'Is the host up, and the firewall open for port 22?',
        },
        { nextAttemptAt: now + 12_400 },
      ),
      { facts: null, units: null, uptimeSeconds: null },
    ),
    view(
      hostOf('edge-2', { address: '198.51.100.7', port: 2222 }),
      failing(
        'host-key-changed',
        {
          code: 'HOST_KEY_CHANGED',
          message: 'edge-2 shows a host key that is not the one known for it',
          hint: 'Nothing was sent to it.',
        },
        { offeredKey: key },
      ),
      { units: null, uptimeSeconds: null },
    ),
    view(
      hostOf('mail', {
        address: 'mail.example.org',
        user: 'root',
        auth: { kind: 'password' },
        stored: { password: true, passphrase: false, sudoPassword: false },
      }),
      failing('auth-failed', {
        code: 'AUTH_FAILED',
        message: 'mail.example.org refused the password for root',
        hint: 'Enter the right one under Edit. It is not tried again by itself, so that you are not locked out.',
      }),
      { facts: null, units: null, uptimeSeconds: null },
    ),
    view(hostOf('alpine-nas', { address: '192.168.1.20', sudo: 'none' }), readyStatus(now), {
      facts: factsOf({
        os: 'Alpine Linux 3.20',
        systemdVersion: null,
        unitSource: 'none',
        hostname: 'nas',
        rights: 'none',
        journal: { readable: false, missingGroups: [] },
      }),
      problems: [
        {
          area: 'units',
          error: {
            code: 'NOT_SYSTEMD',
            message: 'This is not a systemd host: PID 1 is busybox init',
            hint: 'Metrics work. Services, timers and the journal need systemd.',
          },
        },
      ],
      units: null,
    }),
    view(
      hostOf('shared-box', { address: 'shell.example.com', user: 'guest', sudo: 'none', auth: { kind: 'agent' } }),
      readyStatus(now),
      {
        facts: factsOf({
          hostname: 'shared',
          rights: 'none',
          journal: { readable: false, missingGroups: ['systemd-journal', 'adm'] },
        }),
        problems: [
          {
            area: 'journal',
            error: {
              code: 'JOURNAL_RIGHTS',
              message: 'guest may not read the system journal',
              hint: 'On the host: sudo usermod -aG systemd-journal guest, then reconnect.',
            },
          },
        ],
      },
    ),
  ]
}

function fillAudit(world: World, now: number): void {
  const verbs = [
    [
      'unit.restart',
      'webhook-bot.service',
      'sudo systemctl restart -- webhook-bot.service',
      'failed',
      'Job for webhook-bot.service failed: exit-code. The main process ended with status 1 after 0.4 s.',
    ],
    [
      'unit.restart',
      'trading-bot.service',
      'sudo systemctl restart -- trading-bot.service',
      'verified',
      'active for 5 s; new PID 18833; no error in the journal since',
    ],
    [
      'unit.stop',
      'cookie-bot@bob.service',
      'sudo systemctl stop -- cookie-bot@bob.service',
      'verified',
      'inactive; no process left',
    ],
    [
      'unit.reload',
      'nginx.service',
      'sudo systemctl reload -- nginx.service',
      'degraded',
      'reloaded; 2 warnings in the journal since',
    ],
    [
      'unit.restart',
      'stats-bot.service',
      'sudo systemctl restart -- stats-bot.service',
      'lost',
      'The link broke after the request was sent.',
    ],
    ['host-key.trust', null, null, 'verified', 'ssh-ed25519 SHA256:9Qk1r4mJcH8vXw2pQ7nYd5sLt3uZb6aEoG0iKfRyTjM'],
    ['host.add', null, null, 'verified', null],
    ['unit.enable', 'keepalive-bot.service', 'sudo systemctl enable -- keepalive-bot.service', 'verified', null],
    ['unit.reset-failed', 'certbot.service', 'sudo systemctl reset-failed -- certbot.service', 'cancelled', null],
  ] as const
  for (let index = 0; index < 240; index++) {
    const [verb, target, command, outcome, detail] = verbs[index % verbs.length] ?? verbs[0]
    const at = now - 4 * minute - index * 47 * minute
    world.audit.push({
      id: 1000 - index,
      at,
      finishedAt: at + 1400 + (index % 7) * 800,
      actor: 'person',
      verb,
      hostId: index % 3 === 0 ? 'bots-1' : 'web-1',
      target,
      command,
      outcome,
      detail,
      actionRunId: null,
    })
  }
}

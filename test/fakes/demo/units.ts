// The services, timers and histories of the demo's hosts. Never part of the app.
import type { Timer, Unit, UnitTransition } from '../../../src/shared/model/unit.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

type Sketch = [name: string, description: string, memoryMiB: number, cpu: number]

const services: readonly Sketch[] = [
  ['keepalive-bot.service', 'Telegram keep-alive bot', 84, 1.2],
  ['webhook-bot.service', 'Telegram webhook bot on :8001', 212, 3.4],
  ['cookie-bot@alice.service', 'Twitter poster for alice', 141, 0.6],
  ['cookie-bot@bob.service', 'Twitter poster for bob', 138, 0.4],
  ['trading-bot.service', 'Trading bot (Postgres, Redis)', 466, 11.8],
  ['stats-bot.service', 'Discord statistics bot', 96, 0.3],
  ['nginx.service', 'A high performance web server and a reverse proxy server', 22, 0.8],
  ['postgresql@15-main.service', 'PostgreSQL Cluster 15-main', 388, 4.1],
  ['redis-server.service', 'Advanced key-value store', 31, 0.5],
  ['ssh.service', 'OpenBSD Secure Shell server', 9, 0],
  ['cron.service', 'Regular background program processing daemon', 3, 0],
  ['dbus.service', 'D-Bus System Message Bus', 5, 0.1],
  ['fail2ban.service', 'Fail2Ban Service', 44, 0.2],
  ['getty@tty1.service', 'Getty on tty1', 1, 0],
  ['systemd-journald.service', 'Journal Service', 38, 0.4],
  ['systemd-logind.service', 'User Login Management', 7, 0],
  ['systemd-networkd.service', 'Network Configuration', 8, 0],
  ['systemd-resolved.service', 'Network Name Resolution', 12, 0.1],
  ['systemd-timesyncd.service', 'Network Time Synchronization', 6, 0],
  ['systemd-udevd.service', 'Rule-based Manager for Device Events and Files', 6, 0],
  ['unattended-upgrades.service', 'Unattended Upgrades Shutdown', 14, 0],
]

const oneShots = [
  'apparmor',
  'console-setup',
  'keyboard-setup',
  'kmod-static-nodes',
  'networking',
  'systemd-modules-load',
  'systemd-random-seed',
  'systemd-sysctl',
  'systemd-tmpfiles-setup',
  'systemd-user-sessions',
]
const idle = [
  'apt-daily',
  'apt-daily-upgrade',
  'backup-trading-db',
  'certbot',
  'dpkg-db-backup',
  'e2scrub_all',
  'fstrim',
  'logrotate',
  'man-db',
  'rescue',
  'systemd-fsck-root',
  'telegram-webhook-check',
]

export function unitsOf(hostId: string, now: number, failed: number): Unit[] {
  const base = (name: string, description: string): Unit => ({
    hostId,
    scope: 'system',
    name,
    description,
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: 'enabled',
    mainPid: null,
    result: 'success',
    restarts: 0,
    since: now - 41 * day,
    invocationId: `${hash(hostId + name)
      .toString(16)
      .padStart(8, '0')}a1b2c3d4e5f60718293a4b5c`,
    exitStatus: 0,
    fragmentPath: `/etc/systemd/system/${name}`,
    memoryBytes: null,
    cpuPercent: null,
    pinned: false,
  })
  const units: Unit[] = services.map(([name, description, memory, cpu], index) => ({
    ...base(name, description),
    mainPid: 700 + index * 37,
    memoryBytes: memory * 1024 * 1024,
    cpuPercent: cpu,
    since: now - (index < 6 ? 5 * hour + index * 17 * minute : 41 * day),
    pinned: index === 0,
    fragmentPath: index < 6 ? `/etc/systemd/system/${name}` : `/lib/systemd/system/${name}`,
  }))
  for (const name of oneShots)
    units.push({ ...base(`${name}.service`, `${name.replaceAll('-', ' ')}`), subState: 'exited', mainPid: 0 })
  for (const name of idle) {
    units.push({
      ...base(`${name}.service`, name.replaceAll('-', ' ')),
      activeState: 'inactive',
      subState: 'dead',
      unitFileState: 'static',
      mainPid: 0,
      since: now - 9 * hour,
    })
  }
  units.push({
    ...base('apache2.service', 'The Apache HTTP Server'),
    loadState: 'masked',
    activeState: 'inactive',
    subState: 'dead',
    unitFileState: 'masked',
    mainPid: 0,
  })
  units.push({
    ...base('hostile.service', '\u001b[31mred\u001b[0m \u001b]0;owned\u0007 and \u202Egnitadpu\u202C <b>bold</b>'),
    mainPid: 4711,
    memoryBytes: 1024 * 1024,
  })
  if (failed > 0) {
    const change = (name: string, parts: Partial<Unit>): void => {
      const index = units.findIndex(unit => unit.name === name)
      const unit = units[index]
      if (unit) units[index] = { ...unit, memoryBytes: null, cpuPercent: null, ...parts }
    }
    change('webhook-bot.service', {
      activeState: 'failed',
      subState: 'failed',
      result: 'exit-code',
      exitStatus: 1,
      mainPid: 0,
      restarts: 5,
      since: now - 6 * minute,
    })
    change('cookie-bot@bob.service', {
      activeState: 'failed',
      subState: 'failed',
      result: 'start-limit-hit',
      exitStatus: 0,
      mainPid: 0,
      restarts: 3,
      since: now - 2 * hour,
    })
    change('stats-bot.service', {
      activeState: 'activating',
      subState: 'auto-restart',
      result: 'signal',
      exitStatus: 9,
      mainPid: 0,
      restarts: 12,
      since: now - 4000,
    })
  }
  if (hostId === 'web-1') {
    const user = {
      ...base('sync-notes.service', 'Notes synchronisation'),
      scope: 'user' as const,
      mainPid: 2211,
      memoryBytes: 19 * 1024 * 1024,
      cpuPercent: 0.1,
      fragmentPath: '/home/deploy/.config/systemd/user/sync-notes.service',
    }
    units.push(user)
  }
  return units
}

export function transitionsOf(unit: Unit, now: number): UnitTransition[] {
  const { hostId, scope, name } = unit
  const step = (
    at: number,
    fromState: string | null,
    toState: string,
    subState: string,
    result: string | null,
    reconstructed = false,
  ): UnitTransition => ({
    hostId,
    scope,
    name,
    at,
    fromState,
    toState,
    subState,
    result,
    mainPid: toState === 'active' ? 4000 + (at % 900) : null,
    restarts: unit.restarts,
    invocationId: unit.invocationId,
    reconstructed,
  })
  const since = unit.since ?? now
  return [
    step(since, 'activating', unit.activeState, unit.subState, unit.result),
    step(since - 900, unit.activeState === 'failed' ? 'active' : 'inactive', 'activating', 'start', 'success'),
    step(since - 5 * hour, 'activating', 'active', 'running', 'success'),
    step(since - 5 * hour - 2000, 'failed', 'activating', 'auto-restart', 'signal'),
    step(since - 5 * hour - 2100, 'active', 'failed', 'failed', 'signal'),
    step(since - 2 * day, 'inactive', 'active', 'running', 'success', true),
  ]
}

export function timersOf(hostId: string, now: number): Timer[] {
  const timer = (name: string, description: string, nextAt: number | null, lastAt: number | null): Timer => ({
    hostId,
    scope: 'system',
    name: `${name}.timer`,
    description,
    activates: `${name}.service`,
    activeState: nextAt === null ? 'inactive' : 'active',
    nextAt,
    lastAt,
  })
  return [
    timer('telegram-webhook-check', 'Check the webhook every 5 minutes', now + 2 * minute, now - 3 * minute),
    timer('backup-trading-db', 'Back up the trading database', now + 3 * hour, now - 21 * hour),
    timer('apt-daily', 'Daily apt download activities', now + 7 * hour, now - 5 * hour),
    timer('logrotate', 'Daily rotation of log files', now + 17 * hour, now - 7 * hour),
    timer('certbot', 'Run certbot twice daily', now + 4 * hour, now - 8 * hour),
    timer('fstrim', 'Discard unused blocks once a week', now + 4 * day, now - 3 * day),
    timer('e2scrub_all', 'Periodic ext4 online metadata check', null, null),
  ]
}

/** A small stable number for a text. */
export function hash(text: string): number {
  let value = 2_166_136_261
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16_777_619)
  return value >>> 0
}

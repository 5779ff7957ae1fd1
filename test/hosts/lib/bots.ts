// Installs the five sample systems of product.md on a host and throws their switches; must not know what the product makes of it.

import { randomBytes } from 'node:crypto'
import { chown, copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type CookieTimes, cookieFiles } from './cookie-files.ts'
import { userIds } from './credentials.ts'
import type { TestHost } from './host.ts'
import { botsDir } from './paths.ts'

interface Part {
  /** The unit is `${name}.service`. */
  readonly name: string
  readonly script: string
  readonly args?: string
  readonly restart: 'no' | 'on-failure' | 'always'
  /** Fixtures that a bot needs around it are not the bot: no switch goes there by default. */
  readonly fixture?: true
  readonly after?: string
}
interface System {
  /** Where its health endpoint listens on the host's loopback. */
  readonly healthPort: number
  readonly parts: readonly Part[]
}

const cookieRoles = ['web', 'login', 'poster', 'scraper', 'watchdog'] as const

const systems = {
  'keepalive-bot': {
    healthPort: 8001,
    parts: [{ name: 'keepalive-bot', script: 'keepalive-bot.py', restart: 'on-failure' }],
  },
  'webhook-bot': {
    healthPort: 8010,
    parts: [
      { name: 'telegram-api', script: 'telegram-api.py', restart: 'no', fixture: true },
      { name: 'webhook-bot', script: 'webhook-bot.py', restart: 'no', after: 'telegram-api.service' },
    ],
  },
  'cookie-bot': {
    healthPort: 8080,
    parts: [
      { name: 'cookie-site', script: 'cookie-site.py', restart: 'no', fixture: true },
      ...cookieRoles.map(role => ({
        name: `cookie-bot-${role}`,
        script: 'cookie-bot.py',
        args: role,
        restart: 'on-failure' as const,
        after: 'cookie-site.service',
      })),
    ],
  },
  'trading-bot': {
    healthPort: 8020,
    parts: [
      {
        name: 'trading-bot',
        script: 'trading-bot.py',
        restart: 'on-failure',
        after: 'postgresql.service redis-server.service',
      },
    ],
  },
  'stats-bot': {
    healthPort: 8030,
    parts: [{ name: 'stats-bot', script: 'stats-bot.py', restart: 'always' }],
  },
} satisfies Record<string, System>

export type BotName = keyof typeof systems
export const botNames = Object.keys(systems) as BotName[]

export interface BotOptions {
  /** Overrides each unit's Restart=, e.g. `no` for a bot that is to stay down. */
  readonly restart?: 'no' | 'on-failure' | 'always'
  /** RestartSec=, one second by default. */
  readonly restartSec?: number
  readonly env?: Readonly<Record<string, string>>
}

export interface BotHealth {
  readonly status: number
  /** updates, errors, uptime, memory, last_update and more; undefined when it is not JSON. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** Copies the bot to /opt/NAME (owned by deploy, who runs it), starts its units and resolves when they are up. */
export async function installBot(host: TestHost, name: BotName, options: BotOptions = {}): Promise<Bot> {
  const system: System = systems[name]
  const folder = `/opt/${name}`
  await host.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', folder])
  for (const part of system.parts) {
    await copyInto(host, folder, part.script)
    await host.writeFile(`/etc/systemd/system/${part.name}.service`, unitText(part, name, options))
  }
  await copyInto(host, folder, 'common.py')
  const bot = new Bot(host, name, system)
  if (name === 'cookie-bot') await bot.renewCookie()
  if (name === 'trading-bot') await host.exec(startDatabases, { timeoutMs: 60_000 })
  await host.exec(['systemctl', 'daemon-reload'])
  await host.exec(['systemctl', 'restart', ...system.parts.map(part => `${part.name}.service`)])
  return bot
}

const startDatabases = `systemctl start postgresql.service redis-server.service
cd /
until runuser -u postgres -- psql -qc 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
runuser -u postgres -- psql -tAc "SELECT 1 FROM pg_roles WHERE rolname = 'deploy'" | grep -q 1 || {
  runuser -u postgres -- createuser deploy
  runuser -u postgres -- createdb -O deploy trading
}`

async function copyInto(host: TestHost, folder: string, file: string): Promise<void> {
  const to = path.join(host.slot.folder, 'root', folder, file)
  await mkdir(path.dirname(to), { recursive: true })
  await copyFile(path.join(botsDir, file), to)
  await chown(to, userIds.deploy, userIds.deploy)
}

function unitText(part: Part, system: BotName, options: BotOptions): string {
  const env = Object.entries({ ...defaultEnv[system], ...options.env }).map(
    ([name, value]) => `Environment="${name}=${value}"`,
  )
  return [
    '[Unit]',
    `Description=${system}${part.name === system ? '' : `: ${part.args ?? part.name}`} (test)`,
    ...(part.after ? [`After=${part.after}`] : []),
    '[Service]',
    // Notify, so that a start is over when the bot listens, not when python begins to load.
    'Type=notify',
    'User=deploy',
    `WorkingDirectory=/opt/${system}`,
    'Environment=PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1',
    ...env,
    `Environment=CONTROL_FILE=control-${part.name}`,
    `ExecStart=/usr/bin/python3 /opt/${system}/${part.script}${part.args ? ` ${part.args}` : ''}`,
    `Restart=${part.fixture ? 'no' : (options.restart ?? part.restart)}`,
    `RestartSec=${options.restartSec ?? 1}`,
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
}

const defaultEnv: Partial<Record<BotName, Record<string, string>>> = {
  'webhook-bot': { TELEGRAM_API: 'http://127.0.0.1:8081' },
}

/** An installed system. Switches go to its main unit unless another of `units` or `fixtures` is named. */
export class Bot {
  readonly name: BotName
  readonly folder: string
  /** The bot's own units; the first is the one that switches go to. */
  readonly units: readonly string[]
  /** Services around it that the real system finds on the internet. */
  readonly fixtures: readonly string[]
  readonly healthPort: number
  private readonly host: TestHost

  constructor(host: TestHost, name: BotName, system: System) {
    this.host = host
    this.name = name
    this.folder = `/opt/${name}`
    this.healthPort = system.healthPort
    this.units = system.parts.filter(part => !part.fixture).map(part => `${part.name}.service`)
    this.fixtures = system.parts.filter(part => part.fixture).map(part => `${part.name}.service`)
  }

  get unit(): string {
    return this.units[0] ?? ''
  }

  /** Throws a switch and resolves once the bot has taken it. */
  async throwSwitch(name: string, options: Readonly<Record<string, unknown>> = {}, unit = this.unit): Promise<void> {
    const script = `set -e; cd "$1"
      cat > "$2.new"; chown deploy: "$2.new"; mv "$2.new" "$2"
      systemctl kill -s USR1 --kill-who=main -- "$3"
      until [ ! -e "$2" ]; do sleep 0.01; done`
    const file = `control-${unit.replace(/\.service$/, '')}`
    const input = JSON.stringify({ switch: name, ...options })
    await this.host.exec(['sh', '-c', script, 'sh', this.folder, file, unit], { input, timeoutMs: 10_000 })
  }

  /** Prints a traceback and ends with exit code 1. */
  crash = (unit?: string) => this.throwSwitch('crash', {}, unit)
  /** Takes connections and never answers; its work stops, too. */
  hang = (unit?: string) => this.throwSwitch('hang', {}, unit)
  unhang = (unit?: string) => this.throwSwitch('unhang', {}, unit)
  /** Grows by so many megabytes, at once or at a rate. */
  leakMemory = (leak: { mb: number; perSecond?: number }, unit?: string) => this.throwSwitch('leak', leak, unit)
  /** What /health (and the site, and the Telegram API) answers from now on; 200 for good again. */
  answer = (status: number, unit?: string) => this.throwSwitch('answer', { status }, unit)
  /** The share of its work that fails, 0 … 1. */
  failShare = (share: number, unit?: string) => this.throwSwitch('errors', { share }, unit)
  /** Stays up and does nothing: no update is counted any more. */
  idle = (unit?: string) => this.throwSwitch('idle', {}, unit)
  /** Writes so many lines a second to its journal; 0 stops. */
  floodJournal = (linesPerSecond: number, unit?: string) => this.throwSwitch('flood', { linesPerSecond }, unit)
  /** Takes back every switch (an expired cookie needs `renewCookie`). */
  heal = (unit?: string) => this.throwSwitch('heal', {}, unit)

  /** GET of a path on the host's loopback, as its owner would with curl there. Throws where nothing listens or answers in time. */
  async get(
    path = '/health',
    options: { port?: number; method?: string; timeoutMs?: number } = {},
  ): Promise<BotHealth> {
    const { port = this.healthPort, method = 'GET', timeoutMs = 5000 } = options
    const script = `exec 3<>/dev/tcp/127.0.0.1/$1 && printf '%s %s HTTP/1.0\\r\\n\\r\\n' "$2" "$3" >&3 && exec cat <&3`
    const { stdout } = await this.host.exec(['bash', '-c', script, 'bash', String(port), method, path], { timeoutMs })
    const [head = '', text = ''] = stdout.split('\r\n\r\n')
    const status = Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1])
    try {
      return { status, body: JSON.parse(text) as Record<string, unknown> }
    } catch {
      return { status, body: undefined }
    }
  }

  health = (): Promise<BotHealth> => this.get('/health')

  /** Cookie bot: `rejected` — the site no longer knows the session (401); `date` — the files themselves say that they are over. */
  async expireCookie(how: 'rejected' | 'date' = 'rejected'): Promise<void> {
    if (how === 'rejected') await this.writeSession(randomBytes(8).toString('hex'))
    else await this.writeCookies(this.session, { expires: Math.floor(Date.now() / 1000) - 3600 })
  }

  /** Cookie bot: a new valid session, in all four files unless `files: false`. Resolves to the session's token. */
  async renewCookie(options: { files?: boolean } & CookieTimes = {}): Promise<string> {
    this.session = randomBytes(20).toString('hex')
    await this.writeSession(this.session)
    if (options.files !== false) await this.writeCookies(this.session, options)
    return this.session
  }

  private session = ''

  private writeSession(token: string): Promise<void> {
    return this.host.writeFile(`${this.folder}/valid-session`, `${token}\n`, { owner: 'deploy:deploy' })
  }

  private async writeCookies(token: string, times: CookieTimes): Promise<void> {
    await this.host.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', '-m', '700', `${this.folder}/cookies`])
    for (const [name, text] of Object.entries(cookieFiles(token, times))) {
      await this.host.writeFile(`${this.folder}/cookies/${name}`, text, { owner: 'deploy:deploy', mode: '600' })
    }
  }
}

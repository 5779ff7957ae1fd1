// The kinds of checks, channels and recovery actions with made-up specs, as JSON Schema like the engine's. A page cannot load the real ones: they speak protocols. Never part of the app.
import { z } from 'zod'
import type { ChannelKind } from '../../../src/shared/model/channel.ts'
import type { CheckKind } from '../../../src/shared/model/check.ts'
import type { RecoveryKind } from '../../../src/shared/model/recovery.ts'

const schemaOf = (shape: z.ZodRawShape): Record<string, unknown> =>
  z.toJSONSchema(z.object(shape), { io: 'input' }) as Record<string, unknown>

const text = (title: string, description?: string) =>
  z.string().meta(description === undefined ? { title } : { title, description })
const secret = (title: string, description: string) => z.string().optional().meta({ title, description, secret: true })
const number = (title: string, min: number, max: number, value: number) =>
  z.number().min(min).max(max).default(value).meta({ title })
const flag = (title: string, value: boolean) => z.boolean().default(value).meta({ title })
const address = text('Address', 'As seen from where the check looks').default('127.0.0.1')
const port = (value: number) => z.number().int().min(1).max(65_535).default(value).meta({ title: 'Port' })

const defaults: CheckKind['defaults'] = {
  intervalSeconds: 30,
  timeoutSeconds: 10,
  failureThreshold: 3,
  recoveryThreshold: 2,
  forSeconds: 0,
  severity: 'critical',
}

function check(
  type: string,
  title: string,
  description: string,
  shape: z.ZodRawShape,
  parts: Partial<CheckKind> & { rate?: Partial<CheckKind['defaults']> } = {},
): CheckKind {
  const { rate = {}, ...rest } = parts
  return {
    type,
    title,
    description,
    schema: schemaOf(shape),
    vantages: ['host'],
    needsUnit: false,
    addable: true,
    defaults: { ...defaults, ...rate },
    ...rest,
  }
}

const anywhere: CheckKind['vantages'] = ['host', 'local', 'both']

export const checkKinds: readonly CheckKind[] = [
  check('host-reachable', 'Host reachable', 'The SSH link to the host stands.', {}, { addable: false }),
  check(
    'unit-failures',
    'Service failures',
    'Any service of the host that fails, as systemd tells it.',
    { ignore: z.array(z.string()).default([]).meta({ title: 'Services to leave out' }) },
    { addable: false, rate: { failureThreshold: 1 } },
  ),
  check(
    'systemd-unit',
    'Service',
    'One service is active.',
    { activatingIsFine: flag('Starting counts as well', true) },
    { needsUnit: true },
  ),
  check(
    'http',
    'HTTP endpoint',
    'An address answers as it should: status, time, headers, JSON.',
    {
      url: z.url().meta({ title: 'Address', description: 'http:// or https://' }),
      method: z.enum(['GET', 'HEAD', 'POST', 'PUT']).default('GET').meta({ title: 'Method' }),
      fallbacks: z
        .array(z.url())
        .max(5)
        .default([])
        .meta({ title: 'Other addresses', description: 'Tried in order where the first does not answer' }),
      headers: z.record(z.string(), z.string()).default({}).meta({ title: 'Headers' }),
      body: text('Body').default(''),
      token: secret('Bearer token', 'Sent as Authorization, never to another origin'),
      conditions: z
        .array(z.string())
        .max(20)
        .default(['[STATUS] == 200'])
        .meta({ title: 'Conditions', description: 'Like [BODY].last_update age < 5m' }),
      numbers: z
        .array(
          z.object({
            name: text('Name'),
            path: text('Path in the JSON', 'stats.errors'),
            maxPerMinute: z.number().nullable().default(null).meta({ title: 'At most per minute' }),
          }),
        )
        .max(16)
        .default([])
        .meta({ title: 'Numbers to keep' }),
      redirects: z.number().int().min(0).max(10).default(3).meta({ title: 'Redirects to follow' }),
      minCertificateDays: z
        .number()
        .int()
        .min(1)
        .max(365)
        .nullable()
        .default(null)
        .meta({ title: 'Certificate valid for at least', description: 'Days' }),
    },
    { vantages: anywhere },
  ),
  check('tcp', 'TCP port', 'A port accepts connections.', { address, port: port(80) }, { vantages: anywhere }),
  check(
    'tls-certificate',
    'TLS certificate',
    'A certificate is valid and does not expire soon.',
    { address, port: port(443), serverName: text('Name in the certificate'), minDays: number('Days left', 1, 365, 14) },
    { vantages: anywhere, rate: { intervalSeconds: 3600, severity: 'warning' } },
  ),
  check(
    'telegram-bot',
    'Telegram bot',
    'The bot’s token works and its webhook is well.',
    {
      token: secret('Bot token', 'From @BotFather'),
      webhookUrl: text('Expected webhook', 'Empty where the bot polls').default(''),
      maxPending: number('Pending updates at most', 0, 100_000, 5),
      apiBase: z.url().default('https://api.telegram.org').meta({ title: 'Bot API' }),
    },
    { vantages: anywhere },
  ),
  check('heartbeat', 'Heartbeat', 'A file or address that a job touches is fresh.', {
    path: text('File', 'On the host'),
    maxAgeMinutes: number('Minutes at most', 1, 100_000, 60),
  }),
  check('command', 'Command', 'A command on the host ends as expected.', {
    argv: z.array(z.string()).min(1).max(32).meta({ title: 'Command', description: 'One argument a line' }),
    expectedExit: number('Exit code', 0, 255, 0),
    expectedOutput: text('Output has').default(''),
  }),
  check('journal-pattern', 'Journal pattern', 'Not too many lines of a journal match.', {
    pattern: text('Regular expression'),
    ignoreCase: flag('Ignore case', true),
    minutes: number('Over minutes', 1, 1440, 10),
    maxLines: z.number().int().min(0).nullable().default(null).meta({ title: 'Lines at most' }),
    maxPercent: z.number().min(0).max(100).nullable().default(5).meta({ title: 'Percent of all lines at most' }),
  }),
  check(
    'unit-resources',
    'Memory and CPU of a service',
    'A service stays within its limits.',
    {
      memoryMegabytes: z.number().min(1).nullable().default(500).meta({ title: 'Memory at most', description: 'MB' }),
      cpuPercent: z.number().min(1).nullable().default(null).meta({ title: 'CPU at most', description: 'Percent' }),
    },
    { needsUnit: true, rate: { forSeconds: 300, severity: 'warning' } },
  ),
  check(
    'unit-restarts',
    'Restarts of a service',
    'A service does not restart too often.',
    { count: number('Restarts at most', 1, 1000, 3), minutes: number('Within minutes', 1, 1440, 60) },
    { needsUnit: true, rate: { severity: 'warning', failureThreshold: 1 } },
  ),
  check(
    'unit-activity',
    'Activity of a service',
    'A service writes to its journal.',
    { minutes: number('Silent for at most', 1, 1440, 5) },
    { needsUnit: true, rate: { severity: 'warning' } },
  ),
  check(
    'host-resources',
    'CPU and memory',
    'The host is not at its limits.',
    { cpuPercent: number('CPU at most', 1, 100, 80), memoryPercent: number('Memory at most', 1, 100, 90) },
    { rate: { forSeconds: 300, severity: 'warning' } },
  ),
  check('disk-space', 'Disk space', 'A disk is not nearly full.', {
    mount: text('Mounted at').default('/'),
    maxPercent: number('Raised above', 1, 100, 90),
    clearPercent: number('Cleared below', 1, 100, 85),
  }),
  check(
    'sqlite',
    'SQLite file',
    'A database file is whole and answers.',
    { path: text('File'), query: text('Query').default(''), expected: text('Result', 'Like > 0').default('') },
    { rate: { intervalSeconds: 300 } },
  ),
  check('postgres', 'Postgres', 'A Postgres server answers.', {
    address,
    port: port(5432),
    database: text('Database').default('postgres'),
    user: text('User').default('postgres'),
    password: secret('Password', 'Kept in the vault'),
    tls: flag('TLS', false),
    query: text('Query').default('select 1'),
  }),
  check('redis', 'Redis', 'A Redis server answers.', {
    address,
    port: port(6379),
    database: number('Database', 0, 15, 0),
    password: secret('Password', 'Kept in the vault'),
  }),
]

const channel = (
  type: string,
  title: string,
  description: string,
  shape: z.ZodRawShape,
  addable = true,
): ChannelKind => ({ type, title, description, schema: schemaOf(shape), addable })

export const channelKinds: readonly ChannelKind[] = [
  channel('desktop', 'Desktop', 'Notifications of this computer, with Restart, Acknowledge and Open.', {}, false),
  channel('telegram', 'Telegram', 'A bot writes to a chat, and takes commands from it where you allow that.', {
    token: secret('Bot token', 'From @BotFather'),
    chatId: text('Chat', 'Its number, or @name'),
    commands: flag('Take commands', false),
    allowedChats: z.array(z.string()).default([]).meta({ title: 'Chats that may command' }),
  }),
  channel('discord', 'Discord', 'A webhook of a Discord channel.', {
    url: secret('Webhook address', 'Holds the secret of the channel'),
    name: text('Shown name').default('Quarterdeck'),
  }),
  channel('slack', 'Slack', 'An incoming webhook of a Slack workspace.', {
    url: secret('Webhook address', 'Holds the secret of the channel'),
  }),
  channel('ntfy', 'ntfy', 'A topic of an ntfy server.', {
    server: z.url().default('https://ntfy.sh').meta({ title: 'Server' }),
    topic: text('Topic'),
    token: secret('Access token', 'Where the topic is protected'),
  }),
  channel('gotify', 'Gotify', 'An application of a Gotify server.', {
    server: z.url().meta({ title: 'Server' }),
    token: secret('Application token', 'From the Apps page'),
  }),
  channel('email', 'E-mail', 'By SMTP.', {
    host: text('Server'),
    port: port(587),
    security: z.enum(['starttls', 'tls', 'none']).default('starttls').meta({ title: 'Security' }),
    user: text('User').default(''),
    password: secret('Password', 'Kept in the vault'),
    from: z.email().meta({ title: 'From' }),
    to: z.array(z.email()).min(1).max(20).meta({ title: 'To' }),
  }),
  channel('resend', 'E-mail by Resend', 'By the API of resend.com.', {
    key: secret('API key', 'Kept in the vault'),
    from: z.email().meta({ title: 'From' }),
    to: z.array(z.email()).min(1).max(20).meta({ title: 'To' }),
  }),
  channel('webhook', 'Webhook', 'JSON to an address of yours, signed where you give a key.', {
    url: z.url().meta({ title: 'Address' }),
    key: secret('Signing key', 'HMAC-SHA256 over the body'),
    headers: z.record(z.string(), z.string()).default({}).meta({ title: 'Headers' }),
    template: text('Template', 'JSON with {{title}}, {{body}}, {{severity}}').default(''),
  }),
]

const recovery = (
  type: string,
  title: string,
  description: string,
  risk: RecoveryKind['risk'],
  shape: z.ZodRawShape,
): RecoveryKind => ({ type, title, description, risk, schema: schemaOf(shape) })

export const recoveryKinds: readonly RecoveryKind[] = [
  recovery('restart-unit', 'Restart the service', 'systemctl restart, verified.', 'safe', {}),
  recovery('http-call', 'Call an address', 'As seen from the host, like POST /restart.', 'safe', {
    url: z.url().meta({ title: 'Address' }),
    method: z.enum(['POST', 'GET', 'PUT']).default('POST').meta({ title: 'Method' }),
    expectedStatus: number('Expected status', 100, 599, 200),
    token: secret('Bearer token', 'Kept in the vault'),
  }),
  recovery('telegram-webhook', 'Repair the Telegram webhook', 'Delete, drop pending, set, verify.', 'confirm', {
    url: z.url().meta({ title: 'Webhook' }),
    token: secret('Bot token', 'From @BotFather'),
  }),
  recovery('runbook', 'Run commands', 'In order; the first that fails ends it.', 'confirm', {
    steps: z
      .array(
        z.object({
          argv: z.array(z.string()).min(1).meta({ title: 'Command', description: 'One argument a line' }),
          timeoutSeconds: number('At most seconds', 1, 600, 60),
        }),
      )
      .min(1)
      .max(16)
      .meta({ title: 'Steps' }),
  }),
  recovery('vacuum-journal', 'Make the journal smaller', 'journalctl --vacuum-size.', 'confirm', {
    keepMegabytes: number('Keep megabytes', 50, 100_000, 500),
  }),
  recovery('delete-old-logs', 'Delete old logs', 'Files in named folders that are older than some days.', 'confirm', {
    folders: z.array(z.string()).min(1).max(8).meta({ title: 'Folders' }),
    days: number('Older than days', 1, 3650, 30),
  }),
  recovery('deactivate-unit', 'Stop and disable the service', 'Until a person starts it again.', 'confirm', {}),
]

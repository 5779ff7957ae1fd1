// The demo's checks: one of nearly each kind, in nearly each state. Knows nothing of how they are served. Never part of the app.
import type {
  AlertPhase,
  Check,
  CheckProposal,
  CheckUnit,
  CheckView,
  MutedBy,
  ProbeCause,
  ProbeStatus,
} from '../../../src/shared/model/check.ts'
import { hash } from './units.ts'

const minute = 60_000
const day = 24 * 60 * minute

interface Sketch {
  readonly id: string
  readonly hostId: string
  readonly type: string
  readonly name: string
  readonly spec?: Record<string, unknown>
  readonly unit?: string
  readonly status: ProbeStatus
  readonly message: string
  readonly cause?: ProbeCause
  readonly latencyMs?: number | null
  readonly phase?: AlertPhase
  readonly mutedBy?: MutedBy
  readonly incidentId?: string
  /** Minutes for which it has been as it is; before that it was healthy. */
  readonly forMinutes?: number
  readonly parts?: Partial<Check>
}

const builtIn = (hostId: string, parts: Partial<Sketch> = {}, failures: Partial<Sketch> = {}): Sketch[] => [
  {
    id: `${hostId}-reachable`,
    hostId,
    type: 'host-reachable',
    name: 'Host reachable',
    status: 'healthy',
    message: 'Connected',
    latencyMs: 24,
    parts: { builtIn: true, intervalSeconds: 15 },
    ...parts,
  },
  {
    id: `${hostId}-failures`,
    hostId,
    type: 'unit-failures',
    name: 'Service failures',
    status: 'healthy',
    message: 'No service has failed',
    latencyMs: null,
    parts: { builtIn: true, failureThreshold: 1 },
    ...failures,
  },
]

const sketches: readonly Sketch[] = [
  ...builtIn(
    'web-1',
    {},
    {
      status: 'unhealthy',
      message: 'webhook-bot.service failed (exit-code, status 1); cookie-bot@bob.service failed (start-limit-hit)',
      cause: 'unit',
      phase: 'firing',
      incidentId: 'inc-webhook-bot',
      forMinutes: 6,
    },
  ),
  ...builtIn('bots-1'),
  ...builtIn(
    'db-1',
    {
      status: 'unhealthy',
      message: 'No route to db-1 (2001:db8:42::17) within 10 s',
      cause: 'host',
      latencyMs: null,
      phase: 'firing',
      incidentId: 'inc-db-down',
      forMinutes: 41,
    },
    { status: 'unknown', message: 'Not judged while db-1 is unreachable', mutedBy: 'host-down', forMinutes: 41 },
  ),
  {
    id: 'keepalive-health',
    hostId: 'web-1',
    type: 'http',
    name: 'Keep-alive bot answers',
    unit: 'keepalive-bot.service',
    spec: {
      url: 'http://127.0.0.1:8001/health',
      method: 'GET',
      fallbacks: ['http://127.0.0.1:8002/health', 'http://127.0.0.1:8003/health'],
      conditions: ['[STATUS] == 200', '[BODY].last_update age < 5m', '[RESPONSE_TIME] < 2000'],
      numbers: [{ name: 'updates', path: 'updates_processed' }],
      redirects: 3,
    },
    status: 'healthy',
    message: '200 in 14 ms; updates_processed 88123',
    latencyMs: 14,
    parts: { tags: ['bots'], intervalSeconds: 30 },
  },
  {
    id: 'webhook-telegram',
    hostId: 'web-1',
    type: 'telegram-bot',
    name: 'Telegram webhook',
    unit: 'webhook-bot.service',
    spec: { webhookUrl: 'https://bots.example.net/webhook', maxPending: 5, apiBase: 'https://api.telegram.org' },
    status: 'unhealthy',
    message: 'pending_update_count (18) <= 5; last error 2 min ago: Wrong response from the webhook: 502 Bad Gateway',
    cause: 'webhook',
    latencyMs: 186,
    phase: 'firing',
    incidentId: 'inc-telegram',
    forMinutes: 5,
    parts: { tags: ['bots'], stored: ['token'] },
  },
  {
    id: 'trading-api',
    hostId: 'web-1',
    type: 'http',
    name: 'Trading API',
    unit: 'trading-bot.service',
    spec: {
      url: 'http://127.0.0.1:9100/status',
      method: 'GET',
      fallbacks: [],
      conditions: ['[STATUS] == 200', '[RESPONSE_TIME] < 1000'],
      numbers: [],
      redirects: 3,
    },
    status: 'degraded',
    message: '[RESPONSE_TIME] (2412) < 1000',
    cause: 'health',
    latencyMs: 2412,
    phase: 'firing',
    incidentId: 'inc-trading-slow',
    forMinutes: 17,
    parts: { dependsOn: ['trading-db'], tags: ['trading'] },
  },
  {
    id: 'trading-db',
    hostId: 'web-1',
    type: 'postgres',
    name: 'Trading database',
    spec: { address: '127.0.0.1', port: 5432, database: 'trading', user: 'quarterdeck', query: 'SELECT 1', tls: 'off' },
    status: 'healthy',
    message: 'PostgreSQL 15.8; select 1 → 1',
    latencyMs: 6,
    parts: { tags: ['trading'], stored: ['password'] },
  },
  {
    id: 'trading-redis',
    hostId: 'web-1',
    type: 'redis',
    name: 'Trading queue',
    spec: { address: '127.0.0.1', port: 6379, database: 0 },
    status: 'healthy',
    message: 'PONG; 31.2 MiB used',
    latencyMs: 1,
    parts: { tags: ['trading'] },
  },
  {
    id: 'site-certificate',
    hostId: 'web-1',
    type: 'tls-certificate',
    name: 'Certificate of bots.example.net',
    spec: { address: 'bots.example.net', port: 443, serverName: 'bots.example.net', minDays: 14 },
    status: 'degraded',
    message: 'The certificate expires in 11 d (3 Dec 2026), less than 14 d',
    cause: 'certificate',
    latencyMs: 92,
    phase: 'firing',
    mutedBy: 'silence',
    incidentId: 'inc-certificate',
    forMinutes: 4300,
    parts: { intervalSeconds: 3600, severity: 'warning', vantage: 'both' },
  },
  {
    id: 'poster-activity',
    hostId: 'web-1',
    type: 'unit-activity',
    name: 'Poster for alice writes',
    unit: 'cookie-bot@alice.service',
    spec: { minutes: 5 },
    status: 'unhealthy',
    message: 'No line in the journal for 9 min, more than 5 min',
    cause: 'health',
    latencyMs: null,
    phase: 'pending',
    forMinutes: 1,
    parts: { tags: ['bots'], severity: 'warning' },
  },
  {
    id: 'web-1-disk',
    hostId: 'web-1',
    type: 'disk-space',
    name: 'Disk space',
    spec: { mounts: ['/'], maxPercent: 90, clearPercent: 85 },
    status: 'healthy',
    message: '/ is 47 % full',
    latencyMs: null,
    parts: { intervalSeconds: 60 },
  },
  {
    id: 'bots-1-disk',
    hostId: 'bots-1',
    type: 'disk-space',
    name: 'Disk space',
    spec: { mounts: ['/'], maxPercent: 90, clearPercent: 85 },
    status: 'unhealthy',
    message: '/ is 94 % full (4.9 GiB free), more than 90 %',
    cause: 'disk',
    latencyMs: null,
    phase: 'firing',
    incidentId: 'inc-disk',
    forMinutes: 190,
    parts: { intervalSeconds: 60 },
  },
  {
    id: 'stats-database',
    hostId: 'bots-1',
    type: 'sqlite',
    name: 'Statistics database',
    unit: 'stats-bot.service',
    spec: { path: '/srv/stats/stats.db', query: 'select count(*) from session', expected: '> 0' },
    status: 'healthy',
    message: 'quick_check ok; 214 MiB; 48,112 rows',
    latencyMs: 340,
    parts: { intervalSeconds: 300 },
  },
  {
    id: 'stats-memory',
    hostId: 'bots-1',
    type: 'unit-resources',
    name: 'Memory of the statistics bot',
    unit: 'stats-bot.service',
    spec: { memoryMegabytes: 500, cpuPercent: null },
    status: 'healthy',
    message: '96 MiB, less than 500 MB',
    latencyMs: null,
    phase: 'recovering',
    incidentId: 'inc-memory',
    parts: { severity: 'warning' },
  },
  {
    id: 'nightly-export',
    hostId: 'bots-1',
    type: 'heartbeat',
    name: 'Nightly export ran',
    spec: { path: '/var/lib/export/last-run', maxAgeMinutes: 1500 },
    status: 'healthy',
    message: 'Touched 7 h ago',
    latencyMs: 18,
    parts: { intervalSeconds: 300, severity: 'warning' },
  },
  {
    id: 'login-errors',
    hostId: 'bots-1',
    type: 'journal-pattern',
    name: 'Login errors of the posters',
    unit: 'cookie-bot@alice.service',
    spec: { pattern: '(401|session expired)', ignoreCase: true, minutes: 10, maxPercent: 5, maxLines: null },
    status: 'unknown',
    message: 'Not judged: a maintenance window is in force',
    latencyMs: null,
    mutedBy: 'maintenance',
    forMinutes: 20,
    parts: { severity: 'warning' },
  },
  {
    id: 'security-updates',
    hostId: 'bots-1',
    type: 'command',
    name: 'Security updates',
    spec: { argv: ['/usr/lib/update-notifier/apt-check'], expectedExit: 0 },
    status: 'unknown',
    message: 'Switched off',
    latencyMs: null,
    parts: { enabled: false, severity: 'info', intervalSeconds: 86_400 },
  },
  {
    id: 'db-port',
    hostId: 'db-1',
    type: 'tcp',
    name: 'Postgres port',
    spec: { address: '127.0.0.1', port: 5432 },
    status: 'unknown',
    message: 'Not judged while db-1 is unreachable',
    latencyMs: null,
    mutedBy: 'host-down',
    forMinutes: 41,
  },
]

export function checksOf(now: number, filled: boolean): CheckView[] {
  return [...builtIn('local'), ...(filled ? sketches : [])].map(sketch => viewOf(sketch, now))
}

/** More than fits onto a screen, by the longest and the least friendly names that a person or a host can come up with. */
export function crowdOf(now: number): CheckView[] {
  const names = [
    'Endpoint-of-the-telegram-webhook-gateway-behind-the-second-reverse-proxy-in-the-other-data-centre',
    '<b>not bold</b> & "quoted" \u202egnp.exe \u0007',
    'データベースの複製が追いついている',
    'x',
  ]
  const statuses = ['healthy', 'unhealthy', 'degraded', 'unknown'] as const
  return Array.from({ length: 60 }, (_, index) => {
    const status = statuses[hash(`crowd${index}`) % 4] ?? 'healthy'
    return viewOf(
      {
        id: `crowd-${index}`,
        hostId: 'web-1',
        type: 'http',
        name: `${names[index % names.length]} ${index}`.slice(0, 100),
        unit: 'keepalive-bot.service',
        spec: { url: `http://127.0.0.1:8001/${'long/'.repeat(30)}` },
        status,
        message: `[BODY].${'deep.'.repeat(20)}value (${'9'.repeat(120)}) < 5`,
        latencyMs: 17,
        phase: status === 'unhealthy' ? 'firing' : 'ok',
        parts: { tags: ['a-tag-of-the-longest-kind-that-there-is'] },
      },
      now,
    )
  })
}

export const unitRefOf = (name: string | undefined): CheckUnit | null =>
  name === undefined ? null : { scope: 'system', name }

function viewOf(sketch: Sketch, now: number): CheckView {
  const check: Check = {
    id: sketch.id,
    hostId: sketch.hostId,
    type: sketch.type,
    name: sketch.name,
    spec: sketch.spec ?? {},
    unit: unitRefOf(sketch.unit),
    enabled: true,
    vantage: 'host',
    intervalSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
    dependsOn: [],
    tags: [],
    builtIn: false,
    createdAt: now - 38 * day,
    stored: [],
    ...sketch.parts,
  }
  const recent = check.enabled ? recentOf(sketch, check, now) : []
  const last = recent.at(-1)
  return {
    check,
    last: last ? { ...last, checkId: check.id, cause: sketch.cause ?? null, numbers: [] } : null,
    phase: sketch.phase ?? 'ok',
    mutedBy: sketch.mutedBy ?? null,
    incidentId: sketch.incidentId ?? null,
    nextAt:
      check.enabled && check.type !== 'unit-failures' && sketch.hostId !== 'db-1'
        ? now + (hash(check.id) % check.intervalSeconds) * 1000
        : null,
    recent,
  }
}

function recentOf(sketch: Sketch, check: Check, now: number): CheckView['recent'] {
  return Array.from({ length: 60 }, (_, index) => {
    const age = (59 - index) * check.intervalSeconds * 1000
    const at = now - age - 4000
    const since = sketch.status === 'healthy' ? Number.POSITIVE_INFINITY : (sketch.forMinutes ?? 0) * minute
    const early = age > since
    const odd = hash(`${check.id}${index}`) % 23 === 0
    const status: ProbeStatus = early ? (odd ? 'unknown' : 'healthy') : sketch.status
    const jitter = 0.8 + (hash(`${index}${check.id}`) % 40) / 100
    return {
      at,
      status,
      latencyMs: sketch.latencyMs == null || status === 'unknown' ? null : Math.round(sketch.latencyMs * jitter),
      message: early ? (odd ? 'The link to the host was lost during the probe' : 'As it should be') : sketch.message,
    }
  })
}

const proposalDraft = {
  unit: null,
  enabled: true,
  vantage: 'host',
  intervalSeconds: 60,
  timeoutSeconds: 10,
  failureThreshold: 3,
  recoveryThreshold: 2,
  forSeconds: 0,
  severity: 'critical',
  dependsOn: [],
  tags: [],
} as const

export function proposalsOf(hostId: string): CheckProposal[] {
  const propose = (
    key: string,
    group: CheckProposal['group'],
    type: string,
    name: string,
    spec: Record<string, unknown>,
    reason: string,
    parts: Partial<CheckProposal['draft']> = {},
  ): CheckProposal => ({
    key: `${hostId}/${key}`,
    group,
    reason,
    draft: { ...proposalDraft, dependsOn: [], tags: [], hostId, type, name, spec, ...parts },
  })
  const own = [
    propose(
      'cpu',
      'host',
      'host-resources',
      'CPU and memory',
      { cpuPercent: 80, memoryPercent: 90 },
      'A default rule for every host: CPU over 80 % or memory over 90 % for 5 min.',
      { forSeconds: 300, severity: 'warning' },
    ),
    propose(
      'disk-srv',
      'host',
      'disk-space',
      'Disk space of /srv',
      { mounts: ['/srv'], maxPercent: 90, clearPercent: 85 },
      '/srv is a disk of its own.',
    ),
  ]
  if (hostId !== 'web-1' && hostId !== 'bots-1') return own
  return [
    ...own,
    propose(
      'restarts-trading',
      'unit',
      'unit-restarts',
      'Restarts of trading-bot',
      { count: 3, minutes: 60 },
      'trading-bot.service is a service of your own: more than 3 restarts in 1 h.',
      { unit: { scope: 'system', name: 'trading-bot.service' }, severity: 'warning' },
    ),
    propose(
      'endpoint-8080',
      'endpoint',
      'http',
      'cookie-bot on :8080',
      { url: 'http://127.0.0.1:8080/health', method: 'GET', fallbacks: [], conditions: ['[STATUS] == 200'] },
      'http://127.0.0.1:8080/health answers 200 and belongs to cookie-bot@alice.service.',
      { unit: { scope: 'system', name: 'cookie-bot@alice.service' } },
    ),
    propose(
      'sqlite-poster',
      'database',
      'sqlite',
      'posts.db of the posters',
      { path: '/srv/poster/posts.db', query: '', expected: '' },
      'A SQLite file in the working directory of cookie-bot@alice.service.',
      { intervalSeconds: 300 },
    ),
    propose(
      'port-6379',
      'port',
      'tcp',
      'Port 6379 of redis-server',
      { address: '127.0.0.1', port: 6379 },
      'redis-server.service listens on 127.0.0.1:6379.',
    ),
    propose(
      'certificate-443',
      'certificate',
      'tls-certificate',
      'Certificate on :443',
      { address: '127.0.0.1', port: 443, serverName: 'example.net', minDays: 14 },
      'nginx.service speaks TLS on port 443.',
      { intervalSeconds: 3600, severity: 'warning' },
    ),
  ]
}

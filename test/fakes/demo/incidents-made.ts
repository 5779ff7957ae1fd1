// The demo's incidents and their stories: open, acknowledged, muted and long resolved. Knows nothing of how they are served. Never part of the app.
import type { Incident, IncidentStory, TimelineItem } from '../../../src/shared/model/incident.ts'
import type { JournalEntry } from '../../../src/shared/model/journal.ts'
import { unitRefOf } from './checks-made.ts'
import { hash } from './units.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

type Step = readonly [
  afterMs: number,
  kind: TimelineItem['kind'],
  tone: TimelineItem['tone'],
  title: string,
  detail?: string | null,
  actor?: string,
]

interface Sketch extends Partial<Omit<Incident, 'unit'>> {
  readonly id: string
  readonly hostId: string
  readonly checkId: string
  readonly checkName: string
  readonly checkType: string
  readonly title: string
  readonly unit?: string
  readonly ageMs: number
  readonly message: string
  readonly steps: readonly Step[]
  readonly journalProblem?: string
}

const hostNames: Record<string, string> = {
  'web-1': 'web-1',
  'bots-1': 'bots-1 (Falkenstein)',
  'db-1': 'db-1',
  local: 'This computer',
}

const told = (after: number, channel: string, what = 'Told'): Step => [
  after,
  'notification',
  'neutral',
  `${what} by ${channel}`,
  null,
  channel,
]

const sketches: readonly Sketch[] = [
  {
    id: 'inc-webhook-bot',
    hostId: 'web-1',
    checkId: 'web-1-failures',
    checkName: 'Service failures',
    checkType: 'unit-failures',
    title: 'webhook-bot.service failed on web-1',
    unit: 'webhook-bot.service',
    ageMs: 6 * minute,
    severity: 'critical',
    cause: 'unit',
    message: 'Ended with status 1 after 4 min 12 s (exit-code)',
    lastMessage: 'Ended with status 1 after 0.4 s (exit-code)',
    tags: ['bots'],
    steps: [
      [-4000, 'transition', 'good', 'webhook-bot.service was active (running)', 'PID 18211'],
      [0, 'transition', 'bad', 'webhook-bot.service failed', 'exit-code, status 1'],
      [20, 'probe', 'bad', 'Service failures: unhealthy', 'Ended with status 1 after 4 min 12 s (exit-code)'],
      [40, 'alert', 'bad', 'Incident opened, critical'],
      told(1080, 'Desktop'),
      told(1350, 'Telegram, night shift'),
      [
        5100,
        'recovery',
        'neutral',
        'Attempt 1 of 5: restart webhook-bot.service',
        'sudo systemctl restart -- webhook-bot.service',
        'Auto-recovery',
      ],
      [6400, 'transition', 'warning', 'webhook-bot.service is activating', 'start'],
      [6800, 'transition', 'bad', 'webhook-bot.service failed', 'exit-code, status 1 after 0.4 s'],
      [26_000, 'recovery', 'bad', 'Attempt 1 failed', 'Not active for 20 s; status 1', 'Auto-recovery'],
      [
        36_300,
        'recovery',
        'neutral',
        'Attempt 2 of 5: restart webhook-bot.service',
        'sudo systemctl restart -- webhook-bot.service',
        'Auto-recovery',
      ],
      [37_900, 'transition', 'bad', 'webhook-bot.service failed', 'exit-code, status 1 after 0.4 s'],
      [58_000, 'recovery', 'bad', 'Attempt 2 failed', 'Not active for 20 s; status 1', 'Auto-recovery'],
      [95_000, 'connection', 'warning', 'The link to web-1 was lost'],
      [98_200, 'gap', 'warning', 'Not watched for 3 s', 'Filled in afterwards from the host’s own records'],
      [98_400, 'connection', 'good', 'The link to web-1 is back'],
      [
        118_000,
        'action',
        'bad',
        'Restart webhook-bot.service: failed',
        'sudo systemctl restart -- webhook-bot.service',
        'person',
      ],
      [
        140_000,
        'note',
        'neutral',
        'Note',
        'The token in /etc/webhook-bot.env was rotated this morning, that may be it.',
        'person',
      ],
    ],
  },
  {
    id: 'inc-poster-bob',
    hostId: 'web-1',
    checkId: 'web-1-failures',
    checkName: 'Service failures',
    checkType: 'unit-failures',
    title: 'cookie-bot@bob.service failed on web-1',
    unit: 'cookie-bot@bob.service',
    ageMs: 2 * hour,
    severity: 'critical',
    cause: 'start-limit',
    message: 'Started too often: systemd gave up (start-limit-hit)',
    tags: ['bots'],
    steps: [
      [0, 'transition', 'bad', 'cookie-bot@bob.service failed', 'start-limit-hit'],
      [30, 'alert', 'bad', 'Incident opened, critical'],
      told(1100, 'Desktop'),
      told(1500, 'Telegram, night shift'),
      [
        1900,
        'recovery',
        'bad',
        'Not restarted: systemd gave up on it',
        'reset-failed is never automatic',
        'Auto-recovery',
      ],
      [2600, 'alert', 'bad', 'Escalated', 'A person has to look: the unit hit its start limit'],
      told(3000, 'Telegram, night shift', 'Escalation told'),
    ],
  },
  {
    id: 'inc-telegram',
    hostId: 'web-1',
    checkId: 'webhook-telegram',
    checkName: 'Telegram webhook',
    checkType: 'telegram-bot',
    title: 'Telegram webhook of webhook-bot is failing',
    unit: 'webhook-bot.service',
    ageMs: 4 * minute,
    severity: 'critical',
    state: 'acknowledged',
    cause: 'webhook',
    message: 'pending_update_count (6) <= 5',
    lastMessage:
      'pending_update_count (18) <= 5; last error 2 min ago: Wrong response from the webhook: 502 Bad Gateway',
    tags: ['bots'],
    steps: [
      [-60_000, 'probe', 'bad', 'Telegram webhook: unhealthy', 'pending_update_count (6) <= 5'],
      [-30_000, 'probe', 'bad', 'Telegram webhook: unhealthy', 'pending_update_count (9) <= 5'],
      [0, 'probe', 'bad', 'Telegram webhook: unhealthy', 'pending_update_count (12) <= 5'],
      [20, 'alert', 'bad', 'Incident opened, critical', 'Third failure in a row'],
      told(1100, 'Desktop'),
      [52_000, 'person', 'neutral', 'Acknowledged', null, 'person'],
    ],
  },
  {
    id: 'inc-trading-slow',
    hostId: 'web-1',
    checkId: 'trading-api',
    checkName: 'Trading API',
    checkType: 'http',
    title: 'Trading API on web-1 is slow',
    unit: 'trading-bot.service',
    ageMs: 16 * minute,
    severity: 'warning',
    cause: 'health',
    message: '[RESPONSE_TIME] (1702) < 1000',
    lastMessage: '[RESPONSE_TIME] (2412) < 1000',
    tags: ['trading'],
    steps: [
      [-60_000, 'probe', 'warning', 'Trading API: degraded', '[RESPONSE_TIME] (1702) < 1000'],
      [0, 'probe', 'warning', 'Trading API: degraded', '[RESPONSE_TIME] (1994) < 1000'],
      [15, 'alert', 'warning', 'Incident opened, warning'],
      told(1050, 'Desktop'),
    ],
  },
  {
    id: 'inc-disk',
    hostId: 'bots-1',
    checkId: 'bots-1-disk',
    checkName: 'Disk space',
    checkType: 'disk-space',
    title: 'Disk / of bots-1 (Falkenstein) is nearly full',
    ageMs: 188 * minute,
    severity: 'critical',
    cause: 'disk',
    message: '/ is 91 % full (7.2 GiB free), more than 90 %',
    lastMessage: '/ is 94 % full (4.9 GiB free), more than 90 %',
    steps: [
      [0, 'probe', 'bad', 'Disk space: unhealthy', '/ is 91 % full (7.2 GiB free), more than 90 %'],
      [20, 'alert', 'bad', 'Incident opened, critical'],
      told(1060, 'Desktop'),
      told(1400, 'Telegram, night shift'),
      [9000, 'notification', 'bad', 'Not told by Mail to ops yet', '535 Authentication failed', 'Mail to ops'],
    ],
  },
  {
    id: 'inc-db-down',
    hostId: 'db-1',
    checkId: 'db-1-reachable',
    checkName: 'Host reachable',
    checkType: 'host-reachable',
    title: 'db-1 cannot be reached',
    ageMs: 40 * minute,
    severity: 'critical',
    cause: 'host',
    message: 'The link was lost and could not be made again',
    lastMessage: 'No route to db-1 (2001:db8:42::17) within 10 s',
    journalProblem: 'db-1 is not connected, so its journal cannot be read.',
    steps: [
      [-42_000, 'connection', 'bad', 'The link to db-1 was lost', 'keepalive: no answer for 10 s'],
      [0, 'probe', 'bad', 'Host reachable: unhealthy', 'No route to db-1 (2001:db8:42::17) within 10 s'],
      [10, 'alert', 'bad', 'Incident opened, critical', '3 checks of this host are not judged meanwhile'],
      told(1040, 'Desktop'),
      told(1320, 'Telegram, night shift'),
    ],
  },
  {
    id: 'inc-certificate',
    hostId: 'web-1',
    checkId: 'site-certificate',
    checkName: 'Certificate of bots.example.net',
    checkType: 'tls-certificate',
    title: 'Certificate of bots.example.net expires in 11 d',
    ageMs: 3 * day,
    severity: 'warning',
    cause: 'certificate',
    mutedBy: 'silence',
    message: 'The certificate expires in 13 d (3 Dec 2026), less than 14 d',
    lastMessage: 'The certificate expires in 11 d (3 Dec 2026), less than 14 d',
    steps: [
      [0, 'probe', 'warning', 'Certificate: degraded', 'The certificate expires in 13 d (3 Dec 2026), less than 14 d'],
      [20, 'alert', 'warning', 'Incident opened, warning'],
      told(1100, 'Desktop'),
      [5 * hour, 'person', 'neutral', 'Silenced until it is taken back', 'Renewal is booked for 30 Nov', 'person'],
    ],
  },
  {
    id: 'inc-memory',
    hostId: 'bots-1',
    checkId: 'stats-memory',
    checkName: 'Memory of the statistics bot',
    checkType: 'unit-resources',
    title: 'stats-bot.service uses too much memory',
    unit: 'stats-bot.service',
    ageMs: 11 * minute,
    severity: 'warning',
    cause: 'resource',
    message: '612 MiB, more than 500 MB for 5 min',
    lastMessage: '96 MiB, less than 500 MB',
    steps: [
      [0, 'probe', 'bad', 'Memory of the statistics bot: unhealthy', '612 MiB, more than 500 MB for 5 min'],
      [20, 'alert', 'warning', 'Incident opened, warning'],
      told(1100, 'Desktop'),
      [
        5 * second,
        'recovery',
        'neutral',
        'Attempt 1 of 5: restart stats-bot.service',
        'sudo systemctl restart -- stats-bot.service',
        'Auto-recovery',
      ],
      [7 * second, 'transition', 'good', 'stats-bot.service is active (running)', 'PID 20114'],
      [10 * minute, 'probe', 'good', 'Memory of the statistics bot: healthy', '96 MiB, less than 500 MB'],
      [10 * minute + 20, 'alert', 'good', 'Recovering: 1 success of 2'],
    ],
  },
]

/** What is over, in several kinds, so that a list has something to scroll. */
const past = [
  [
    'trading-bot.service failed on web-1',
    'web-1',
    'web-1-failures',
    'Service failures',
    'unit-failures',
    'trading-bot.service',
    'critical',
    'Killed by signal 9 (oom-kill)',
    'unit',
  ],
  [
    'Keep-alive bot on web-1 does not answer',
    'web-1',
    'keepalive-health',
    'Keep-alive bot answers',
    'http',
    'keepalive-bot.service',
    'critical',
    '[STATUS] (500) == 200',
    'health',
  ],
  [
    'Trading database of web-1 does not answer',
    'web-1',
    'trading-db',
    'Trading database',
    'postgres',
    undefined,
    'critical',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'health',
  ],
  [
    'bots-1 (Falkenstein) cannot be reached',
    'bots-1',
    'bots-1-reachable',
    'Host reachable',
    'host-reachable',
    undefined,
    'critical',
    'No answer within 10 s',
    'host',
  ],
  [
    'Nightly export on bots-1 (Falkenstein) did not run',
    'bots-1',
    'nightly-export',
    'Nightly export ran',
    'heartbeat',
    undefined,
    'warning',
    'Touched 26 h ago, more than 25 h',
    'health',
  ],
  [
    'Statistics database of bots-1 (Falkenstein) is locked',
    'bots-1',
    'stats-database',
    'Statistics database',
    'sqlite',
    'stats-bot.service',
    'info',
    'database is locked',
    'health',
  ],
] as const

export function storiesOf(now: number): IncidentStory[] {
  const resolved = Array.from({ length: 42 }, (_, index) => {
    const [title, hostId, checkId, checkName, checkType, unit, severity, message, cause] =
      past[index % past.length] ?? past[0]
    const ageMs = 9 * hour + index * 11 * hour + (hash(`${index}`) % 200) * minute
    const took = (2 + (hash(`took${index}`) % 47)) * minute
    return storyOf(
      {
        id: `inc-past-${index + 1}`,
        hostId,
        checkId,
        checkName,
        checkType,
        title,
        ...(unit === undefined ? {} : { unit }),
        ageMs,
        severity,
        state: 'resolved',
        cause,
        message,
        resolvedAt: now - ageMs + took,
        steps: [
          [0, 'probe', 'bad', `${checkName}: unhealthy`, message],
          [20, 'alert', 'bad', `Incident opened, ${severity}`],
          told(1100, 'Desktop'),
          [took - 30_000, 'probe', 'good', `${checkName}: healthy`],
          [took, 'alert', 'good', 'Resolved', 'Second success in a row'],
          told(took + 1100, 'Desktop', 'End told'),
        ],
      },
      now,
    )
  })
  return [...sketches.map(sketch => storyOf(sketch, now)), ...resolved]
}

function storyOf(sketch: Sketch, now: number): IncidentStory {
  const { steps, ageMs, message, unit, journalProblem = null, ...parts } = sketch
  const openedAt = now - ageMs
  const acknowledged = parts.state === 'acknowledged'
  const incident: Incident = {
    hostName: hostNames[sketch.hostId] ?? sketch.hostId,
    severity: 'critical',
    state: 'open',
    firstMessage: message,
    lastMessage: message,
    cause: null,
    openedAt,
    startedAt: openedAt + Math.min(0, steps[0]?.[0] ?? 0),
    acknowledgedAt: acknowledged ? openedAt + 52_000 : null,
    acknowledgedBy: acknowledged ? 'person' : null,
    resolvedAt: null,
    mutedBy: null,
    tags: [],
    ...parts,
    unit: unitRefOf(unit),
  }
  const timeline = steps.map(
    ([after, kind, tone, title, detail = null, actor = null]): TimelineItem => ({
      at: openedAt + after,
      kind,
      tone,
      title,
      detail,
      actor,
    }),
  )
  return {
    incident,
    timeline,
    journal: journalProblem === null ? journalOf(incident) : [],
    journalProblem,
  }
}

const lines: readonly [afterMs: number, priority: number, message: string][] = [
  [-58_200, 6, 'POST /webhook 200 in 14 ms update_id=88117'],
  [-41_000, 6, 'POST /webhook 200 in 11 ms update_id=88118'],
  [-22_400, 4, 'api.telegram.org answered 429, waiting 3 s'],
  [-19_100, 6, 'POST /webhook 200 in 38 ms update_id=88119'],
  [
    -1200,
    3,
    'Traceback (most recent call last):\n  File "/srv/webhook/bot.py", line 114, in handle\n    token = os.environ["BOT_TOKEN"]\nKeyError: \'BOT_TOKEN\'',
  ],
  [-900, 3, '\u001b[31mfatal\u001b[0m: \u202Enekot on\u202C, giving up <b>now</b>'],
  [0, 5, 'Main process exited, code=exited, status=1/FAILURE'],
  [4, 4, "Failed with result 'exit-code'."],
  [5100, 6, 'Scheduled restart job, restart counter is at 5.'],
  [6400, 6, 'Starting'],
  [6800, 3, "KeyError: 'BOT_TOKEN'"],
  [6804, 4, "Failed with result 'exit-code'."],
]

function journalOf(incident: Incident): JournalEntry[] {
  const name = incident.unit?.name ?? 'kernel'
  return lines.map(([after, priority, message], index) => ({
    hostId: incident.hostId,
    cursor: `s=${incident.id};i=${index}`,
    at: incident.startedAt + after,
    priority,
    unit: incident.unit?.name ?? null,
    identifier: name.replace(/\.service$/, ''),
    pid: 18_211,
    message,
    truncated: false,
  }))
}

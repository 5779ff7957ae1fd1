// The demo's recovery rules, one in each phase, and what they did. Knows nothing of how they are served. Never part of the app.
import type { RecoveryAttempt, RecoveryPolicy, RecoveryView } from '../../../src/shared/model/recovery.ts'
import type { UnitRef } from '../../../src/shared/model/unit.ts'

const second = 1000
const minute = 60 * second

export function defaultPolicy(unit: UnitRef): RecoveryPolicy {
  return {
    hostId: unit.hostId,
    scope: unit.scope,
    name: unit.name,
    enabled: false,
    steps: [{ type: 'restart-unit', spec: {} }],
    attemptsPerIncident: 5,
    attemptsPerTenMinutes: 3,
    firstDelaySeconds: 5,
    maxDelaySeconds: 300,
    verifySeconds: 60,
  }
}

export function idleView(policy: RecoveryPolicy): RecoveryView {
  return {
    policy,
    phase: 'idle',
    reason: policy.enabled ? 'Nothing is wrong with it.' : 'Automatic recovery is off for this service.',
    incidentId: null,
    attemptsLeft: policy.attemptsPerIncident,
    attemptsLeftInWindow: policy.attemptsPerTenMinutes,
    nextAttemptAt: null,
    last: null,
  }
}

export function recoveriesOf(now: number): RecoveryView[] {
  const rule = (
    hostId: string,
    name: string,
    parts: Partial<RecoveryView>,
    policy: Partial<RecoveryPolicy> = {},
  ): RecoveryView => ({
    ...idleView({ ...defaultPolicy({ hostId, scope: 'system', name }), enabled: true, ...policy }),
    ...parts,
  })
  const attempt = (
    hostId: string,
    name: string,
    incidentId: string,
    number: number,
    ageMs: number,
    outcome: RecoveryAttempt['outcome'],
  ): RecoveryAttempt => ({
    hostId,
    scope: 'system',
    name,
    id: `att-${name}-${number}`,
    incidentId,
    number,
    at: now - ageMs,
    finishedAt: outcome === 'running' ? null : now - ageMs + 21 * second,
    command: `sudo systemctl restart -- ${name}`,
    outcome,
    evidence:
      outcome === 'failed'
        ? [
            { ok: true, text: 'systemd reports the job as done' },
            { ok: false, text: 'not active for 20 s: status 1 after 0.4 s' },
          ]
        : outcome === 'running'
          ? [{ ok: true, text: 'systemd reports the job as done' }]
          : [
              { ok: true, text: 'active for 20 s' },
              { ok: true, text: 'new invocation' },
              { ok: true, text: '2 probes of its checks are well' },
            ],
  })
  return [
    rule('web-1', 'webhook-bot.service', {
      phase: 'wait',
      reason: 'It failed again; attempt 3 of 5 waits for its delay.',
      incidentId: 'inc-webhook-bot',
      attemptsLeft: 3,
      attemptsLeftInWindow: 1,
      nextAttemptAt: now + 19 * second,
      last: attempt('web-1', 'webhook-bot.service', 'inc-webhook-bot', 2, 5 * minute, 'failed'),
    }),
    rule('web-1', 'cookie-bot@bob.service', {
      phase: 'escalated',
      reason: 'systemd hit its start limit for this service; a person has to look. It was told once.',
      incidentId: 'inc-poster-bob',
    }),
    rule(
      'web-1',
      'trading-bot.service',
      {
        phase: 'idle',
        reason: 'The incident is only a warning (degraded); recovery does not act on that.',
        incidentId: 'inc-trading-slow',
      },
      {
        steps: [
          { type: 'http-call', spec: { method: 'POST', url: 'http://127.0.0.1:9100/drain' } },
          { type: 'restart-unit', spec: {} },
        ],
      },
    ),
    rule('web-1', 'keepalive-bot.service', {}),
    rule('bots-1', 'stats-bot.service', {
      phase: 'verify',
      reason: 'Restarted; it is watched for 60 s before that counts as mended.',
      incidentId: 'inc-memory',
      attemptsLeft: 4,
      attemptsLeftInWindow: 2,
      last: attempt('bots-1', 'stats-bot.service', 'inc-memory', 1, 40 * second, 'running'),
    }),
    rule('bots-1', 'cookie-bot@alice.service', {
      phase: 'act',
      reason: 'Attempt 1 of 5 is being carried out.',
      attemptsLeft: 4,
      attemptsLeftInWindow: 2,
    }),
  ]
}

export function attemptsOf(view: RecoveryView, now: number): RecoveryAttempt[] {
  const { last } = view
  const older = (number: number): RecoveryAttempt => ({
    hostId: view.policy.hostId,
    scope: view.policy.scope,
    name: view.policy.name,
    id: `att-${view.policy.name}-old-${number}`,
    incidentId: `inc-past-${number}`,
    number: 1,
    at: now - number * 31 * 60 * minute,
    finishedAt: now - number * 31 * 60 * minute + 24 * second,
    command: `sudo systemctl restart -- ${view.policy.name}`,
    outcome: number === 2 ? 'lost' : 'verified',
    evidence: [{ ok: number !== 2, text: number === 2 ? 'the link was lost; compared afterwards' : 'active for 20 s' }],
  })
  return [
    ...(last
      ? [
          last,
          ...(last.number > 1
            ? [{ ...last, id: `${last.id}-1`, number: 1, at: last.at - 31 * second, finishedAt: last.at - 10 * second }]
            : []),
        ]
      : []),
    older(1),
    older(2),
    older(3),
  ]
}

// The demo's logins, one in each state a person meets. Knows nothing of how they are served. Never part of the app.
import { siteProfileOf } from '../../../src/engine/domain/site-profiles.ts'
import type { CookieFact, LoginDraft, LoginView, RenewalRun } from '../../../src/shared/model/login.ts'

const minute = 60_000
const day = 86_400_000

export function draftOf(parts: Partial<LoginDraft> & Pick<LoginDraft, 'name' | 'hostId' | 'path'>): LoginDraft {
  const site = siteProfileOf(parts.site ?? 'custom')
  return {
    kind: 'cookies',
    format: null,
    site: site.id,
    loginUrl: site.loginUrl || null,
    domains: site.domains,
    required: site.required,
    consumers: [],
    probe: site.probe,
    warnDays: 7,
    criticalDays: 1,
    onExpiry: 'nothing',
    keepSession: false,
    keepAliveHours: null,
    ...parts,
  }
}

function fact(name: string, domain: string, endsIn: number | null, now: number, length = 40): CookieFact {
  return {
    name,
    domain,
    path: '/',
    expiresAt: endsIn === null ? null : now + endsIn,
    secure: true,
    httpOnly: true,
    length,
  }
}

export function loginsOf(now: number): LoginView[] {
  const view = (
    id: string,
    draft: LoginDraft,
    cookies: CookieFact[],
    parts: Partial<LoginView> & { mode?: string; problems?: string[] } = {},
  ): LoginView => {
    const { mode = '0600', problems = [], ...rest } = parts
    const ends = cookies
      .filter(({ name }) => draft.required.includes(name))
      .map(({ expiresAt }) => expiresAt)
      .filter(at => at !== null)
    return {
      login: { ...draft, id, createdAt: now - 60 * day, checkId: `login-${id}` },
      file: {
        sha256: 'a'.repeat(64),
        format: 'netscape',
        bytes: 2_148,
        mode,
        owner: 'bots',
        group: 'bots',
        modifiedAt: now - 9 * day,
        cookies,
        problems,
      },
      fileAt: now - 40_000,
      proofs: [
        { at: now - 40_000, verdict: 'valid', from: 'host', message: 'https://x.com/settings/account answered 200' },
      ],
      expiresAt: ends.length > 0 ? Math.min(...ends) : null,
      pushedAt: now - 9 * day,
      drifted: false,
      deactivated: false,
      keepAlive: null,
      ...rest,
    }
  }
  const alice = { scope: 'system', name: 'cookie-bot@alice.service' } as const
  const bob = { scope: 'system', name: 'cookie-bot@bob.service' } as const
  return [
    view(
      'x-of-bob',
      draftOf({
        name: 'X of bob',
        hostId: 'web-1',
        path: '/opt/poster/bob/cookies.txt',
        site: 'x',
        consumers: [bob],
        onExpiry: 'stop',
      }),
      [fact('auth_token', 'x.com', -2 * 3_600_000, now), fact('ct0', 'x.com', 20 * day, now, 160)],
      {
        proofs: [
          { at: now - 30_000, verdict: 'expired', from: 'host', message: 'Sent to the log-in page /i/flow/login' },
        ],
        deactivated: true,
      },
    ),
    view(
      'x-of-alice',
      draftOf({
        name: 'X of alice',
        hostId: 'web-1',
        path: '/opt/poster/alice/cookies.txt',
        site: 'x',
        consumers: [alice],
        keepSession: true,
        keepAliveHours: 24,
      }),
      [
        fact('auth_token', 'x.com', 4.2 * day, now),
        fact('ct0', 'x.com', 20 * day, now, 160),
        fact('guest_id', 'x.com', 300 * day, now, 24),
        fact('lang', 'x.com', null, now, 2),
      ],
      {
        drifted: true,
        keepAlive: { at: now - 2 * 3_600_000, problem: 'The site asked to log in again. Renew it in a login window.' },
      },
    ),
    view(
      'reddit-reader',
      draftOf({ name: 'Reddit reader', hostId: 'bots-1', path: '/srv/reader/storage-state.json', site: 'reddit' }),
      [fact('reddit_session', 'reddit.com', 120 * day, now, 380)],
      {
        mode: '0644',
        problems: ['Everybody on the host can read it (0644). Make it private: chmod 600'],
        proofs: [
          {
            at: now - 3 * minute,
            verdict: 'valid',
            from: 'host',
            message: 'https://www.reddit.com/api/me.json answered 200',
          },
        ],
      },
    ),
    view(
      'video-upload',
      draftOf({ name: 'Video upload', hostId: 'bots-1', path: '/srv/upload/youtube.json', site: 'youtube' }),
      ['SID', 'HSID', 'SSID', 'SAPISID', 'LOGIN_INFO'].map(name => fact(name, 'youtube.com', 390 * day, now, 72)),
      {
        proofs: [
          {
            at: now - 2 * minute,
            verdict: 'challenged',
            from: 'host',
            message: 'The site asks for a proof of being human',
          },
        ],
      },
    ),
  ]
}

export function renewalsOf(loginId: string, now: number): RenewalRun[] {
  if (loginId !== 'x-of-alice') return []
  const run = (
    id: string,
    days: number,
    outcome: RenewalRun['outcome'],
    last: RenewalRun['steps'][number],
  ): RenewalRun => ({
    id,
    loginId,
    startedAt: now - days * day,
    finishedAt: now - days * day + 9_000,
    outcome,
    steps: [
      { step: 'read', outcome: 'done', text: 'netscape, 2,148 bytes' },
      { step: 'back-up', outcome: 'done', text: '' },
      { step: 'write', outcome: 'done', text: '0600 of bots' },
      { step: 'read-back', outcome: 'done', text: '' },
      { step: 'restart', outcome: 'done', text: 'cookie-bot@alice.service is active' },
      last,
    ],
    evidence: [],
    backup: '/opt/poster/alice/.cookies.txt.20261113T081200.bak',
  })
  return [
    run('ren-2', 9, 'verified', { step: 'prove', outcome: 'done', text: 'valid' }),
    run('ren-1', 40, 'rolled-back', {
      step: 'prove',
      outcome: 'failed',
      text: 'The site refused the new cookies: 401',
    }),
  ]
}

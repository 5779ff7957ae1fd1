// The sites that are known, so that a login there needs no more than a file: which cookies count, and the request that proves them. Knows no host.
import type { LoginProbe, SiteProfile } from '../../shared/model/login.ts'

const loginPaths = ['/login', '/signin', '/i/flow/login', '/accounts/login']

function probe(url: string, changes: Partial<LoginProbe> = {}): LoginProbe {
  return {
    ...{ url, expectedStatus: '2xx', headers: [], validText: '', loginPaths, challengeTexts: [], from: 'host' },
    ...changes,
  }
}

export const siteProfiles: readonly SiteProfile[] = [
  {
    id: 'x',
    title: 'X (Twitter)',
    loginUrl: 'https://x.com/i/flow/login',
    domains: ['x.com', 'twitter.com'],
    required: ['auth_token', 'ct0'],
    // A page that only people who are logged in get; others are sent to the log-in flow.
    probe: probe('https://x.com/settings/account', {
      headers: [{ name: 'x-csrf-token', value: '{ct0}' }],
      loginPaths: ['/i/flow/login', '/login', '/logout'],
      challengeTexts: ['/account/access', 'unusual login activity'],
    }),
  },
  {
    id: 'youtube',
    title: 'YouTube',
    loginUrl: 'https://accounts.google.com/ServiceLogin?service=youtube',
    domains: ['youtube.com', 'google.com'],
    required: ['SID', 'HSID', 'SSID', 'SAPISID', 'LOGIN_INFO'],
    probe: probe('https://www.youtube.com/account', {
      loginPaths: ['accounts.google.com', '/ServiceLogin', '/signin'],
      challengeTexts: ['/sorry/', 'unusual traffic'],
    }),
  },
  {
    id: 'reddit',
    title: 'Reddit',
    loginUrl: 'https://www.reddit.com/login/',
    domains: ['reddit.com'],
    required: ['reddit_session'],
    // Answers an empty object to people who are not logged in.
    probe: probe('https://www.reddit.com/api/me.json', {
      validText: '"name"',
      challengeTexts: ['whoa there, pardner'],
    }),
  },
  {
    id: 'instagram',
    title: 'Instagram',
    loginUrl: 'https://www.instagram.com/accounts/login/',
    domains: ['instagram.com'],
    required: ['sessionid', 'csrftoken', 'ds_user_id'],
    probe: probe('https://www.instagram.com/accounts/edit/', {
      headers: [{ name: 'x-csrftoken', value: '{csrftoken}' }],
      loginPaths: ['/accounts/login'],
      challengeTexts: ['/challenge/', 'checkpoint_required', '/accounts/suspended'],
    }),
  },
  { id: 'custom', title: 'Another site', loginUrl: '', domains: [], required: [], probe: null },
]

/** The profile by its id; the custom one for an id that this version does not have. */
export function siteProfileOf(id: string): SiteProfile {
  const found = siteProfiles.find(profile => profile.id === id) ?? siteProfiles.at(-1)
  if (!found) throw new Error('there is always a custom profile')
  return found
}

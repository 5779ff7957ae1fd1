// Writes one login in the four formats that people export cookies in; must not know where the files go.

export interface CookieTimes {
  /** Seconds since 1970; in thirty days by default. The raw header has no room for it. */
  readonly expires?: number
}

/** The bots' site is on the host's own loopback, and cookies go nowhere else. */
const domain = '127.0.0.1'

/** File name → content: Netscape, Cookie-Editor JSON, Playwright storageState, raw header. */
export function cookieFiles(token: string, times: CookieTimes = {}): Record<string, string> {
  const expires = times.expires ?? Math.floor(Date.now() / 1000) + 30 * 86_400
  const cookies = [
    { name: 'auth_token', value: token, httpOnly: true },
    { name: 'ct0', value: 'csrf-1', httpOnly: false },
  ]
  const netscape = cookies.map(({ name, value, httpOnly }) =>
    [`${httpOnly ? '#HttpOnly_' : ''}${domain}`, 'FALSE', '/', 'TRUE', expires, name, value].join('\t'),
  )
  const edited = cookies.map(cookie => ({
    ...cookie,
    domain,
    path: '/',
    secure: true,
    hostOnly: true,
    session: false,
    sameSite: 'no_restriction',
    storeId: null,
    expirationDate: expires,
  }))
  const state = {
    cookies: cookies.map(cookie => ({ ...cookie, domain, path: '/', expires, secure: true, sameSite: 'None' })),
    origins: [],
  }
  return {
    'cookies.txt': `# Netscape HTTP Cookie File\n\n${netscape.join('\n')}\n`,
    'cookies.json': `${JSON.stringify(edited, null, 2)}\n`,
    'storage-state.json': `${JSON.stringify(state, null, 2)}\n`,
    'header.txt': `${cookies.map(({ name, value }) => `${name}=${value}`).join('; ')}\n`,
  }
}

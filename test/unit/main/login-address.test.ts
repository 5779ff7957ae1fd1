// What a login window may visit and how it names the place: the rules alone, without a window.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  asksForLogin,
  isUnder,
  ledPastLogin,
  logAddress,
  mayFetch,
  mayFrame,
  mayVisit,
  plainUserAgent,
  shownAddress,
  shownHost,
} from '../../../src/main/login-address.ts'

const escapes = [
  'file:///etc/passwd',
  'FILE:///etc/passwd',
  'chrome://settings',
  'devtools://devtools',
  'app://quarterdeck/index.html',
  'javascript:alert(1)',
  'mailto:a@b.c',
  'tel:123',
  'ms-settings:',
  'quarterdeck-test:x',
  'view-source:https://x.com',
  'filesystem:https://x.com/temporary/a',
  'ftp://x.com/a',
  'about:config',
]

test.each(escapes)('%s is neither visited, framed nor shown', address => {
  expect(mayVisit(address)).toBe(false)
  expect(mayFrame(address)).toBe(false)
  expect(shownAddress(address)).toEqual({ state: 'none', word: 'Empty page', host: '' })
})

test('web pages are visited; what a page made itself only in a frame', () => {
  for (const address of ['https://x.com/login', 'http://127.0.0.1:8001', 'about:blank', ''])
    expect(mayVisit(address)).toBe(true)
  for (const address of ['blob:https://x.com/1', 'data:text/html,x', 'about:srcdoc']) {
    expect(mayVisit(address)).toBe(false)
    expect(mayFrame(address)).toBe(true)
  }
  expect(['wss://x.com', 'https://x.com', 'data:,x', 'blob:x'].every(mayFetch)).toBe(true)
  expect(['file:///a', 'app://quarterdeck/a', 'chrome-extension://a/b', 'ftp://a'].some(mayFetch)).toBe(false)
})

test('whatever the text, only http and https lead anywhere', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'http://', 'https:', 'file:', 'about:', 'x:'), fc.string(), (scheme, rest) => {
      const text = scheme + rest
      const protocol = URL.canParse(text) ? new URL(text).protocol : ''
      const empty = text === '' || /^about:blank(#|$)/.test(text)
      expect(mayVisit(text)).toBe(empty || protocol === 'http:' || protocol === 'https:')
    }),
  )
})

test('the log hears of the host and nothing that may be a secret', () => {
  expect(logAddress('https://user:pass@x.com:8443/callback?code=secret#token')).toBe('https://x.com:8443')
  expect(logAddress('nonsense')).toBe('not an address')
})

test('the bar shows the real host, its port and whether it is encrypted', () => {
  expect(shownAddress('https://x.com/i/flow/login?next=bank.example')).toEqual({
    ...{ state: 'encrypted', word: 'Encrypted', host: 'x.com' },
  })
  expect(shownAddress('https://bank.example@evil.example/')).toMatchObject({ host: 'evil.example' })
  expect(shownAddress('http://127.0.0.1:8001/')).toEqual({
    ...{ state: 'plain', word: 'Not encrypted', host: '127.0.0.1:8001' },
  })
  expect(shownAddress('https://x.com/', true)).toMatchObject({ state: 'refused', word: 'Certificate refused' })
})

test.each([
  ['https://bücher.example', 'bücher.example (xn--bcher-kva.example)'],
  ['https://例え.jp', '例え.jp (xn--r8jz45g.jp)'],
  ['https://почта.рф', 'почта.рф (xn--80a1acny.xn--p1ai)'],
  // Cyrillic а in a Latin name, a whole Cyrillic name that looks Latin, and scripts mixed with a lookalike.
  ['https://pаypal.com', 'xn--pypal-4ve.com'],
  ['https://аррӏе.com', 'xn--80ak6aa92e.com'],
  ['https://xпример.рф', expect.stringMatching(/^xn--[a-z0-9-]+\.xn--p1ai$/)],
  ['https://x.com', 'x.com'],
])('%s is shown as %s', (address, shown) => {
  expect(shownHost(new URL(address).hostname)).toEqual(shown)
})

test('domains hold for themselves and what is below them', () => {
  expect(isUnder('.x.com', ['x.com'])).toBe(true)
  expect(isUnder('api.X.com', ['.x.com'])).toBe(true)
  expect(isUnder('x.com', ['api.x.com'])).toBe(false)
  expect(isUnder('notx.com', ['x.com'])).toBe(false)
  expect(isUnder('x.com.evil.example', ['x.com'])).toBe(false)
  // A bare top-level name or an address is no domain with others below.
  expect(isUnder('x.com', ['com'])).toBe(false)
  expect(isUnder('localhost', ['localhost'])).toBe(true)
  expect(isUnder('1.127.0.0.1', ['127.0.0.1'])).toBe(false)
  expect(isUnder('', [''])).toBe(false)
  expect(isUnder('x.com', [])).toBe(false)
})

test('a session from before is good only where the site led on from its log-in page to a place of its own', () => {
  const start = 'https://x.com/i/flow/login'
  expect(ledPastLogin(start, 'https://x.com/home', ['x.com'])).toBe(true)
  expect(ledPastLogin(start, 'https://mobile.x.com/home', ['x.com'])).toBe(true)
  expect(ledPastLogin(start, start, ['x.com'])).toBe(false)
  expect(ledPastLogin(start, 'https://x.com/account/access', ['x.com'])).toBe(false)
  expect(ledPastLogin(start, 'https://x.com/challenge/1', ['x.com'])).toBe(false)
  expect(ledPastLogin(start, 'https://sso.example/home', ['x.com'])).toBe(false)
  // From a page that is no log-in page nothing can be told.
  expect(ledPastLogin('https://x.com/', 'https://x.com/home', ['x.com'])).toBe(false)
  expect(ledPastLogin(start, 'nonsense', ['x.com'])).toBe(false)
})

test('log-in pages are known by their path', () => {
  for (const path of [
    '/login',
    '/accounts/login/',
    '/i/flow/login',
    '/signin/v2',
    '/sign-in',
    '/log_in',
    '/oauth2/start',
    '/checkpoint/1',
  ])
    expect(asksForLogin(`https://x.com${path}`), path).toBe(true)
  for (const path of ['/home', '/', '/author/7', '/blogin', '/workflow', '/authors'])
    expect(asksForLogin(`https://x.com${path}`), path).toBe(false)
  expect(asksForLogin('https://login.example/home?next=/login')).toBe(false)
})

test('the browser does not give the app away', () => {
  const made =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Quarterdeck/0.1.0 Chrome/114.0.5735.106 Electron/25.1.1 Safari/537.36'
  const plain = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36'
  expect(plainUserAgent(made)).toBe(plain)
  expect(plainUserAgent(plain)).toBe(plain)
  const mac =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) quarterdeck/1.2.3-beta Chrome/140.1.2.3 Electron/45.4.1 Safari/537.36'
  expect(plainUserAgent(mac)).toBe(
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  )
})

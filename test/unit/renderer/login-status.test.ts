// How a login is shown: the site's own word first, never green for what is not proven.
import { expect, test } from 'vitest'
import { loginStatus } from '../../../src/renderer/lib/login-status.ts'
import { loginRows, matchesLogin } from '../../../src/renderer/views/logins/logins-order.ts'
import type { LoginProof, LoginView } from '../../../src/shared/model/login.ts'
import { draftOf } from '../../fakes/demo/logins-made.ts'

const day = 86_400_000
const now = 1_700_000_000_000
const draft = draftOf({ name: 'X', hostId: 'web', path: '/opt/cookies.txt', site: 'x' })
const proof = (verdict: LoginProof['verdict'], from: LoginProof['from'] = 'host'): LoginProof => ({
  at: now,
  verdict,
  from,
  message: `it is ${verdict}`,
})
const view = (parts: Partial<LoginView> = {}): LoginView => ({
  login: { ...draft, id: 'x', createdAt: 0, checkId: 'c' },
  file: {
    ...{ sha256: 'a', format: 'netscape', bytes: 1, mode: '0600', owner: 'bot', group: 'bot', modifiedAt: now },
    cookies: [],
    problems: [],
  },
  fileAt: now,
  proofs: [proof('valid')],
  expiresAt: now + 90 * day,
  pushedAt: null,
  drifted: null,
  deactivated: false,
  keepAlive: null,
  ...parts,
})

test('the site that says expired is believed whatever the dates say, and from either side', () => {
  expect(loginStatus(view({ proofs: [proof('expired')] }), now)).toMatchObject({ tone: 'unhealthy', word: 'Expired' })
  expect(loginStatus(view({ proofs: [proof('valid'), proof('expired', 'local')] }), now).word).toBe('Expired')
})

test('a date that is past is no alarm while the site says valid', () => {
  expect(loginStatus(view({ expiresAt: now - day }), now)).toMatchObject({ tone: 'degraded' })
  expect(loginStatus(view({ expiresAt: now - day, proofs: [] }), now).tone).toBe('unhealthy')
})

test('it warns ahead, by as many days as were chosen', () => {
  expect(loginStatus(view({ expiresAt: now + 6 * day }), now).word).toBe('Ends in 6 d')
  expect(loginStatus(view({ expiresAt: now + 8 * day }), now).tone).toBe('healthy')
})

test('what is not proven is not green', () => {
  expect(loginStatus(view({ proofs: [] }), now).tone).toBe('unknown')
  expect(loginStatus(view({ proofs: [proof('site-down')] }), now).tone).toBe('unknown')
  expect(loginStatus(view({ file: null, proofs: [] }), now).tone).toBe('unknown')
})

test('trouble comes first, then what ends soonest, and every word of the filter has to be said', () => {
  const named = (id: string, parts: Partial<LoginView>): LoginView => {
    const made = view(parts)
    return { ...made, login: { ...made.login, id, name: id } }
  }
  const rows = loginRows(
    [
      named('late', { expiresAt: now + 80 * day }),
      named('soon', { expiresAt: now + 20 * day }),
      named('out', { proofs: [proof('expired')] }),
    ],
    [],
    now,
  )
  expect(rows.map(row => row.view.login.id)).toEqual(['out', 'soon', 'late'])
  expect(rows.filter(row => matchesLogin(row, 'EXPIRED web')).map(row => row.view.login.id)).toEqual(['out'])
})

test('a session that could not be kept alive is said, behind whatever is worse', () => {
  const keepAlive = { at: now, problem: 'The site asked to log in again' }
  expect(loginStatus(view({ keepAlive }), now)).toEqual({
    ...{ tone: 'degraded', word: 'Not kept alive', detail: 'The site asked to log in again' },
  })
  expect(loginStatus(view({ keepAlive: { at: now, problem: null } }), now).word).toBe('Valid')
  expect(loginStatus(view({ keepAlive, proofs: [proof('expired')] }), now).word).toBe('Expired')
})

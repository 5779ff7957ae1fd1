// Makes the new text of a login's file on the file as it is at that moment; sends nothing.
import type { CookieFormat, Login } from '../../shared/model/login.ts'
import { type Cookie, type RemoteFileFacts, readJar, writeJar } from '../cookies/index.ts'
import type { HeldCandidate } from './login-candidates.ts'
import { jarOf, namesOf, textOf } from './login-file.ts'

/** An env file has other keys beside: those that the candidate does not change are taken from the file as it is now. */
export function contentNow(held: HeldCandidate, login: Login, facts: RemoteFileFacts): Uint8Array {
  const { view, cookies, text: given } = held
  if (given !== null) return new TextEncoder().encode(given)
  if (view.to !== 'env') return contentOf(cookies, login, facts, view.to)
  const text = textOf(facts)
  const reading = text === null ? null : readJar(text, 'env', namesOf(login))
  const now = reading?.ok ? reading.jar.cookies : []
  const changed = new Set(
    view.changes.flatMap(({ change, after }) => (after !== null && change !== 'same' ? [after.name] : [])),
  )
  const whole = cookies.map(cookie =>
    changed.has(cookie.name) ? cookie : (now.find(({ name }) => name === cookie.name) ?? cookie),
  )
  return contentOf(whole, login, facts, view.to)
}

function contentOf(cookies: readonly Cookie[], login: Login, facts: RemoteFileFacts, to: CookieFormat): Uint8Array {
  return new TextEncoder().encode(writeJar(cookies, to, jarOf(facts, login.format, namesOf(login))))
}

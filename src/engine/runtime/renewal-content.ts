// Makes the new text of a login's file on the file as it is at that moment; sends nothing.
import type { Login } from '../../shared/model/login.ts'
import { type RemoteFileFacts, readJar } from '../cookies/index.ts'
import { contentOf, type HeldCandidate, textOf } from './logins.ts'

/** An env file has other keys beside: those that the candidate does not change are taken from the file as it is now. */
export function contentNow(held: HeldCandidate, login: Login, facts: RemoteFileFacts): Uint8Array {
  const { view, cookies, text: given } = held
  if (given !== null) return new TextEncoder().encode(given)
  if (view.to !== 'env') return contentOf(cookies, login, facts, view.to)
  const names = login.required.length > 0 ? login.required : null
  const text = textOf(facts)
  const reading = text === null ? null : readJar(text, 'env', names)
  const now = reading?.ok ? reading.jar.cookies : []
  const changed = new Set(
    view.changes.flatMap(({ change, after }) => (after !== null && change !== 'same' ? [after.name] : [])),
  )
  const whole = cookies.map(cookie =>
    changed.has(cookie.name) ? cookie : (now.find(({ name }) => name === cookie.name) ?? cookie),
  )
  return contentOf(whole, login, facts, view.to)
}

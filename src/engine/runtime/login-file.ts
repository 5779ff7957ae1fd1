// Reads the file of a login on its host; knows neither what is to be written to it nor what the site says.
import { createHash } from 'node:crypto'
import type { CookieFormat, Login } from '../../shared/model/login.ts'
import { inspectFile, type Jar, type RemoteFileFacts, readJar, textOfFile } from '../cookies/index.ts'
import type { HostSession } from './host-session.ts'

/** By sudo wherever this user may: so the owner and mode of other people's files are kept. */
export function usesSudo(session: HostSession): boolean {
  return session.facts?.rights === 'sudo'
}

/** The file as it is now. Throws only where the host cannot be asked. */
export async function readLoginFile(
  session: HostSession,
  login: Login,
): Promise<{ facts: RemoteFileFacts; jar: Jar | null }> {
  const facts = await inspectFile(session.link, login.path, { sudo: usesSudo(session) })
  return { facts, jar: jarOf(facts, login.format, namesOf(login)) }
}

/** Null where there is nothing in it that could be read as cookies. */
export function jarOf(
  facts: RemoteFileFacts,
  format: CookieFormat | null,
  names: readonly string[] | null,
): Jar | null {
  const text = textOf(facts)
  if (text === null) return null
  const reading = readJar(text, format, names)
  return reading.ok ? reading.jar : null
}

export function textOf(facts: RemoteFileFacts): string | null {
  return facts.content === null ? null : textOfFile(facts.content)
}

/** The keys of an .env file that are cookies; null is all of them. */
export const namesOf = (login: Pick<Login, 'required'>): readonly string[] | null =>
  login.required.length > 0 ? login.required : null

export const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

// Looks at a login as a whole: its file on the host, what is in it, and what the site says; decides nothing of what that means.
import { X509Certificate } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type Cookie, type Jar, nakedCookie } from '../../shared/cookie.ts'
import type { Host } from '../../shared/model/host.ts'
import type {
  CookieFact,
  CookieFormat,
  LoginFile,
  LoginKind,
  LoginProbe,
  LoginProof,
} from '../../shared/model/login.ts'
import { factOf } from '../domain/cookie.ts'
import { missingNames, names } from '../domain/jar-edit.ts'
import { isOpen, type LoginFileState } from '../domain/login-verdict.ts'
import type { Clock } from '../lib/clock.ts'
import { detectFormat } from '../parse/cookies-detect.ts'
import { readJar } from '../parse/cookies-jar.ts'
import type { Link } from '../ports.ts'
import { proveLogin } from './prove.ts'
import { inspectFile, type RemoteFileFacts } from './remote-file.ts'

/** What a look found; `file.cookies` hold no values. */
export interface LoginLook {
  /** Null where the host could not be asked. */
  readonly file: LoginFile | null
  readonly state: LoginFileState
  readonly proofs: readonly LoginProof[]
}

export interface LookSpec {
  readonly path: string
  readonly kind: LoginKind
  readonly format: CookieFormat | null
  readonly required: readonly string[]
  readonly probe: LoginProbe | null
}

/** What a look needs; a probe's context has it. */
export interface LookWays {
  readonly host: Pick<Host, 'sudo'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly exec: Link['exec']
  connectFrom(from: 'host' | 'local', address: string, port: number): Promise<Duplex>
}

/** Rejects only where the host could not be asked for the file (NOT_CONNECTED, LINK_LOST, TIMEOUT, SUDO_*). */
export async function lookAtLogin(ways: LookWays, spec: LookSpec): Promise<LoginLook> {
  const { host, clock, signal } = ways
  const facts = await inspectFile(ways, spec.path, { sudo: host.sudo !== 'none' })
  const read = readSecrets(facts, spec)
  const { file, state } = loginFileOf(facts, read)
  const absent = state === 'read' ? missingNames(file.cookies, spec.required) : []
  if (absent.length > 0) file.problems.unshift(`Missing: ${names(absent)}`)
  if (read === null || !read.ok || spec.probe === null) return { file, state, proofs: [] }
  const { probe, kind, required } = spec
  const { cookies, text } = read.jar
  const identity = kind === 'certificate' ? text : undefined
  const sides = probe.from === 'both' ? (['host', 'local'] as const) : [probe.from]
  const proofs = await Promise.all(
    sides.map(from => {
      const connect = (address: string, port: number): Promise<Duplex> => ways.connectFrom(from, address, port)
      return proveLogin({ from, probe, kind, cookies, identity, required, connect, clock, signal })
    }),
  )
  return { file, state, proofs }
}

type Read =
  | { readonly ok: true; readonly jar: Jar; readonly ends?: readonly CookieFact[] }
  | { readonly ok: false; readonly problem: string }

/** The file as it may be shown. `read` is what was made of its content: a jar, or why there is none; null is no jar without a reason. */
export function loginFileOf(
  facts: RemoteFileFacts,
  read: Jar | Read | null,
): { file: LoginFile; state: LoginFileState } {
  const result: Read | null = read === null || 'ok' in read ? read : { ok: true, jar: read }
  const state = stateOf(facts, result)
  const cookies = result?.ok ? (result.ends ?? result.jar.cookies.map(factOf)) : []
  const file: LoginFile = {
    sha256: facts.sha256,
    format: result?.ok ? result.jar.format : null,
    bytes: facts.bytes,
    mode: facts.mode,
    owner: facts.owner,
    group: facts.group,
    modifiedAt: facts.modifiedAt,
    cookies: cookies.slice(0, 2000),
    problems: [],
  }
  if (state === 'unusable') file.problems.push(result && !result.ok ? result.problem : 'It is no file of cookies')
  if (isOpen(file)) file.problems.push(`Everybody on the host can read it (mode ${file.mode}): chmod o-r`)
  for (const { message, hint } of facts.problems) file.problems.push(`${message}. ${hint}`)
  return { file, state }
}

function stateOf(facts: RemoteFileFacts, read: Read | null): LoginFileState {
  if (facts.content !== null) return read?.ok ? 'read' : 'unusable'
  const [first] = facts.problems
  if (first?.code === 'missing') return 'missing'
  return first?.code === 'too-large' || first?.code === 'kind' ? 'unusable' : 'unreadable'
}

/** The text of a file with all its bytes, a byte order mark too; null where it is not UTF-8. */
export function textOfFile(content: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    return null
  }
}

/** What the file holds, as its kind of login has it; null where there is no content. The result holds values. */
export function readSecrets(
  { content }: Pick<RemoteFileFacts, 'content'>,
  { kind, format, required }: Pick<LookSpec, 'kind' | 'format' | 'required'>,
): Read | null {
  if (content === null) return null
  const text = textOfFile(content)
  if (text === null) return { ok: false, problem: 'It is no text in UTF-8' }
  if (kind === 'certificate') return readCertificate(text)
  const wanted = required.length > 0 ? required : null
  const found = format ?? detectFormat(text)
  if (kind === 'token' && format === null && (found !== 'env' || isBareToken(text, required)))
    return readToken(text, required)
  return readJar(text, found, wanted)
}

/** Is it one word that names no key? A token in base64 may end in `=` itself. */
export function isBareToken(text: string, required: readonly string[]): boolean {
  const word = text.trim()
  return /^[^\s=]+=*$/.test(word) && !required.includes(word.replace(/=+$/, ''))
}

/** A file that holds a token and nothing else. */
function readToken(text: string, [name = 'token']: readonly string[]): Read {
  const value = text.trim()
  if (value === '' || /\s/.test(value) || value.length > 65_536)
    return { ok: false, problem: 'A token is one word in a file of its own, or the value of a KEY=value line' }
  const cookie: Cookie = nakedCookie(name, value)
  return { ok: true, jar: { format: 'env', cookies: [cookie], text } }
}

/** The first certificate in the file; its end is all that counts. */
function readCertificate(text: string): Read {
  try {
    const certificate = new X509Certificate(text)
    const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'certificate'
    const expiresAt = Date.parse(certificate.validTo)
    const fact: CookieFact = {
      ...{ name: name.slice(0, 512), domain: '', path: '/', secure: false, httpOnly: false },
      expiresAt: Number.isFinite(expiresAt) ? expiresAt : null,
      length: certificate.raw.length,
    }
    return { ok: true, jar: { format: 'env', cookies: [], text }, ends: [fact] }
  } catch {
    return { ok: false, problem: 'There is no certificate in PEM form in it' }
  }
}

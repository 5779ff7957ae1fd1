// New secrets that are written just as they are given: a client certificate in PEM form, or a token alone in its file. Knows no cookies; tells no value.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { CookieFact, Login } from '../../shared/model/login.ts'
import { detectFormat, isBareToken } from '../cookies/index.ts'

/** The whole text that the file will hold, and what may be shown of it. */
export interface WholeText {
  readonly text: string
  readonly before: CookieFact | null
  readonly after: CookieFact | null
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Null where the login's file is one of cookies or of keys, which are changed one by one. */
export function wholeTextOf(login: Login, given: string, old: string | null, now: number): WholeText | null {
  if (login.kind === 'certificate') return certificateText(given, old, now)
  if (login.kind !== 'token' || login.format !== null) return null
  if (old !== null && detectFormat(old) === 'env' && !isBareToken(old, login.required)) return null
  return tokenText(given, old, login.required[0] ?? 'token')
}

function tokenText(given: string, old: string | null, name: string): WholeText {
  const marker = `${name}=`
  const trimmed = given.trim()
  const token = trimmed.startsWith(marker) ? trimmed.slice(marker.length).trim() : trimmed
  const before = old === null ? null : factOf(name, old.trim().length, null)
  if (token === '' || /\s/.test(token) || token.includes('\0') || token.length > 65_536)
    return unusable(before, 'A token is one word without spaces or breaks')
  const text = `${token}${old === null || old.endsWith('\n') ? '\n' : ''}`
  return { text, before, after: factOf(name, token.length, null), problems: [], warnings: [] }
}

/** A renewed certificate often comes without its key: then the one in the file stays, where it fits. */
function certificateText(given: string, old: string | null, now: number): WholeText {
  const blocks = blocksOf(given)
  const [certificate, ...rest] = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ pem }) => parsed(pem))
  const before = old === null ? null : endOf(parsed(old))
  if (!certificate || rest.includes(null)) return unusable(before, 'There is no certificate in PEM form in it')
  const problems: string[] = []
  const warnings: string[] = []
  if (Date.parse(certificate.validTo) <= now) problems.push('The certificate is expired already')
  if (Date.parse(certificate.validFrom) > now) warnings.push('The certificate is not valid yet')
  const own = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))
  const kept = own ? null : (blocksOf(old ?? '').find(({ label }) => label.endsWith('PRIVATE KEY')) ?? null)
  const key = own ?? kept
  if (key) {
    const fits = keyFits(key.pem, certificate)
    if (fits === null) warnings.push('The private key is locked by a passphrase, so whether it fits is not known')
    if (fits === false)
      problems.push(
        own
          ? 'The private key is not that of the certificate'
          : 'The private key in the file is not that of the certificate: paste both',
      )
    if (kept && fits) warnings.push('The private key in the file is kept')
  }
  const ending = given.endsWith('\n') ? given : `${given}\n`
  const text = kept ? `${ending}${kept.pem}\n` : ending
  return { text, before, after: endOf(certificate), problems, warnings }
}

interface Block {
  readonly label: string
  readonly pem: string
}

function blocksOf(text: string): Block[] {
  const found = text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/g)
  return [...found].map(([pem, label]) => ({ label: label ?? '', pem }))
}

function parsed(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

/** Null where nobody could tell without its passphrase. */
function keyFits(pem: string, certificate: X509Certificate): boolean | null {
  if (/ENCRYPTED/.test(pem)) return null
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    return false
  }
  return certificate.checkPrivateKey(key)
}

function endOf(certificate: X509Certificate | null): CookieFact | null {
  if (certificate === null) return null
  const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'certificate'
  return factOf(name.slice(0, 512), certificate.raw.length, Date.parse(certificate.validTo))
}

function factOf(name: string, length: number, expiresAt: number | null): CookieFact {
  const end = expiresAt !== null && Number.isFinite(expiresAt) ? expiresAt : null
  return { name, domain: '', path: '/', expiresAt: end, secure: false, httpOnly: false, length }
}

function unusable(before: CookieFact | null, problem: string): WholeText {
  return { text: '', before, after: null, problems: [problem], warnings: [] }
}

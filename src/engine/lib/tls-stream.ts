// Begins TLS over any stream and tells what the other side's certificate is worth; knows neither what is sent over it nor where the stream comes from.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type DetailedPeerCertificate, rootCertificates, type TLSSocket } from 'node:tls'
import { AppError } from '../../shared/errors.ts'

export interface Certificate {
  /** The common name, or the first name it is for. */
  readonly subject: string
  readonly issuer: string
  /** Wall ms. */
  readonly validFrom: number
  readonly validTo: number
  readonly names: readonly string[]
  /** What is above it, as far as the other side sent it. */
  readonly chain: readonly { readonly subject: string; readonly validTo: number }[]
}

export interface Secured {
  readonly socket: TLSSocket
  /** Null where the other side showed none. */
  readonly certificate: Certificate | null
  /** Why it is not to be trusted, in words; null where it is. */
  readonly problem: string | null
}

export interface SecureOptions {
  /** Who is asked for (SNI), and must be named in the certificate. */
  readonly serverName: string
  /** Trusted besides the usual roots; PEM. */
  readonly ca?: string | undefined
  readonly alpn?: readonly string[]
  /** Shown to the other side where it asks who we are: certificate and private key in PEM form, in one text. */
  readonly identity?: string | undefined
  readonly signal: AbortSignal
}

/** Rejects with PROTOCOL, INVALID_INPUT (a CA that is none) or CANCELLED. A certificate that is not to be trusted is data, and nothing was sent yet. */
export function secureStream(stream: Duplex, options: SecureOptions): Promise<Secured> {
  const { serverName, ca, alpn, identity, signal } = options
  return new Promise((resolve, reject) => {
    let socket: TLSSocket
    const fail = (error: AppError): void => {
      signal.removeEventListener('abort', onAbort)
      socket?.destroy()
      stream.destroy()
      reject(error)
    }
    const onAbort = (): void => fail(new AppError('CANCELLED', 'Cancelled'))
    const broken = (error: Error | null): void => fail(noTls(error))
    stream.on('error', () => {})
    if (ca !== undefined && !isAuthority(ca)) {
      fail(new AppError('INVALID_INPUT', 'The own CA is not a certificate in PEM form'))
      return
    }
    try {
      socket = connect({
        socket: stream,
        host: serverName,
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
        ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
        ...(identity === undefined ? {} : { cert: identity, key: identity }),
        // judged below, so that what is wrong with it can be said
        rejectUnauthorized: false,
      })
    } catch (caught) {
      if (identity === undefined) fail(noTls(caught instanceof Error ? caught : null))
      else fail(new AppError('INVALID_INPUT', 'The own certificate cannot be shown: its private key is not beside it'))
      return
    }
    socket.once('error', broken)
    const onClose = (): void => broken(null)
    socket.once('close', onClose)
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', broken)
      socket.off('close', onClose)
      // whoever holds it listens too; this one keeps a late error from ending the engine
      socket.on('error', () => {})
      socket.once('close', () => stream.destroy())
      const certificate = certificateOf(socket)
      resolve({ socket, certificate, problem: socket.authorized ? null : wordsFor(socket, certificate, serverName) })
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

/** Is it one or more certificates in PEM form? TLS itself says nothing of one that is none. */
export function isAuthority(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  try {
    for (const block of blocks) new X509Certificate(block)
    return blocks.length > 0
  } catch {
    return false
  }
}

/** Why the other side does not take our own certificate, in TLS's words; null where that is not what the error is about. It may come only after the handshake. */
export function refusedIdentity(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const alert = /^ERR_SSL_[A-Z0-9/]+_ALERT_((?:[A-Z]+_)?CERTIFICATE(?:_[A-Z]+)?|UNKNOWN_CA|ACCESS_DENIED)$/.exec(
    code,
  )?.[1]
  return alert === undefined ? null : alert.toLowerCase().replaceAll('_', ' ')
}

function noTls(error: Error | null): AppError {
  const refused = refusedIdentity(error)
  if (refused !== null)
    return new AppError('PROTOCOL', `The other side refuses who we say we are: ${refused}`, { detail: { refused } })
  const code = error && 'code' in error ? String(error.code) : ''
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return new AppError('PROTOCOL', 'The other side does not speak TLS')
  const why = code.startsWith('ERR_SSL_') ? code.slice(8).toLowerCase().replaceAll('_', ' ') : null
  return new AppError(
    'PROTOCOL',
    why ? `The TLS handshake failed: ${why}` : 'The connection ended during the TLS handshake',
  )
}

function certificateOf(socket: TLSSocket): Certificate | null {
  const peer = socket.getPeerCertificate(true)
  if (!peer?.valid_to) return null
  const chain: { subject: string; validTo: number }[] = []
  let above: DetailedPeerCertificate | undefined = peer.issuerCertificate
  for (let below = peer; above && above !== below && chain.length < 10; below = above, above = above.issuerCertificate)
    chain.push({ subject: nameOf(above), validTo: Date.parse(above.valid_to) })
  return {
    subject: nameOf(peer),
    issuer: one(peer.issuer?.CN) ?? one(peer.issuer?.O) ?? 'unknown',
    validFrom: Date.parse(peer.valid_from),
    validTo: Date.parse(peer.valid_to),
    names: namesIn(peer),
    chain,
  }
}

function nameOf(certificate: DetailedPeerCertificate): string {
  return one(certificate.subject?.CN) ?? namesIn(certificate)[0] ?? one(certificate.subject?.O) ?? 'without a name'
}

function namesIn(certificate: DetailedPeerCertificate): string[] {
  return (certificate.subjectaltname ?? '')
    .split(', ')
    .flatMap(entry => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
    .slice(0, 100)
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function wordsFor(socket: TLSSocket, certificate: Certificate | null, serverName: string): string {
  const error: unknown = socket.authorizationError
  const code = typeof error === 'string' ? error : error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'the certificate or one above it has expired'
    case 'CERT_NOT_YET_VALID':
      return 'the certificate is not valid yet'
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const names = certificate?.names ?? []
      const shown = names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ')
      return `the certificate is for ${shown || (certificate?.subject ?? 'nobody')}, not for ${serverName}`
    }
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'the certificate is self-signed'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'the root of the certificate is not trusted'
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'the chain of the certificate is incomplete, or its issuer is not trusted'
    default:
      return code === '' ? 'the certificate is not to be trusted' : `the certificate is not to be trusted (${code})`
  }
}

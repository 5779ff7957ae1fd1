// A real SMTP server on loopback that keeps what it was given, with TLS, STARTTLS and logins as a test wants them.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Letter {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  /** Header lines unfolded. */
  readonly headers: readonly string[]
  readonly encrypted: boolean
  readonly user: string | null
}

export interface SmtpOptions {
  /** `tls` from the start, offered by STARTTLS, or absent. */
  readonly tls?: 'implicit' | 'starttls' | 'none'
  readonly login?: { user: string; password: string }
  /** SMTP code and words in answer to the letter. */
  readonly refuse?: () => { code: number; text: string } | null
  /** Greets nobody. */
  readonly silent?: boolean
}

let certificate: { key: string; cert: string } | null = null

/** A certificate for localhost that nobody has signed, made once per process. */
export function selfSigned(): { key: string; cert: string } {
  if (certificate) return certificate
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-certificate-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    return certificate
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function startSmtp(options: SmtpOptions = {}) {
  const letters: Letter[] = []
  const logins: { user: string; encrypted: boolean }[] = []
  const { tls = 'starttls', login, refuse = () => null } = options
  const settings: SMTPServerOptions = {
    ...(tls === 'none' ? { hideSTARTTLS: true } : selfSigned()),
    secure: tls === 'implicit',
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: [...(login === undefined ? ['AUTH'] : []), ...(tls === 'none' ? ['STARTTLS'] : [])],
    onConnect: (_session, callback) => {
      if (!options.silent) callback()
    },
    onAuth: (auth, session, callback) => {
      logins.push({ user: auth.username ?? '', encrypted: session.secure })
      if (auth.username === login?.user && auth.password === login?.password) callback(null, { user: auth.username })
      else callback(Object.assign(new Error('Authentication credentials invalid'), { responseCode: 535 }))
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const refused = refuse()
        if (refused) return callback(Object.assign(new Error(refused.text), { responseCode: refused.code }))
        const raw = Buffer.concat(chunks).toString()
        const { mailFrom, rcptTo } = session.envelope
        letters.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw,
          headers: (raw.split('\r\n\r\n')[0] ?? '').replace(/\r\n[ \t]+/g, ' ').split('\r\n'),
          encrypted: session.secure,
          user: typeof session.user === 'string' ? session.user : null,
        })
        callback()
      })
    },
  }
  const server = new SMTPServer(settings)
  // clients that give up in the middle are part of the tests
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const stop = (): Promise<void> => new Promise(resolve => server.close(() => resolve()))
  return {
    letters,
    logins,
    port: (server.server.address() as AddressInfo).port,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

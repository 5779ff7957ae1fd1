// A client certificate is proven by showing it: the site takes it, or says in its handshake or its answer that it does not; the key stays here.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { proveLogin } from '../../../../src/engine/cookies/index.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { LoginProbe, type LoginProof } from '../../../../src/shared/model/login.ts'
import { type Authority, createAuthority } from '../lib/certificates.ts'

let ours: Authority
let theirs: Authority
beforeAll(() => {
  ours = createAuthority()
  theirs = createAuthority()
})
afterAll(() => {
  ours.dispose()
  theirs.dispose()
})

async function prove(port: number, identity: string): Promise<LoginProof> {
  const proof = await proveLogin({
    ...{ from: 'host', kind: 'certificate', cookies: [], required: [], identity },
    probe: LoginProbe.parse({ url: `https://localhost:${port}/` }),
    connect: async () => connect(port, '127.0.0.1'),
    clock: systemClock,
    signal: AbortSignal.timeout(20_000),
  })
  expect(JSON.stringify(proof)).not.toContain('PRIVATE')
  return proof
}

/** Asks a site of `ours` that lets in whom it signed itself. */
async function ask(
  identity: string,
  its: ServerOptions = {},
  answer: (authorized: boolean) => [number, string] = ok => (ok ? [200, 'hello'] : [403, '']),
): Promise<LoginProof & { subject: string | null }> {
  const { key, cert } = ours.issue(['localhost'], 30)
  let subject: string | null = null
  const server = createServer({ key, cert, ca: ours.ca, requestCert: true, ...its }, (incoming, outgoing) => {
    const socket = incoming.socket as import('node:tls').TLSSocket
    subject = String(socket.getPeerCertificate().subject?.CN ?? '')
    const [status, body] = answer(socket.authorized)
    outgoing.writeHead(status).end(body)
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const proof = await prove(port, identity)
  return { ...proof, subject }
}

const pemOf = ({ key, cert }: { key: string; cert: string }, ...above: string[]): string =>
  [cert, ...above, key].join('\n')

test('one that the site takes is valid, whichever way round its file is', async () => {
  const bot = ours.issue(['bot'], 30)
  expect(await ask(pemOf(bot, ours.ca))).toMatchObject({ verdict: 'valid', subject: 'bot' })
  expect(await ask(`${bot.key}\n${bot.cert}\n${ours.ca}`)).toMatchObject({ verdict: 'valid', subject: 'bot' })
})

/** OpenSSL's own server tells in an alert why it refuses; Node's merely hangs up. */
async function openssl(version: string, identity: string): Promise<LoginProof> {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-tls-'))
  const { key, cert } = ours.issue(['localhost'], 30)
  for (const [name, text] of Object.entries({ key, cert, ca: ours.ca })) writeFileSync(join(folder, name), text)
  const how = ['-key', 'key', '-cert', 'cert', '-CAfile', 'ca', '-Verify', '2', '-verify_return_error', '-www', version]
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...how], { cwd: folder, stdio: 'pipe' })
  onTestFinished(() => {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  const port = await new Promise<number>((resolve, reject) => {
    let said = ''
    server.stdout.on('data', chunk => {
      said += chunk
      const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (found) resolve(Number(found))
    })
    server.once('exit', () => reject(new Error(said)))
  })
  return await prove(port, identity)
}

test.each(['-tls1_2', '-tls1_3'])(
  '%s: expired, or of another authority, is refused in the handshake',
  async version => {
    expect(await openssl(version, pemOf(ours.issue(['bot'], 30), ours.ca))).toMatchObject({ verdict: 'valid' })
    const stranger = await openssl(version, pemOf(theirs.issue(['bot'], 30), ours.ca))
    const old = await openssl(version, pemOf(ours.issue(['bot'], -1, -30), ours.ca))
    for (const proof of [stranger, old]) expect(proof, proof.message).toMatchObject({ verdict: 'expired' })
    expect(old.message).toContain('refuses who we say we are: certificate expired')
    expect(stranger.message).toContain('unknown ca')
  },
)

test('a site that refuses by its answer: 403, or 400 as nginx says it', async () => {
  const stranger = pemOf(theirs.issue(['bot'], 30), ours.ca)
  const its = { rejectUnauthorized: false }
  expect(await ask(stranger, its)).toMatchObject({ verdict: 'expired', message: expect.stringContaining('(403)') })
  const nginx = await ask(stranger, its, () => [400, '<h1>The SSL certificate error</h1>'])
  expect(nginx).toMatchObject({ verdict: 'expired', message: expect.stringContaining('does not take the certificate') })
  expect(await ask(stranger, its, () => [400, 'Bad request'])).toMatchObject({ verdict: 'unknown' })
})

test('without its key, with a key that is not its own, or with nobody to vouch for the site, it is unknown', async () => {
  const bot = ours.issue(['bot'], 30)
  expect(await ask(bot.cert)).toMatchObject({ verdict: 'unknown', message: expect.stringContaining('private key') })
  const other = ours.issue(['bot'], 30)
  expect(await ask(`${bot.cert}\n${ours.ca}\n${other.key}`)).toMatchObject({ verdict: 'unknown', subject: null })
  expect(await ask(pemOf(bot))).toMatchObject({ verdict: 'unknown', subject: null })
})

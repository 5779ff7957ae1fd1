// Proves the HTTP client against real sockets: what servers may do to it, and that no secret goes where it was not meant to (R15, semantics 36).
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import {
  type HttpAnswer,
  type HttpFailure,
  type HttpRequest,
  httpRequest,
} from '../../../../src/engine/lib/http-client.ts'
import { followed, isLoopback } from '../../../../src/engine/lib/http-redirect.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { type Authority, createAuthority } from './certificates.ts'

const running = new Set<{ close(): void }>()
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of running) server.close()
  running.clear()
  sockets.clear()
})

/** Names are made up; each is the loopback with the port that it has here. */
async function open(address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: /^[\d.]+$/.test(address) ? address : '127.0.0.1', port })
    sockets.add(socket)
    socket.once('connect', () => resolve(socket))
    socket.once('error', error => reject(new AppError('PORT_CLOSED', `${address}:${port} refused: ${error.message}`)))
  })
}
const never = new AbortController().signal
const ask = (request: Partial<HttpRequest> & { url: string }, connectBy = open) =>
  httpRequest({ connect: connectBy, clock: systemClock }, { signal: never, ...request })
async function answer(request: Partial<HttpRequest> & { url: string }): Promise<HttpAnswer> {
  const result = await ask(request)
  if (!result.ok) throw new Error(`${result.trouble}: ${result.message}`)
  return result
}
async function failure(request: Partial<HttpRequest> & { url: string }, connectBy = open): Promise<HttpFailure> {
  const result = await ask(request, connectBy)
  if (result.ok) throw new Error(`answered ${result.status}`)
  return result
}

async function listening<S extends Server | ReturnType<typeof createTcpServer>>(server: S): Promise<number> {
  running.add(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const serve = (listener: RequestListener): Promise<number> => listening(createServer(listener))
/** Whatever the bytes. */
const raw = (talk: (socket: Socket) => void): Promise<number> =>
  listening(
    createTcpServer(socket => {
      socket.on('error', () => {})
      sockets.add(socket)
      // what nobody reads would keep the end from being seen
      socket.resume()
      talk(socket)
    }),
  )
const read = async (incoming: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  return text
}

test('method, headers and body arrive; status, headers and body come back', async () => {
  const port = await serve(async (incoming, outgoing) => {
    const { method, url, headers } = incoming
    outgoing.writeHead(201, { 'X-Answer': 'yes', 'Set-Cookie': ['a=1', 'b=2'] })
    outgoing.end(JSON.stringify({ method, url, headers, body: await read(incoming) }))
  })
  const result = await answer({
    url: `http://bot.test:${port}/a/b?c=d#e`,
    method: 'POST',
    headers: { 'X-Token': 't', Connection: 'keep-alive', 'Content-Length': '9999' },
    body: 'grüße',
  })
  expect(result).toMatchObject({ status: 201, truncated: false, certificate: null, url: `http://bot.test:${port}/a/b` })
  expect(result.headers).toMatchObject({ 'x-answer': 'yes', 'set-cookie': 'a=1, b=2' })
  expect(result.latencyMs).toBeGreaterThan(0)
  const seen = JSON.parse(result.body.toString())
  expect(seen).toMatchObject({ method: 'POST', url: '/a/b?c=d', body: 'grüße' })
  expect(seen.headers).toMatchObject({
    host: `bot.test:${port}`,
    'x-token': 't',
    connection: 'close',
    'content-length': '7',
  })
})

test('it works over any duplex stream, and leaves it closed', async () => {
  const port = await serve((_, outgoing) => outgoing.end('hello'))
  let stream: Duplex | undefined
  const result = await ask({ url: 'http://x/' }, async () => {
    const socket = await open('127.0.0.1', port)
    const back = new PassThrough()
    socket.pipe(back)
    stream = Duplex.from({ readable: back, writable: socket })
    return stream
  })
  expect(result).toMatchObject({ ok: true, status: 200 })
  expect(stream?.destroyed).toBe(true)
})

describe('S36 what servers may do', () => {
  test('nobody listens', async () => {
    const port = await serve(() => {})
    for (const server of running) server.close()
    expect(await failure({ url: `http://127.0.0.1:${port}/secret?token=hidden` })).toMatchObject({
      trouble: 'refused',
      error: { code: 'PORT_CLOSED' },
    })
  })

  test.each([
    ['RESOLVE_FAILED', 'dns'],
    ['UNREACHABLE', 'unreachable'],
    ['LINK_LOST', 'link'],
    ['NOT_CONNECTED', 'link'],
    ['ACCESS_DENIED', 'link'],
  ] as const)('the way says %s', async (code, trouble) => {
    const result = await failure({ url: 'http://x/' }, () => Promise.reject(new AppError(code, 'said')))
    expect(result).toMatchObject({ trouble, message: 'said', error: { code } })
  })

  test.each([
    ['accepts and says nothing', (_socket: Socket) => {}],
    [
      'answers a byte at a time',
      (socket: Socket) => trickle(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'),
    ],
    [
      'sends headers and no body',
      (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'),
    ],
    [
      'sends interim answers for ever',
      (socket: Socket) => trickle(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000)),
    ],
  ])('a server that %s is left when the time is over', async (_, talk) => {
    const closed: Promise<void>[] = []
    const port = await raw(socket => {
      closed.push(new Promise(resolve => socket.once('close', () => resolve())))
      talk(socket)
    })
    const result = await failure({ url: `http://127.0.0.1:${port}/`, signal: AbortSignal.timeout(150) })
    expect(result).toMatchObject({ trouble: 'aborted', message: 'No answer in time' })
    await Promise.all(closed)
  })

  test('a stream that opens after the end is closed', async () => {
    const late = deferred<Duplex>()
    const controller = new AbortController()
    const result = failure({ url: 'http://x/', signal: controller.signal }, () => late.promise)
    controller.abort()
    expect(await result).toMatchObject({ trouble: 'aborted' })
    const stream = new PassThrough()
    late.resolve(stream)
    await new Promise<void>(resolve => stream.once('close', resolve))
    const dead = new AbortController()
    dead.abort()
    expect(await failure({ url: 'http://x/', signal: dead.signal })).toMatchObject({ trouble: 'aborted' })
  })

  test('a body without end is cut at the limit and the connection closed', async () => {
    const closed = deferred<void>()
    const port = await raw(socket => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      }
      socket.on('drain', pour)
      socket.once('close', () => closed.resolve())
      pour()
    })
    const result = await answer({ url: `http://127.0.0.1:${port}/`, maxBodyBytes: 300_000 })
    expect(result).toMatchObject({ truncated: true, status: 200 })
    expect(result.body).toHaveLength(300_000)
    await closed.promise
    expect((await answer({ url: `http://127.0.0.1:${port}/` })).body).toHaveLength(8 * 1024 * 1024)
  })

  test('a body of exactly the limit is whole', async () => {
    const port = await serve((_, outgoing) => outgoing.end('x'.repeat(1000)))
    expect(await answer({ url: `http://127.0.0.1:${port}/`, maxBodyBytes: 1000 })).toMatchObject({ truncated: false })
  })

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'the answer is not HTTP'],
    [`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(100_000)}`, 'the headers of the answer are too long'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'the connection was closed before the answer was complete'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'the answer is not HTTP'],
    [
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'the server switched to another protocol',
    ],
    ['', 'the connection was closed before the answer was complete'],
  ])('%j', async (bytes, message) => {
    const port = await raw(socket => socket.once('data', () => socket.end(bytes)))
    const result = await failure({ url: `http://127.0.0.1:${port}/?token=hidden` })
    expect(result).toMatchObject({ trouble: 'protocol' })
    expect(result.message).toContain(message)
    expect(result.message).not.toContain('hidden')
  })

  test('an answer that ends with the connection is whole', async () => {
    const port = await raw(socket => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')))
    expect(String((await answer({ url: `http://127.0.0.1:${port}/` })).body)).toBe('all of it')
  })
})

describe('requests that cannot be sent', () => {
  test.each(['ftp://x/', 'nonsense', '', 'http://user:secret@x/', 'file:///etc/passwd'])('%s', async url => {
    const result = await failure({ url })
    expect(result.trouble).toBe('input')
    expect(result.message).not.toContain('secret')
  })
  test('a header with a line break is refused without repeating it', async () => {
    const port = await serve((_, outgoing) => outgoing.end())
    const result = await failure({
      url: `http://127.0.0.1:${port}/`,
      headers: { Authorization: 'Bearer hidden\r\nX: y' },
    })
    expect(result.trouble).toBe('input')
    expect(result.message).not.toContain('hidden')
  })
})

describe('redirects', () => {
  /** Two origins: the first sends on to wherever `to` says; both note what they saw. */
  async function pair(to: (other: number) => string, status = 302) {
    const seen: { where: string; method: string | undefined; headers: IncomingMessage['headers']; body: string }[] = []
    const note = async (where: string, incoming: IncomingMessage): Promise<void> => {
      seen.push({ where, method: incoming.method, headers: incoming.headers, body: await read(incoming) })
    }
    const second = await serve(async (incoming, outgoing) => {
      await note('second', incoming)
      outgoing.end('second')
    })
    const first = await serve(async (incoming, outgoing) => {
      await note('first', incoming)
      if (incoming.url === '/there') outgoing.end('there')
      else outgoing.writeHead(status, { location: to(second) }).end()
    })
    return { seen, first }
  }
  const secrets = { Authorization: 'Bearer s', Cookie: 'session=s', 'X-Api-Key': 's', Accept: 'text/plain' }

  test('within an origin everything goes along', async () => {
    const { first, seen } = await pair(() => '/there')
    expect(await answer({ url: `http://127.0.0.1:${first}/`, headers: secrets })).toMatchObject({
      url: `http://127.0.0.1:${first}/there`,
    })
    expect(seen[1]?.headers).toMatchObject({ authorization: 'Bearer s', cookie: 'session=s', 'x-api-key': 's' })
  })

  test.each([301, 302, 303, 307, 308])('to another origin no secret goes along (%i)', async status => {
    const { first, seen } = await pair(other => `http://127.0.0.1:${other}/`, status)
    expect(await answer({ url: `http://127.0.0.1:${first}/`, headers: secrets })).toMatchObject({ status: 200 })
    expect(seen.map(one => one.where)).toEqual(['first', 'second'])
    const { authorization, cookie, accept, ...rest } = seen[1]?.headers ?? {}
    expect([authorization, cookie, rest['x-api-key'], accept]).toEqual([undefined, undefined, undefined, 'text/plain'])
  })

  test('not even back home after a round abroad', async () => {
    let home = 0
    const abroad = await serve((_, outgoing) =>
      outgoing.writeHead(302, { location: `http://127.0.0.1:${home}/end` }).end(),
    )
    const seen: (string | undefined)[] = []
    home = await serve((incoming, outgoing) => {
      seen.push(incoming.headers.authorization)
      if (incoming.url === '/end') outgoing.end()
      else outgoing.writeHead(302, { location: `http://127.0.0.1:${abroad}/` }).end()
    })
    await answer({ url: `http://127.0.0.1:${home}/`, headers: secrets })
    expect(seen).toEqual(['Bearer s', undefined])
  })

  test('another host name is another origin, a body stays at home, and user names in addresses are dropped', () => {
    const hop = { url: new URL('https://a.test/x'), method: 'GET', headers: secrets, body: null }
    expect(followed(hop, 302, 'https://b.test/')).toMatchObject({ headers: { Accept: 'text/plain' } })
    expect(followed(hop, 302, 'http://a.test/x')).toMatchObject({ headers: { Accept: 'text/plain' } })
    expect(followed(hop, 302, '//u:p@a.test/y')).toMatchObject({ url: { href: 'https://a.test/y' }, headers: secrets })
    const post = { ...hop, method: 'POST', body: 'token=s' }
    expect(followed(post, 307, 'https://b.test/')).toContain('not repeated')
    expect(followed(post, 307, '/y')).toMatchObject({ method: 'POST', body: 'token=s' })
    expect(followed(post, 302, 'https://b.test/')).toMatchObject({ method: 'GET', body: null })
    expect(followed({ ...hop, method: 'DELETE' }, 303, '/y')).toMatchObject({ method: 'GET' })
    expect(followed({ ...hop, method: 'HEAD' }, 303, '/y')).toMatchObject({ method: 'HEAD' })
    expect(followed(hop, 200, '/y')).toBeNull()
    expect(followed(hop, 302, undefined)).toBeNull()
  })

  test.each(['ftp://b.test/', 'file:///etc/passwd', 'javascript:alert(1)', 'http://[', 'data:,x'])(
    '%s is not followed',
    async to => {
      const { first } = await pair(() => to)
      expect(await failure({ url: `http://127.0.0.1:${first}/` })).toMatchObject({ trouble: 'redirect' })
    },
  )

  test('from outside none leads to the inside', () => {
    const hop = { url: new URL('https://a.test/x'), method: 'GET', headers: {}, body: null }
    for (const inner of [
      'http://127.0.0.1/',
      'http://localhost:8001/',
      'http://0x7f000001/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/',
      'http://0/',
      'http://x.localhost/',
    ])
      expect(followed(hop, 302, inner), inner).toContain('to an inner address')
    expect(isLoopback('127.0.0.1') && isLoopback('[::1]') && isLoopback('localhost')).toBe(true)
    expect(isLoopback('127.example.com') || isLoopback('mylocalhost')).toBe(false)
  })

  test('a circle ends', async () => {
    let count = 0
    const port = await serve((_, outgoing) => {
      count++
      outgoing.writeHead(302, { location: '/' }).end()
    })
    expect(await failure({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      trouble: 'redirect',
      message: 'Redirected more than 5 times',
    })
    expect(count).toBe(6)
    expect(await failure({ url: `http://127.0.0.1:${port}/`, maxRedirects: 0 })).toMatchObject({ trouble: 'redirect' })
  })
})

describe('TLS', () => {
  let authority: Authority
  beforeAll(() => {
    authority = createAuthority()
  })
  afterAll(() => authority.dispose())
  const secure = (names: string[], days: number, from = 0) => {
    let requests = 0
    const { key, cert } = authority.issue(names, days, from)
    return listening(
      createSecureServer({ key, cert }, (_, outgoing) => {
        requests++
        outgoing.end('safe')
      }),
    ).then(port => ({ port, requests: () => requests }))
  }

  test('a certificate of a trusted root is told with its end', async () => {
    const { port } = await secure(['bot.test', '127.0.0.1'], 20)
    for (const name of ['bot.test', '127.0.0.1']) {
      const result = await answer({ url: `https://${name}:${port}/`, ca: authority.ca })
      expect(String(result.body)).toBe('safe')
      expect(result.certificate).toMatchObject({
        subject: 'bot.test',
        issuer: 'Test Root',
        names: ['bot.test', '127.0.0.1'],
      })
      expect(((result.certificate?.validTo ?? 0) - Date.now()) / 86_400_000).toBeCloseTo(20, 1)
    }
  })

  test.each([
    ['a name that is not its own', ['other.test'], 20, 0, true, 'the certificate is for other.test, not for bot.test'],
    ['one that is over', ['bot.test'], -1, -5, true, 'expired'],
    ['one that is still to come', ['bot.test'], 20, 5, true, 'not valid yet'],
    ['a root that nobody knows', ['bot.test'], 20, 0, false, 'not trusted'],
  ])('%s ends it before a request is sent, and is told', async (_, names, days, from, trusted, words) => {
    const { port, requests } = await secure(names, days, from)
    const url = `https://bot.test:${port}/?token=hidden`
    const ca = trusted ? authority.ca : undefined
    const result = await failure({ url, ca, headers: { Authorization: 'Bearer s' } })
    expect(result).toMatchObject({ trouble: 'certificate', certificate: { subject: names[0] } })
    expect(result.message).toContain(words)
    expect(result.message).not.toContain('hidden')
    expect(requests()).toBe(0)
    expect(await answer({ url, ca, verify: false })).toMatchObject({ status: 200, certificate: { subject: names[0] } })
  })

  test('a server without TLS, one that hangs, one that leaves, a CA that is none', async () => {
    const plain = await serve((_, outgoing) => outgoing.end())
    expect(await failure({ url: `https://127.0.0.1:${plain}/` })).toMatchObject({ trouble: 'tls' })
    const silent = await raw(() => {})
    expect(await failure({ url: `https://127.0.0.1:${silent}/`, signal: AbortSignal.timeout(100) })).toMatchObject({
      trouble: 'aborted',
    })
    const leaves = await raw(socket => socket.end())
    expect(await failure({ url: `https://127.0.0.1:${leaves}/` })).toMatchObject({ trouble: 'tls' })
    expect(
      await failure({
        url: `https://127.0.0.1:${silent}/`,
        ca: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----',
      }),
    ).toMatchObject({ trouble: 'input' })
  })

  test('from TLS to plain is another origin', async () => {
    let seen: string | undefined = 'nothing'
    const plain = await serve((incoming, outgoing) => {
      seen = incoming.headers.authorization
      outgoing.end()
    })
    const { key, cert } = authority.issue(['bot.test'], 20)
    const port = await listening(
      createSecureServer({ key, cert }, (_, outgoing) =>
        outgoing.writeHead(302, { location: `http://bot.test:${plain}/` }).end(),
      ),
    )
    const result = await answer({
      url: `https://bot.test:${port}/`,
      ca: authority.ca,
      headers: { Authorization: 'Bearer s' },
    })
    expect([seen, result.certificate]).toEqual([undefined, null])
  })
})

function trickle(socket: Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => {
    if (socket.destroyed || at >= text.length) clearInterval(timer)
    else socket.write(text.slice(at, ++at))
  }, 5)
  socket.once('close', () => clearInterval(timer))
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve = (_: T): void => {}
  const promise = new Promise<T>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

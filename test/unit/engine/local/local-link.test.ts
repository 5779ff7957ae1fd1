// Proves that this computer behaves as a link: commands end as they do over SSH, nothing is left behind.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import type { ExecResult } from '../../../../src/engine/ports.ts'

const link = createLocalLink({ clock: systemClock })
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** Whether any process has this word in its arguments, other than the one that looks. */
async function running(word: string): Promise<boolean> {
  const { stdout } = await link.exec(['ps', '-eo', 'args'])
  return text(stdout).includes(word)
}

test('is always ready', () => {
  expect(link.status).toMatchObject({ state: 'ready', generation: 1, error: null })
  expect(link.hostId).toBe('local')
})

describe('exec', () => {
  const ends: [string, string[], Partial<ExecResult>][] = [
    ['success', ['true'], { exit: 0, signal: null, lost: false, timedOut: false, truncated: false }],
    ['an exit code', ['sh', '-c', 'exit 3'], { exit: 3 }],
    ['a signal', ['sh', '-c', 'kill -9 $$'], { exit: null, signal: 'SIGKILL', lost: false }],
    ['an unknown command', ['quarterdeck-no-such-command'], { exit: 127 }],
    ['a file that cannot be run', ['/etc/passwd'], { exit: 126 }],
  ]
  test.each(ends)('S7 %s', async (_, argv, end) => {
    expect(await link.exec(argv)).toMatchObject(end)
  })

  test('S35 arguments are not read by any shell, and NUL is refused', async () => {
    const words = ['$(id)', '; rm -rf /', "it's", '', 'a b', '*', '\n']
    const { stdout } = await link.exec(['printf', '%s|', ...words])
    expect(text(stdout)).toBe(words.map(word => `${word}|`).join(''))
    await expect(link.exec(['echo', 'a\0b'])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(link.exec([])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('stdin, stdout and stderr are bytes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const result = await link.exec(['sh', '-c', 'cat; echo oops >&2'], { stdin: bytes })
    expect([...result.stdout]).toEqual([...bytes])
    expect(text(result.stderr)).toBe('oops\n')
  })

  test('S36 output is bounded and the command still ends', async () => {
    const result = await link.exec(['sh', '-c', 'head -c 3000000 /dev/zero; exit 5'], { maxBytes: 1000 })
    expect(result).toMatchObject({ exit: 5, truncated: true })
    expect(result.stdout).toHaveLength(1000)
  })

  test('S36 a command that takes too long is ended, with all it started', async () => {
    const result = await link.exec(['sh', '-c', 'sleep 98761 | cat'], { timeout: 200 })
    expect(result).toMatchObject({ exit: null, timedOut: true })
    await expect.poll(() => running('sleep 98761')).toBe(false)
  })

  test('an abort ends it', async () => {
    const abort = new AbortController()
    const work = link.exec(['sleep', '98762'], { signal: abort.signal })
    abort.abort()
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(link.exec(['true'], { signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('spawn', () => {
  test('is a conversation', async () => {
    const child = await link.spawn(['cat'])
    const heard: string[] = []
    child.stdout.on('data', chunk => heard.push(String(chunk)))
    child.stdin.write('one\n')
    await expect.poll(() => heard.join('')).toBe('one\n')
    child.stdin.end()
    expect(await child.ended).toEqual({ exit: 0, signal: null, lost: false })
  })

  test('dispose and stop end it; an unknown command is exit 127', async () => {
    const one = await link.spawn(['sleep', '98763'])
    one.dispose()
    one.dispose()
    expect(await one.ended).toMatchObject({ signal: 'SIGTERM' })
    const two = await link.spawn(['sleep', '98764'])
    link.stop()
    expect(await two.ended).toMatchObject({ signal: 'SIGTERM' })
    expect(await (await link.spawn(['quarterdeck-no-such-command'])).ended).toMatchObject({ exit: 127 })
  })

  test('one that ignores SIGTERM is killed', async () => {
    const child = await link.spawn(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'])
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.dispose()
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
  })
})

describe('sockets', () => {
  test('unix and TCP', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-link-'))
    const server = createServer(socket => socket.pipe(socket))
    const path = join(folder, 'socket')
    await new Promise<void>(resolve => server.listen(path, resolve))
    const stream = await link.openUnixSocket(path)
    stream.write('hello')
    expect(String(await new Promise(resolve => stream.once('data', resolve)))).toBe('hello')
    stream.destroy()
    await new Promise(resolve => server.close(resolve))
    rmSync(folder, { recursive: true })
  })

  test('what is wrong is said', async () => {
    await expect(link.openUnixSocket('/nowhere/socket')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise(resolve => server.close(resolve))
    await expect(link.openTcp('127.0.0.1', port)).rejects.toMatchObject({ code: 'PORT_CLOSED' })
  })
})

// Each kind of recovery action: what it plans, what it does by the context it is given, and what it refuses; commands run for real in a folder of the test's own.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import type { ExecResult } from '../../../../src/engine/ports.ts'
import type { ActionContext, StepResult } from '../../../../src/engine/recovery/action.ts'
import { folderProblem } from '../../../../src/engine/recovery/delete-old-logs.ts'
import { actionTypeOf, actionTypes } from '../../../../src/engine/recovery/index.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { Host } from '../../../../src/shared/model/host.ts'

const unit = { hostId: 'h', scope: 'system', name: 'bot.service' } as const
let folder: string
let ran: { argv: readonly string[]; sudo: boolean }[]
let acts: string[]
let acting: StepResult
let secrets: Record<string, string>
let fake: Partial<ExecResult> | AppError | null
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'quarterdeck-action-')))
  ran = []
  acts = []
  acting = { outcome: 'done', evidence: [{ ok: true, text: 'done' }] }
  secrets = {}
  fake = null
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const context: ActionContext = {
  host: {} as Host,
  sudo: false,
  unit,
  clock: systemClock,
  signal: new AbortController().signal,
  act: async verb => {
    acts.push(verb)
    return acting
  },
  async exec(argv, options = {}) {
    ran.push({ argv, sudo: options.sudo ?? false })
    const [program = '', ...rest] = argv
    const nothing = { lost: false, timedOut: false, truncated: false, generation: 1 }
    if (fake instanceof AppError) throw fake
    if (fake) return { ...nothing, exit: 0, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), ...fake }
    const { status, signal, stdout, stderr } = spawnSync(program, rest)
    return { ...nothing, exit: status, signal, stdout, stderr }
  },
  connect: async (_address, port) => connect(port, '127.0.0.1'),
  secret: async field => secrets[field] ?? null,
  progress: () => {},
}

async function run(type: string, given: Record<string, unknown> = {}): Promise<StepResult> {
  const kind = actionTypeOf(type)
  if (!kind) throw new Error(type)
  return kind.run(context, kind.spec.parse(given))
}
const texts = ({ evidence }: StepResult): string => evidence.map(({ text }) => text).join(' | ')

it('S20 no kind claims a cause that a restart must never be tried for', () => {
  for (const { type, mends } of actionTypes)
    for (const never of [
      'network',
      'dns',
      'certificate',
      'auth',
      'rate-limit',
      'start-limit',
      'host',
      'other',
    ] as const)
      expect(mends, type).not.toContain(never)
  expect(actionTypeOf('restart-unit')?.mends).toEqual(['unit', 'health', 'resource'])
})

it('plans are words only, and name each command', () => {
  const plan = (type: string, given: Record<string, unknown> = {}) => {
    const kind = actionTypeOf(type)
    return kind?.plan(kind.spec.parse(given), { ...unit, scope: 'user' }).commands
  }
  expect(plan('restart-unit')).toEqual(['systemctl --user restart bot.service'])
  expect(plan('deactivate-unit')).toEqual(['systemctl --user disable bot.service', 'systemctl --user stop bot.service'])
  expect(plan('vacuum-journal')).toEqual(['sudo journalctl --vacuum-size=500M'])
  expect(plan('http-call', { url: 'http://127.0.0.1:8001/restart?key=1' })).toEqual([
    'POST http://127.0.0.1:8001/restart',
  ])
  expect(plan('runbook', { commands: [{ argv: ['a b', '$c'] }] })).toEqual(["'a b' '$c'"])
  expect(ran).toEqual([])
})

it('a unit is disabled before it is stopped, and not stopped where that failed', async () => {
  expect((await run('deactivate-unit')).outcome).toBe('done')
  expect(acts).toEqual(['disable', 'stop'])
  acts = []
  acting = { outcome: 'lost', evidence: [] }
  expect((await run('deactivate-unit')).outcome).toBe('lost')
  expect(acts).toEqual(['disable'])
})

it('a runbook runs argv as it is, in order, and stops at the first that fails', async () => {
  const done = await run('runbook', {
    commands: [{ argv: ['printf', '%s', '$HOME; rm -rf /'] }, { argv: ['true'], sudo: true }],
  })
  expect(done.outcome).toBe('done')
  expect(texts(done)).toContain('$HOME; rm -rf /')
  expect(ran.map(({ sudo }) => sudo)).toEqual([false, true])
  ran = []
  const stopped = await run('runbook', {
    commands: [{ argv: ['sh', '-c', 'echo why >&2; exit 3'] }, { argv: ['true'] }],
  })
  expect(stopped).toMatchObject({
    outcome: 'failed',
    evidence: [{ ok: false, text: expect.stringMatching(/ended with 3.*why/s) }],
  })
  expect(ran).toHaveLength(1)
  fake = { exit: null, lost: true }
  expect((await run('runbook', { commands: [{ argv: ['true'] }] })).outcome).toBe('lost')
  fake = { exit: null, timedOut: true }
  expect(texts(await run('runbook', { commands: [{ argv: ['true'] }] }))).toContain('took too long')
  fake = { stdout: Buffer.alloc(60_000, 'x') }
  expect(texts(await run('runbook', { commands: [{ argv: ['true'] }] })).length).toBeLessThan(1_200)
  for (const argv of [[], [''], ['-x'], ['a\0b']])
    expect(actionTypeOf('runbook')?.spec.safeParse({ commands: [{ argv }] }).success, JSON.stringify(argv)).toBe(false)
})

it('logs are deleted only in folders of their own: no system folder, no way round', () => {
  const refused = [
    '/',
    '/etc',
    '/etc/x',
    '/usr/share/doc',
    '/var',
    '/var/lib',
    '/var/lib/dpkg',
    '/home',
    '/opt',
    '/root/x',
  ]
  refused.push(
    'relative',
    '',
    '/a/../etc',
    '/a/./b',
    '/a//b',
    '/a/',
    '/opt/..',
    '/proc/1',
    '/var/log/journal',
    '/boot/x',
    '/a\nb',
  )
  for (const path of refused) expect(folderProblem(path), path).not.toBeNull()
  for (const path of ['/opt/bot/logs', '/var/log', '/var/log/nginx', '/srv/a b', '/home/ann/.logs', '/a/..b'])
    expect(folderProblem(path), path).toBeNull()
})

it('deletes what is old and named so; never through a link, never of another name', async () => {
  const logs = join(folder, 'logs')
  const elsewhere = join(folder, 'elsewhere')
  for (const path of [logs, elsewhere, join(logs, 'sub')]) mkdirSync(path)
  const old = (path: string): string => {
    writeFileSync(path, 'x'.repeat(1_000))
    utimesSync(path, 1, 1)
    return path
  }
  const gone = [
    old(join(logs, 'a.log')),
    old(join(logs, 'sub', 'b.log.2')),
    old(join(logs, 'with space\nand line.log')),
  ]
  const kept = [old(join(logs, 'data.db')), old(join(elsewhere, 'c.log'))]
  writeFileSync(join(logs, 'new.log'), '')
  symlinkSync(elsewhere, join(logs, 'link'))
  symlinkSync(join(elsewhere, 'c.log'), join(logs, 'link.log'))
  const kind = actionTypeOf('delete-old-logs')
  const spec = kind?.spec.parse({ folders: [logs] }) as Record<string, unknown>
  const seen = await kind?.preview?.(context, spec)
  expect(seen && texts(seen)).toMatch(/3 files, 0\.0 MB: /)
  for (const path of gone) expect(existsSync(path)).toBe(true)
  const done = await run('delete-old-logs', { folders: [logs] })
  expect(done.outcome, texts(done)).toBe('done')
  for (const path of gone) expect(existsSync(path), path).toBe(false)
  for (const path of [...kept, join(logs, 'new.log'), join(logs, 'link')]) expect(existsSync(path), path).toBe(true)
  // the folder itself, or one above it, is a link
  old(join(logs, 'a.log'))
  symlinkSync(logs, join(folder, 'alias'))
  symlinkSync(folder, join(folder, 'up'))
  for (const path of [join(folder, 'alias'), join(folder, 'up', 'logs'), join(folder, 'missing')])
    expect((await run('delete-old-logs', { folders: [path] })).outcome, path).toBe('failed')
  expect(existsSync(join(logs, 'a.log'))).toBe(true)
  // what was never sent is no loss
  for (const [code, outcome] of [
    ['SUDO_MISSING', 'failed'],
    ['LINK_LOST', 'lost'],
  ] as const) {
    fake = new AppError(code, code)
    expect((await run('delete-old-logs', { folders: [logs] })).outcome).toBe(outcome)
  }
})

it('calls an endpoint with its stored authorization, follows no redirect, and leaves what is unclear to verification', async () => {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    if (request.url === '/die') request.socket.destroy()
    else if (request.url === '/moved') response.writeHead(302, { location: '/restart' }).end()
    else response.writeHead(request.url === '/restart' ? 202 : 500).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  secrets = { authorization: 'Bearer s3cret-value' }
  expect(await run('http-call', { url: `${base}/restart` })).toMatchObject({ outcome: 'done' })
  expect(heard).toEqual(['POST /restart Bearer s3cret-value'])
  const results = [`${base}/moved`, `${base}/broken`, `${base}/die`].map(url => run('http-call', { url }))
  expect((await Promise.all(results)).map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'lost'])
  expect(heard.filter(line => line.includes('/restart'))).toHaveLength(1)
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  const refused = await run('http-call', { url: `${base}/restart?token=s3cret-value` })
  expect(refused.outcome).not.toBe('done')
  expect(texts(refused)).not.toContain('s3cret')
})

it('a webhook is not touched without a token that looks like one, and its token is in no message', async () => {
  const given = { url: 'https://bot.example/x', apiBase: 'http://127.0.0.1:1' }
  expect(texts(await run('telegram-webhook', given))).toBe('There is no bot token stored')
  secrets = { token: 'nonsense' }
  expect(texts(await run('telegram-webhook', given))).toBe('What is stored is not a bot token')
  const server = createServer((_request, response) =>
    response.writeHead(401).end(JSON.stringify({ ok: false, description: 'Unauthorized 123456:secret' })),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  secrets = { token: '123456:secret' }
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const result = await run('telegram-webhook', { ...given, apiBase })
  server.close()
  expect(result.outcome).toBe('failed')
  expect(texts(result)).toBe('deleteWebhook: answered 401: Unauthorized …')
})

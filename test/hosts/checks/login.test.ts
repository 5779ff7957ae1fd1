// Proves on a real host how logins stand: by their files in every format and by the word of the site that the bot lives on (R26, R27).
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loginCheck } from '../../../src/engine/checks/login.ts'
import type { LoginLook } from '../../../src/engine/cookies/index.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { sharedHost } from '../lib/vitest.ts'
import { probing } from './context.ts'

const host = sharedHost({ suite: 'bookworm' })
const folder = '/opt/cookie-bot/cookies'
const site = { url: 'http://127.0.0.1:8090/account', validText: 'tester' }
const required = ['auth_token', 'ct0']
const day = 86_400_000

async function logins() {
  const bot = await host().installBot('cookie-bot')
  const token = await bot.renewCookie()
  const it = await probing(host())
  const look = async (name: string, changes: Record<string, unknown> = {}, days = 0) => {
    const clock = { ...systemClock, now: () => Date.now() + days * day }
    const spec = { path: `${folder}/${name}`, required, probe: site, ...changes }
    const result = await it.probe(loginCheck, spec, { clock })
    const text = JSON.stringify(result)
    for (const secret of [token, 'csrf-1', 'canary-value']) expect(text).not.toContain(secret)
    return { ...result, look: result.detail as LoginLook }
  }
  return { bot, look, it }
}

describe('the cookie bot on its host', () => {
  test('valid in all four formats, with what the files are', async () => {
    const { look } = await logins()
    for (const [name, format] of [
      ['cookies.txt', 'netscape'],
      ['cookies.json', 'json'],
      ['storage-state.json', 'storage-state'],
      ['header.txt', 'header'],
    ] as const) {
      const found = await look(name)
      expect(found, found.message).toMatchObject({ status: 'healthy', cause: null })
      expect(found.look).toMatchObject({
        state: 'read',
        file: { format, mode: '0600', owner: 'deploy', group: 'deploy', problems: [] },
        proofs: [{ verdict: 'valid', from: 'host', message: '[STATUS] (200) of 127.0.0.1:8090' }],
      })
      expect(found.look.file?.cookies.map(one => one.name)).toEqual(required)
      expect(found.numbers?.map(one => one.name)).toEqual(format === 'header' ? [] : ['days_left'])
    }
  })

  test('the site says expired, challenged, rate limited, down; and nothing that was known before counts', async () => {
    const { bot, look } = await logins()
    expect((await look('cookies.txt')).status).toBe('healthy')
    await bot.expireCookie('rejected')
    const expired = await look('cookies.txt')
    expect(expired).toMatchObject({ status: 'unhealthy', cause: 'login', message: expect.stringContaining('(401)') })
    expect(expired.look.proofs).toMatchObject([{ verdict: 'expired' }])
    for (const [answer, verdict, status, cause] of [
      [403, 'expired', 'unhealthy', 'login'],
      [429, 'rate-limited', 'unknown', 'rate-limit'],
      [500, 'site-down', 'unknown', 'network'],
    ] as const) {
      await bot.answer(answer, 'cookie-site.service')
      await expect.poll(async () => (await look('cookies.json')).look.proofs[0]?.verdict).toBe(verdict)
      expect(await look('cookies.json')).toMatchObject({ status, cause })
    }
    await bot.answer(403, 'cookie-site.service')
    const challenged = () => look('header.txt', { probe: { ...site, challengeTexts: ['CHALLENGE'] } })
    await expect.poll(async () => (await challenged()).look.proofs[0]?.verdict).toBe('challenged')
    expect(await challenged()).toMatchObject({ status: 'degraded', cause: 'login' })
    await bot.heal('cookie-site.service')
    await host().exec(['systemctl', 'stop', 'cookie-site.service'])
    const down = await look('cookies.txt')
    expect(down).toMatchObject({ status: 'unknown', look: { proofs: [{ verdict: 'site-down' }] } })
    await host().exec(['systemctl', 'start', 'cookie-site.service'])
    await bot.renewCookie()
    await expect.poll(async () => (await look('cookies.txt')).status).toBe('healthy')
  })

  test('warned 7 days ahead, and no alarm from the date alone while the site says valid', async () => {
    const { look } = await logins()
    const alone = { probe: null }
    for (const [days, proven, unproven] of [
      [0, 'healthy', 'healthy'],
      [22, 'healthy', 'healthy'],
      [24, 'degraded', 'degraded'],
      [29.5, 'degraded', 'unhealthy'],
      [40, 'degraded', 'unhealthy'],
    ] as const) {
      expect((await look('cookies.json', {}, days)).status, `${days} days later`).toBe(proven)
      expect((await look('cookies.json', alone, days)).status, `${days} days later`).toBe(unproven)
      expect((await look('header.txt', alone, days)).status).toBe('healthy')
    }
  })

  test('the file: gone, no file of cookies, not for our eyes, open to everybody, without a required cookie, a folder', async () => {
    const { bot, look } = await logins()
    const put = (name: string, text: string, owner = 'deploy:deploy', mode = '600') =>
      host().writeFile(`${folder}/${name}`, text, { owner, mode })
    expect(await look('none.txt')).toMatchObject({ status: 'unhealthy', look: { state: 'missing', proofs: [] } })
    await put('broken.txt', '.x.test\tTRUE\t/\tTRUE\t0\tauth_token\tcanary-value\nnot a line canary-value\n')
    expect(await look('broken.txt')).toMatchObject({
      ...{ status: 'unhealthy', cause: 'login', message: expect.stringContaining('Line 2') },
    })
    await put('roots.txt', 'auth_token=canary-value; ct0=x', 'root:root')
    expect(await look('roots.txt')).toMatchObject({ status: 'unknown', cause: 'host', look: { state: 'unreadable' } })
    await put('half.txt', 'ct0=canary-value; other=1')
    expect(await look('half.txt')).toMatchObject({
      ...{ status: 'unhealthy', cause: 'login', message: expect.stringContaining('auth_token') },
    })
    await host().exec(['chmod', '644', `${folder}/cookies.txt`])
    expect(await look('cookies.txt')).toMatchObject({
      ...{ status: 'degraded', cause: 'other', message: expect.stringContaining('Everybody') },
    })
    await host().exec(['mkdir', '-p', `${folder}/sub`])
    expect((await look('sub')).look).toMatchObject({ state: 'unusable', file: { sha256: null, cookies: [] } })
    await bot.renewCookie()
  })

  test('keys of an .env file go to the site by name, and the other keys stay here', async () => {
    const { look, it } = await logins()
    const { stdout } = await host().exec(['cat', '/opt/cookie-bot/valid-session'])
    const session = stdout.trim()
    const env = `# login\nexport auth_token='${session}'\nct0="csrf-1"\nDATABASE_URL=canary-value\n`
    await host().writeFile(`${folder}/bot.env`, env, { owner: 'deploy:deploy', mode: '600' })
    const found = await look('bot.env')
    expect(found, found.message).toMatchObject({ status: 'healthy', look: { file: { format: 'env' } } })
    expect(found.look.file?.cookies.map(one => one.name)).toEqual(required)
    const seen: (string | undefined)[] = []
    const server = createServer((incoming, outgoing) => {
      seen.push(incoming.headers.cookie, incoming.headers.authorization, `${incoming.headers['x-csrf']}`)
      outgoing.end('tester')
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await expect.poll(() => server.listening).toBe(true)
    const { port } = server.address() as AddressInfo
    const probe = {
      ...{ url: `http://127.0.0.1:${port}/`, from: 'local' as const },
      headers: [{ name: 'x-csrf', value: 'token {ct0} {other}' }],
    }
    const spec = { path: `${folder}/bot.env`, required, probe }
    const local = await it.probe(loginCheck, spec)
    expect((local.detail as LoginLook).proofs).toMatchObject([{ verdict: 'valid', from: 'local' }])
    expect(seen).toEqual([`auth_token=${session}; ct0=csrf-1`, undefined, 'token csrf-1 {other}'])
    const token = await it.probe(loginCheck, {
      ...spec,
      kind: 'token',
      required: ['auth_token'],
      probe: { ...probe, headers: [] },
    })
    expect(token.status, token.message).toBe('healthy')
    expect(seen.slice(3, 5)).toEqual([undefined, `Bearer ${session}`])
  })

  test('from both sides: the host is valid, and that nothing answers here is said beside it', async () => {
    const { look } = await logins()
    const both = await look('cookies.txt', { probe: { ...site, from: 'both' } })
    expect(both.look.proofs).toMatchObject([
      { from: 'host', verdict: 'valid' },
      { from: 'local', verdict: 'site-down' },
    ])
    expect(both).toMatchObject({ status: 'healthy', message: expect.stringContaining('from this computer') })
  })
})

// Proves that the five sample systems are healthy on a host and that each switch makes them fail as named; needs root.

import { describe, expect, test } from 'vitest'
import { type Bot, type BotName, botNames } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'

const patient = { timeout: 20_000, interval: 50 }

// The oldest and the newest python; the middle one runs in the switches below.
describe.each(['bullseye', 'trixie'] as const)('on %s', suite => {
  const host = sharedHost({ suite })

  test.each(botNames)('%s becomes healthy and works', async name => {
    const bot = await host().installBot(name)
    const updates = async () => Number((await bot.health()).body?.updates)
    await expect.poll(updates, patient).toBeGreaterThan(0)
    const { status, body } = await bot.health()
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({ status: 'ok', errors: 0, problems: {} })
    expect(body?.memory).toBeGreaterThan(4)
    expect(body?.uptime).toBeGreaterThan(0)
    expect(Date.parse(String(body?.last_update))).toBeGreaterThan(Date.now() - 60_000)
    for (const unit of [...bot.units, ...bot.fixtures]) expect(await host().pid(unit)).toBeGreaterThan(1)
  })
})

describe('switches', () => {
  const host = sharedHost()
  const bots = new Map<BotName, Bot>()
  async function bot(name: BotName): Promise<Bot> {
    const known = bots.get(name) ?? (await host().installBot(name, { restartSec: 0.1 }))
    bots.set(name, known)
    return known
  }
  const status = (of: Bot) => of.health().then(health => health.status)

  test('crash: a traceback in the journal, and systemd restarts it', async () => {
    const keepalive = await bot('keepalive-bot')
    const pid = await host().pid(keepalive.unit)
    await keepalive.crash()
    await expect.poll(() => host().property(keepalive.unit, 'NRestarts'), patient).toBe('1')
    await expect.poll(() => status(keepalive).catch(() => 0), patient).toBe(200)
    expect(await host().pid(keepalive.unit)).not.toBe(pid)
    expect((await host().journal(keepalive.unit)).join('\n')).toContain('RuntimeError: crashed as told')
  })

  test('crash without Restart=: it stays down as failed', async () => {
    const webhook = await bot('webhook-bot')
    await webhook.crash()
    await expect.poll(() => host().property(webhook.unit, 'ActiveState'), patient).toBe('failed')
    await expect(webhook.health()).rejects.toThrow()
    await host().exec(['systemctl', 'restart', webhook.unit])
  })

  test('POST /restart brings a new process', async () => {
    const keepalive = await bot('keepalive-bot')
    const pid = await host().pid(keepalive.unit)
    expect((await keepalive.get('/restart', { method: 'POST' })).status).toBe(202)
    await expect.poll(() => host().pid(keepalive.unit), patient).not.toBe(pid)
    await expect.poll(() => status(keepalive).catch(() => 0), patient).toBe(200)
    expect((await keepalive.get('/ping')).body).toEqual({ pong: true })
  })

  test('falls back to 8002 and 8003 where ports are taken', async () => {
    const keepalive = await bot('keepalive-bot')
    await host().exec(['systemctl', 'stop', keepalive.unit])
    const listen =
      'import socket,time; a=socket.create_server(("127.0.0.1",8001)); b=socket.create_server(("127.0.0.1",8002)); time.sleep(9e5)'
    await host().installUnit('squatter.service', `[Service]\nExecStart=/usr/bin/python3 -c '${listen}'\n`)
    await expect.poll(() => host().output(`ss -Hltn 'sport = 8002' | wc -l`), patient).toBe('1')
    await host().exec(['systemctl', 'start', keepalive.unit])
    expect((await keepalive.get('/health', { port: 8003 })).status).toBe(200)
    await host().exec(['systemctl', 'stop', 'squatter.service', keepalive.unit])
    await host().exec(['systemctl', 'start', keepalive.unit])
    expect(await status(keepalive)).toBe(200)
  })

  test('hang: active for systemd, silent for everybody, until unhung', async () => {
    const keepalive = await bot('keepalive-bot')
    await keepalive.hang()
    await expect(keepalive.get('/health', { timeoutMs: 300 })).rejects.toThrow()
    expect(await host().property(keepalive.unit, 'ActiveState')).toBe('active')
    await keepalive.unhang()
    expect(await status(keepalive)).toBe(200)
  })

  test('answers 500, counts errors, idles, floods, leaks, heals', async () => {
    const stats = await bot('stats-bot')
    await stats.answer(500)
    expect(await stats.health()).toMatchObject({ status: 500, body: { status: 'error' } })
    await stats.heal()
    expect(await status(stats)).toBe(200)

    await stats.failShare(1)
    await expect.poll(async () => Number((await stats.health()).body?.errors), patient).toBeGreaterThan(0)
    await stats.heal()

    const before = Number((await stats.health()).body?.memory)
    await stats.leakMemory({ mb: 60 })
    await expect.poll(async () => Number((await stats.health()).body?.memory), patient).toBeGreaterThan(before + 55)

    const cursor = await host().journalCursor()
    await stats.floodJournal(2000)
    await expect
      .poll(async () => (await host().journal(stats.unit, { after: cursor })).length, patient)
      .toBeGreaterThan(500)
    await stats.heal()

    await stats.idle()
    const { body } = await stats.health()
    await new Promise(resolve => setTimeout(resolve, 2500))
    // One round may have been under way.
    expect(Number((await stats.health()).body?.updates)).toBeLessThanOrEqual(Number(body?.updates) + 1)
    await stats.heal()
  })

  test('stats bot has a database with history, and logs that are due for deletion', async () => {
    const stats = await bot('stats-bot')
    expect(
      Number(await host().output(`sqlite3 ${stats.folder}/stats.db 'SELECT count(*) FROM sessions'`)),
    ).toBeGreaterThanOrEqual(600)
    expect(await host().output(`find ${stats.folder}/logs -name '*.log' -mtime +30 | wc -l`)).toBe('3')
    expect((await stats.get('/top')).body).toHaveLength(6)
  })

  test('webhook bot registers at the API, handles updates, and notices an API that fails', async () => {
    const webhook = await bot('webhook-bot')
    const hook = () => webhook.get('/bot123456:test/getWebhookInfo', { port: 8081 })
    await expect
      .poll(async () => (await hook()).body?.result, patient)
      .toMatchObject({ url: 'https://bot.example/webhook' })
    expect((await webhook.get('/webhook', { method: 'POST' })).status).toBe(200)
    await webhook.answer(500, 'telegram-api.service')
    await expect.poll(() => status(webhook), patient).toBe(503)
    await webhook.heal('telegram-api.service')
    await expect.poll(() => status(webhook), patient).toBe(200)
  })

  test('cookie bot: a session that the site forgets, and one that is over, show; a new one mends both', async () => {
    const cookies = await bot('cookie-bot')
    expect(cookies.units).toHaveLength(5)
    const problems = async () => (await cookies.health()).body?.problems as Record<string, string>
    await cookies.expireCookie('rejected')
    const users = ['login', 'poster', 'scraper', 'web']
    await expect.poll(async () => Object.keys(await problems()).sort(), patient).toEqual(users)
    expect((await problems()).login).toBe('login not accepted: 401')
    await cookies.renewCookie()
    await expect.poll(problems, patient).toEqual({})
    await cookies.expireCookie('date')
    await expect.poll(async () => (await problems()).scraper, patient).toBe('cookie expired: auth_token, ct0')
    await cookies.renewCookie()
    await cookies.throwSwitch('rotate', {}, 'cookie-bot-login.service')
    expect(await host().readFile(`${cookies.folder}/cookies/cookies.txt`)).toContain('csrf-2')
    await host().killUnit('cookie-bot-poster.service')
    await expect.poll(() => host().property('cookie-bot-poster.service', 'NRestarts'), patient).toBe('1')
    expect(await host().output(['stat', '-c', '%a %U', `${cookies.folder}/cookies/cookies.json`])).toBe('600 deploy')
  })

  test('trading bot writes to all three stores and says which one fails', async () => {
    const trading = await bot('trading-bot')
    const rows = async () => {
      const sql = 'SELECT count(*) FROM trades'
      const sqlite = await host().output(['sqlite3', `${trading.folder}/trades.db`, sql])
      const postgres = await host().output(['runuser', '-u', 'deploy', '--', 'psql', '-tAc', sql, 'trading'])
      return Math.min(Number(sqlite), Number(postgres), Number(await host().output(['redis-cli', 'get', 'trades'])))
    }
    await expect.poll(rows, patient).toBeGreaterThan(0)
    expect((await trading.get('/prices', { port: 8021 })).status).toBe(200)
    await host().exec(['systemctl', 'stop', 'redis-server.service'])
    await expect
      .poll(async () => Object.keys((await trading.health()).body?.problems ?? {}), patient)
      .toEqual(['redis'])
    await host().exec('systemctl start redis-server.service; systemctl stop postgresql.service')
    await expect
      .poll(async () => Object.keys((await trading.health()).body?.problems ?? {}), patient)
      .toEqual(['postgres'])
    await host().exec(['systemctl', 'start', 'postgresql.service'])
    await expect.poll(() => status(trading), patient).toBe(200)
  })
})

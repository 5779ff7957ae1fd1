// The webhook bot's row: a wrong address, waiting updates and 500s are repaired and verified, and a real client of the Bot API then gets its updates.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Bot as TelegramBot, webhookCallback } from 'grammy'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CheckDraft } from '../../../src/shared/model/check.ts'
import { RecoveryPolicy } from '../../../src/shared/model/recovery.ts'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const token = '123456:test'
const secretToken = 'a-secret-that-only-Telegram-knows'
const url = 'https://bot.example/a-secret-path'
const unit = { scope: 'system' as const, name: 'webhook-bot.service' }

const host = sharedHost({ suite: 'bookworm' })
let app: RunningEngine
let hostId: string
let client: TelegramBot
let server: Server
let broken = false
const heard: string[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    if (broken) response.writeHead(500).end()
    else void handle(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, host().gateway, resolve))
  const { port } = server.address() as AddressInfo
  const env = { LISTEN: '0.0.0.0', ROUTE_URL: url, ROUTE_TO: `http://${host().gateway}:${port}/`, WEBHOOK_URL: url }
  await host().installBot('webhook-bot', { env: { ...env, TELEGRAM_API: 'http://127.0.0.1:8081' } })
  client = new TelegramBot(token, { client: { apiRoot: `http://${host().address}:8081` } })
  client.on('message:text', context => void heard.push(context.message.text))
  const handle = webhookCallback(client, 'http', { secretToken })
  await client.init()
  app = await RunningEngine.start()
  hostId = (await app.add(host())).id
  await app.ready(hostId)
  const spec = { webhookUrl: url, apiBase: 'http://127.0.0.1:8081' }
  const draft = CheckDraft.parse({
    ...{ hostId, type: 'telegram-bot', name: 'Webhook', spec, unit, intervalSeconds: 1, timeoutSeconds: 5 },
  })
  await app.client.call('check.add', { draft, secrets: { token } })
  await until(async () => (await app.client.call('check.list', { hostId })).every(view => view.phase === 'ok'))
  const step = { type: 'telegram-webhook', spec: { url, apiBase: 'http://127.0.0.1:8081' } }
  const policy = RecoveryPolicy.parse({ hostId, ...unit, enabled: true, steps: [step] })
  await app.client.call('recovery.set', { policy, secrets: { token, secretToken } })
}, 120_000)
afterAll(async () => {
  await app?.dispose()
  server?.closeAllConnections()
  server?.close()
})

let updates = 0
async function deliver(text: string): Promise<void> {
  const at = Math.floor(Date.now() / 1_000)
  const from = { id: 7, is_bot: false, first_name: 'Ann' }
  const message = { message_id: ++updates, date: at, chat: { id: 7, type: 'private', first_name: 'Ann' }, from, text }
  await post('/deliver', { update_id: updates, message })
}

async function post(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`http://${host().address}:8081${path}`, { method: 'POST', body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
}

async function repaired(count: number): Promise<void> {
  const ref = { hostId, ...unit }
  const seen = async () => [
    await app.client.call('recovery.get', ref),
    await app.client.call('recovery.attempts', { ...ref, limit: 10 }),
  ]
  await until(
    async () => {
      const attempts = await app.client.call('recovery.attempts', { ...ref, limit: 10 })
      return attempts.length >= count && attempts.every(each => each.finishedAt !== null)
    },
    60_000,
    async () => JSON.stringify(await seen()),
  )
  const [last] = await app.client.call('recovery.attempts', { ...ref, limit: 1 })
  expect(last, JSON.stringify(await seen())).toMatchObject({ number: 1, outcome: 'verified' })
  expect(last?.evidence.map(({ text }) => text)).toEqual([
    'Webhook deleted, with what waited for it',
    'Webhook set to https://bot.example/…',
    'Telegram confirms it',
    'Webhook: OK 2 times',
  ])
  expect(await client.api.getWebhookInfo()).toMatchObject({ url, pending_update_count: 0 })
}

it('a wrong address is set right, and the real client gets its updates again', async () => {
  await client.api.setWebhook('https://elsewhere.example/')
  await repaired(1)
  await deliver('hello')
  await until(() => heard.includes('hello'))
}, 90_000)

it('six updates that wait and a last error of 500: dropped, set anew, verified', async () => {
  broken = true
  for (let n = 0; n < 6; n++) await deliver(`lost ${n}`)
  expect(await client.api.getWebhookInfo()).toMatchObject({
    pending_update_count: 6,
    last_error_message: 'Wrong response from the webhook: 500',
  })
  broken = false
  await repaired(2)
  await deliver('again')
  await until(() => heard.includes('again'))
  expect(heard).toEqual(['hello', 'again'])
}, 90_000)

it('neither token nor path is told anywhere', async () => {
  const entries = await app.client.call('audit.list', { hostId })
  const attempts = await app.client.call('recovery.attempts', { hostId, ...unit, limit: 10 })
  const words = JSON.stringify([entries, attempts, app.logs])
  for (const secret of [token, secretToken, 'a-secret-path']) expect(words).not.toContain(secret)
})

// Channels as a window uses them, on a whole engine: kinds, test, secrets in the vault, what is remembered, and what is in the audit log.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../../../src/engine/engine.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { Redactor, silentLogger } from '../../../../src/engine/lib/log.ts'
import type { Native } from '../../../../src/engine/ports.ts'
import { engineContract } from '../../../../src/shared/contract/engine.ts'
import { ChannelDraft } from '../../../../src/shared/model/channel.ts'
import { type Client, connect } from '../../../../src/shared/rpc/client.ts'
import { portPair } from '../../../../src/shared/rpc/port.ts'
import { startNtfy } from '../../../fakes/channels/push.ts'
import { FakeTelegram } from '../../../fakes/channels/telegram.ts'
import { FakeLoginWindows } from '../../../fakes/login-windows.ts'

const native: Native = {
  notify: async () => ({ shown: true, reason: null }),
  onActed: () => ({ dispose: () => {} }),
  setTray: () => {},
  keyringStatus: async () => ({ available: true, reason: null }),
  keyringWrap: async plain => plain.map(byte => byte ^ 0xff),
  keyringUnwrap: async wrapped => wrapped.map(byte => byte ^ 0xff),
  keepKey: async () => {},
  keptKey: async () => null,
  ...new FakeLoginWindows(),
}

let directory: string
let engine: Engine
let client: Client<typeof engineContract>

async function start(): Promise<void> {
  engine = await createEngine({
    dataDirectory: directory,
    version: 'test',
    native,
    clock: systemClock,
    log: silentLogger,
    redactor: new Redactor(),
    sshDirectory: join(directory, 'ssh'),
    local: false,
  })
  const [mine, its] = portPair()
  engine.attach(its)
  client = connect(engineContract, mine)
}
async function stop(): Promise<void> {
  client.dispose()
  await engine.dispose()
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quarterdeck-channels-'))
  await start()
  await client.call('vault.create', { passphrase: null })
})
afterEach(async () => {
  await stop()
  rmSync(directory, { recursive: true, force: true })
})

const draft = (change: Partial<ChannelDraft>): ChannelDraft =>
  ChannelDraft.parse({ type: 'ntfy', name: 'Phone', spec: {}, filter: {}, ...change })
const audited = async (): Promise<string[]> =>
  (await client.call('audit.list', {})).map(({ verb, target }) => `${verb} ${target}`)

test('the desktop is there from the first start, cannot be removed or added again, and stays one', async () => {
  const [desktop, ...others] = await client.call('channel.list', undefined)
  expect(others).toEqual([])
  expect(desktop).toMatchObject({
    channel: { id: 'desktop', type: 'desktop', enabled: true },
    waiting: 0,
    problem: null,
  })
  await expect(client.call('channel.remove', 'desktop')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  const again = draft({ type: 'desktop', name: 'Another' })
  await expect(client.call('channel.add', { draft: again, secrets: {} })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  await stop()
  await start()
  expect(await client.call('channel.list', undefined)).toHaveLength(1)
})

test('every kind is offered with a schema to draw it by', async () => {
  const kinds = await client.call('channel.kinds', undefined)
  expect(kinds).toHaveLength(9)
  expect(kinds.filter(({ addable }) => !addable).map(({ type }) => type)).toEqual(['desktop'])
  const telegram = kinds.find(({ type }) => type === 'telegram')
  expect(telegram?.schema).toMatchObject({
    properties: { token: { secret: true, title: 'Bot token' } },
    required: ['chatId'],
  })
})

test('a test goes out by what is given, before anything is saved, and says why it did not arrive', async () => {
  await using ntfy = await startNtfy('tk_secret')
  const given = draft({ spec: { server: ntfy.peer.url, topic: 'mine' } })
  expect(await client.call('channel.test', { id: null, draft: given, secrets: { token: 'tk_secret' } })).toEqual({
    problem: null,
  })
  expect(ntfy.messages[0]).toMatchObject({ topic: 'mine', title: '🔵 Test: A test of Phone' })
  const without = await client.call('channel.test', { id: null, draft: given, secrets: {} })
  expect(without).toEqual({ problem: 'ntfy answered 403: forbidden' })
  const wrong = client.call('channel.test', { id: null, draft: draft({ spec: { topic: 'no spaces!' } }), secrets: {} })
  await expect(wrong).rejects.toMatchObject({ code: 'INVALID_INPUT', detail: { field: 'spec.topic' } })
  expect(await client.call('channel.list', undefined)).toHaveLength(1)
})

test('secrets lie in the vault alone, are used by tests of the stored channel, and go nowhere else', async () => {
  await using ntfy = await startNtfy('tk_secret_value')
  await using thief = await startNtfy()
  const spec = { server: ntfy.peer.url, topic: 'mine' }
  const channel = await client.call('channel.add', { draft: draft({ spec }), secrets: { token: 'tk_secret_value' } })
  expect(channel).toMatchObject({ stored: ['token'], spec: { topic: 'mine', criticalPriority: 5 } })
  expect(JSON.stringify(channel)).not.toContain('tk_secret_value')
  expect(await client.call('channel.test', { id: channel.id, draft: draft({ spec }), secrets: {} })).toEqual({
    problem: null,
  })
  const elsewhere = draft({ spec: { ...spec, server: thief.peer.url } })
  for (const call of ['channel.test', 'channel.edit'] as const)
    await expect(client.call(call, { id: channel.id, draft: elsewhere, secrets: {} })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      hint: 'Enter the secret again.',
    })
  expect(thief.peer.requests).toEqual([])
  await client.call('channel.edit', { id: channel.id, draft: draft({ spec, name: 'Mobile' }), secrets: {} })
  await client.call('channel.edit', { id: channel.id, draft: elsewhere, secrets: { token: null } })
  expect((await client.call('channel.list', undefined))[1]?.channel.stored).toEqual([])
  await client.call('channel.remove', channel.id)
  expect(await audited()).toEqual([
    ...['channel.remove Phone', 'channel.edit Phone', 'channel.edit Mobile', 'channel.add Phone', 'vault.create null'],
  ])
  await stop()
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(file => file.isFile())
  for (const { parentPath, name } of files)
    expect(readFileSync(join(parentPath, name)).includes('tk_secret_value'), name).toBe(false)
  await start()
})

test('commands begin when a Telegram channel takes them, and end with it', async () => {
  await using telegram = await FakeTelegram.start()
  telegram.chats.add(7)
  const sam = { id: 7, username: 'sam', first_name: 'Sam' }
  const spec = { chatId: '7', apiBase: telegram.base, commands: true }
  const given = draft({ type: 'telegram', spec })
  const { id } = await client.call('channel.add', { draft: given, secrets: { token: telegram.token } })
  telegram.say(7, sam, '/status')
  await expect
    .poll(() => telegram.messages.map(({ text }) => text), { timeout: 15_000 })
    .toEqual(['There are no hosts yet.\n\nNo open incidents.'])
  await client.call('channel.edit', { id, draft: { ...given, spec: { ...spec, commands: false } }, secrets: {} })
  telegram.say(7, sam, '/status')
  await client.call('channel.remove', id)
  expect(telegram.messages).toHaveLength(1)
})

// Commands by Telegram (R22): from allowed chats only, confirmed by who asked, done once, over restarts of the engine too.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TelegramCommands } from '../../../../src/engine/runtime/telegram-commands.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { FakeTelegram, type TelegramUser, tooMany } from '../../../fakes/channels/telegram.ts'
import { createWorkplace, type Workplace } from '../store/lib.ts'
import {
  addTelegramChannel,
  chatWorld,
  me,
  myChat,
  openIncident,
  other,
  startCommands,
  strangersChat,
} from './telegram-world.ts'

let place: Workplace
let store: Store
let telegram: FakeTelegram
const started: TelegramCommands[] = []

beforeEach(async () => {
  place = createWorkplace()
  store = place.open()
  telegram = await FakeTelegram.start()
  for (const chat of [myChat, strangersChat, -100]) telegram.chats.add(chat)
})
afterEach(async () => {
  for (const commands of started.splice(0)) commands.dispose()
  await telegram.stop()
  expect(telegram.peer.violations).toEqual([])
  place.dispose()
})

const patience = { timeout: 15_000, interval: 20 }
const start = (world: ReturnType<typeof chatWorld>, shift?: { ms: number }) => {
  const running = startCommands(store, telegram, world.world, shift)
  started.push(running.commands)
  return running
}
const answer = async (index: number) => {
  await expect.poll(() => telegram.messages.length, patience).toBeGreaterThan(index)
  return telegram.messages[index] ?? expect.fail()
}
const ask = async (text: string, from: TelegramUser = me, chat = myChat) => {
  const before = telegram.messages.length
  telegram.say(chat, from, text)
  return answer(before)
}
const audit = () => store.audit.list({ hostId: null, target: null, text: null, before: null, limit: 10 })

test('/status tells hosts, failed services and open incidents', async () => {
  addTelegramChannel(store, telegram)
  store.incidents.insert(openIncident({ title: 'bot <b>failed</b> & more', startedAt: Date.now() - 300_000 }))
  start(chatWorld(store))
  const { text, chatId } = await ask('/status')
  expect(chatId).toBe(myChat)
  expect(text).toBe(
    '🔴 web-1: 1 services run, 1 failed\n   ✗ bot\n\nOpen incidents: 1\n🔴 bot <b>failed</b> & more, for 5 min',
  )
  expect((await ask('/listbots')).text).toMatch(/^🔴 bot on web-1: failed\n🟢 site on web-1: active/)
  expect((await ask('/nonsense')).text).toContain('There is no such command.')
})

test('strangers get no answer, and are counted in the log; another bot’s commands are left to it', async () => {
  addTelegramChannel(store, telegram, { allowedChats: ['-100'], allowedUsers: ['7'] })
  const world = chatWorld(store)
  const { lines } = start(world)
  for (let count = 0; count < 5; count++) telegram.say(strangersChat, other, '/status')
  telegram.say(-100, other, '/restart bot')
  telegram.say(-100, me, '/status@another_bot')
  telegram.say(-100, me, 'just talking')
  const { chatId } = await ask('/status@deck_bot', me, -100)
  expect(chatId).toBe(-100)
  expect(telegram.messages).toHaveLength(1)
  const ignored = lines.filter(line => line.includes('ignored'))
  expect(ignored.map(line => /ignored=(\d+)/.exec(line)?.[1])).toEqual(['1', '2', '4', '1'])
  expect(ignored[0]).toContain(`chat=${strangersChat}`)
})

test('/restart asks, is confirmed only by who asked, is done once, and is in the audit log', async () => {
  addTelegramChannel(store, telegram)
  const { done, world, trouble } = chatWorld(store)
  start({ done, world, trouble })
  const question = await ask('/restart BOT')
  expect(question.text).toBe('Restart bot on web-1?')
  expect(done.restarted).toEqual([])
  telegram.press(question, 'Restart', other)
  await expect
    .poll(() => telegram.answered.map(({ text }) => text), patience)
    .toEqual(['Only who asked may answer this.'])
  expect(done.restarted).toEqual([])
  telegram.press(question, 'Restart', me)
  telegram.press(question, 'Restart', me)
  await expect.poll(() => telegram.answered.length, patience).toBe(3)
  expect(done.restarted).toEqual(['restart web-1/bot.service by telegram:@sam'])
  expect(telegram.answered.at(-1)?.text).toMatch(/too old/)
  await expect.poll(() => question.text, patience).toBe('bot on web-1 was restarted, and runs.')
  expect(audit()[0]).toMatchObject({
    actor: 'telegram:@sam',
    verb: 'channel.command',
    hostId: 'web-1',
    target: 'bot.service',
    outcome: 'verified',
    command: '/restart bot',
    detail: 'Restarting bot on web-1 …',
  })
})

test('what fails is said, and recorded as failed', async () => {
  addTelegramChannel(store, telegram)
  const world = chatWorld(store)
  world.trouble.refuse = new AppError('NOT_CONNECTED', 'web-1 is not connected')
  start(world)
  const question = await ask('/restart bot.service')
  telegram.press(question, 'Restart', me)
  await expect.poll(() => question.text, patience).toBe('That did not work: web-1 is not connected')
  expect(question.buttons).toEqual([])
  expect(audit()[0]).toMatchObject({ outcome: 'failed', detail: 'web-1 is not connected' })
})

test('a question that is cancelled or too old does nothing', async () => {
  addTelegramChannel(store, telegram)
  const world = chatWorld(store)
  const shift = { ms: 0 }
  start(world, shift)
  const cancelled = await ask('/restart bot')
  telegram.press(cancelled, 'Cancel', me)
  await expect.poll(() => cancelled.text, patience).toBe('Restart bot on web-1?\nCancelled.')
  const late = await ask('/restart bot')
  shift.ms = 121_000
  telegram.press(late, 'Restart', me)
  await expect.poll(() => late.text, patience).toMatch(/too old: give the command again/)
  expect(world.done.restarted).toEqual([])
  expect(audit()).toEqual([])
})

test('/update says plainly that there is nothing to do it by', async () => {
  addTelegramChannel(store, telegram)
  start(chatWorld(store))
  const { text, buttons } = await ask('/update bot')
  expect(text).toMatch(/^No update steps are configured for bot on web-1, so nothing was done\. Updates .* later/)
  expect(buttons).toEqual([])
})

test('/silence and /ack do what they say once confirmed', async () => {
  addTelegramChannel(store, telegram)
  store.incidents.insert(openIncident())
  store.incidents.insert(openIncident({ id: 'inc-2', unit: null, checkName: 'Disk', title: 'Disk is full on web-1' }))
  const world = chatWorld(store)
  start(world)
  expect((await ask('/silence bot soon')).text).toMatch(/^Say it as/)
  const silence = await ask('/silence bot 2h')
  expect(silence.text).toBe('Say nothing of bot on web-1 for 2 h?')
  telegram.press(silence, 'Silence', me)
  await expect.poll(() => silence.text, patience).toBe('Nothing is told of bot on web-1 for 2 h.')
  const [silenced = ''] = world.done.silenced
  expect(silenced).toContain('"unit":{"scope":"system","name":"bot.service"}')
  expect(silenced).toContain('"schedule":7200000')
  expect(silenced).toMatch(/by telegram:@sam$/)
  const one = await ask('/ack disk')
  expect(one.text).toBe('Acknowledge?\n🔴 Disk is full on web-1')
  const all = await ask('/ack')
  telegram.press(one, 'Acknowledge', me)
  await expect.poll(() => one.text, patience).toBe('Acknowledged 1 incident.')
  expect(world.done.acknowledged).toEqual(['inc-2 by telegram:@sam'])
  expect(all.text).toContain('bot failed on web-1')
  expect((await ask('/ack elsewhere')).text).toBe('There are no open incidents of elsewhere.')
  expect(audit().map(({ command }) => command)).toEqual(['/ack', '/silence bot on web-1 120m'])
})

test('a name that is not clear is asked back', async () => {
  addTelegramChannel(store, telegram)
  start(chatWorld(store, { 'web-1': ['bot.service', 'bot@2.service'], 'db-1': ['bot.service'] }))
  expect((await ask('/restart bot')).text).toBe('There are several; say which:\nweb-1/bot\ndb-1/bot')
  expect((await ask('/restart db-1/bot')).text).toBe('Restart bot on db-1?')
  expect((await ask('/restart bo')).text).toMatch(/There is no service bo\. Did you mean:\nweb-1\/bot\nweb-1\/bot@2\n/)
  expect((await ask('/restart')).text).toBe('Say which: /restart NAME')
})

test('S34 names of a host are only text, and a long answer is cut', async () => {
  addTelegramChannel(store, telegram)
  for (let index = 0; index < 60; index++)
    store.incidents.insert(openIncident({ id: `inc-${index}`, title: `<a href="x">&${'<'.repeat(190)}\u202E\u0007` }))
  start(chatWorld(store))
  const { text, html } = await ask('/status')
  expect(html.length).toBeLessThanOrEqual(4096)
  expect(text).toContain('<a href="x">&<<<')
  expect(text).toMatch(/…$/)
  expect(text).not.toMatch(/\p{Bidi_Control}|(?!\n)\p{Cc}/u)
})

test('over a restart of the engine no command is lost and none is done twice', async () => {
  addTelegramChannel(store, telegram)
  const world = chatWorld(store)
  const first = start(world)
  await ask('/status')
  const question = await ask('/restart bot')
  first.commands.dispose()
  // the person presses while the engine is down, and asks for more
  telegram.press(question, 'Restart', me)
  telegram.say(myChat, me, '/listbots')
  const second = start(world)
  await expect.poll(() => telegram.messages.length, patience).toBe(3)
  await expect.poll(() => world.done.restarted, patience).toHaveLength(1)
  await expect.poll(() => question.text, patience).toMatch(/was restarted/)
  second.commands.dispose()
  start(world)
  await ask('/help')
  expect(telegram.messages).toHaveLength(4)
  expect(world.done.restarted).toHaveLength(1)
})

test('what the engine ended in the middle of is said, not repeated', async () => {
  addTelegramChannel(store, telegram)
  const world = chatWorld(store)
  const bot = telegram.token.split(':')[0]
  const waiting = { updateId: 5, chatId: myChat, userId: me.id, actor: 'telegram:@sam', text: null, begun: true }
  const press = { queryId: '1', data: 'y:abcdefgh', messageId: 1 }
  store.channels.state('phone').set(`inbox/${bot}`, JSON.stringify([{ ...waiting, press }]))
  start(world)
  expect((await answer(0)).text).toMatch(/does not do it twice/)
  await ask('/help')
  expect(telegram.messages).toHaveLength(2)
  expect(world.done.restarted).toEqual([])
})

test('an answer waits as long as Telegram says; errors do not end the conversation', async () => {
  addTelegramChannel(store, telegram)
  start(chatWorld(store))
  await ask('/help')
  telegram.say(myChat, me, '/help')
  telegram.peer.trouble({ status: 500 })
  expect((await answer(1)).text).toContain('/status')
  telegram.peer.trouble(tooMany(1))
  expect((await ask('/help')).text).toContain('/status')
})

test('channels of one bot share one conversation; one that is switched off ends', async () => {
  addTelegramChannel(store, telegram)
  addTelegramChannel(store, telegram, { chatId: '-100' }, 'group')
  const { commands, lines } = start(chatWorld(store))
  await ask('/help')
  await ask('/help', other, -100)
  expect(lines.join('\n')).not.toContain('Conflict')
  for (const { id, ...channel } of store.channels.list()) store.channels.update(id, { ...channel, enabled: false })
  commands.refresh()
  telegram.say(myChat, me, '/help')
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(telegram.messages).toHaveLength(2)
  expect(telegram.waiting).toBeGreaterThan(0)
})

test('a bot whose updates go to a webhook is said to be one, and left alone', async () => {
  addTelegramChannel(store, telegram)
  telegram.webhookUrl = 'https://example.org/hook'
  const { lines } = start(chatWorld(store))
  await expect.poll(() => lines.join('\n'), patience).toContain('webhook is active')
  expect(telegram.webhookUrl).toBe('https://example.org/hook')
  expect(lines.join('\n')).not.toContain(telegram.token)
})

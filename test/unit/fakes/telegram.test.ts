// The made-up Bot API proves itself on a bot library that is made for the real one.
import { Bot, GrammyError, InlineKeyboard } from 'grammy'
import { expect, test } from 'vitest'
import { FakeTelegram, tooMany } from '../../fakes/channels/telegram.ts'

const sam = { id: 7, username: 'sam', first_name: 'Sam' }

test('a real bot library talks to it: commands, buttons, edits, errors and long polling', async () => {
  await using telegram = await FakeTelegram.start()
  telegram.chats.add(7)
  const bot = new Bot(telegram.token, { client: { apiRoot: telegram.base } })
  const seen: string[] = []
  bot.command('start', context => {
    seen.push(context.message?.text ?? '')
    const keyboard = new InlineKeyboard().text('Yes', 'yes')
    return context.reply('<b>Sure?</b> &lt;3', { parse_mode: 'HTML', reply_markup: keyboard })
  })
  bot.callbackQuery('yes', async context => {
    seen.push(context.callbackQuery.data)
    await context.answerCallbackQuery({ text: 'Done' })
    await context.editMessageText('It is done')
  })
  const running = bot.start({ drop_pending_updates: false, timeout: 5 })
  try {
    telegram.say(7, sam, '/start now')
    await expect.poll(() => telegram.messages.map(({ text }) => text), { timeout: 15_000 }).toEqual(['Sure? <3'])
    const [message] = telegram.messages
    if (message) telegram.press(message, 'Yes', sam)
    await expect.poll(() => message?.text, { timeout: 15_000 }).toBe('It is done')
    expect(telegram.answered.map(({ text }) => text)).toEqual(['Done'])
    expect(seen).toEqual(['/start now', 'yes'])
    expect(bot.botInfo.username).toBe('deck_bot')
  } finally {
    await bot.stop()
    await running
  }
  expect(telegram.waiting).toBe(0)

  const broken = bot.api.sendMessage(7, '<b>never closed', { parse_mode: 'HTML' })
  await expect(broken).rejects.toThrow(/can't parse entities/)
  await expect(bot.api.sendMessage(1, 'hello')).rejects.toThrow(/chat not found/)
  telegram.peer.trouble(tooMany(3))
  const error = await bot.api.sendMessage(7, 'hello').catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(GrammyError)
  expect(error).toMatchObject({ error_code: 429, parameters: { retry_after: 3 } })
  expect(telegram.peer.violations).toEqual([])
})

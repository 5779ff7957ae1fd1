// Discord and Slack webhooks, judged by peers that know the documented payloads and limits.
import { expect, test } from 'vitest'
import { startDiscord } from '../../../fakes/channels/discord.ts'
import { startSlack } from '../../../fakes/channels/slack.ts'
import { at, harmless, hostileNews, news, notification, send } from './given.ts'

const discordTo = (webhookUrl: string, what = notification(), spec = {}, signal?: AbortSignal) =>
  send('discord', spec, what, { secrets: { webhookUrl }, ...(signal ? { signal } : {}) })
const slackTo = (webhookUrl: string, what = notification(), signal?: AbortSignal) =>
  send('slack', {}, what, { secrets: { webhookUrl }, ...(signal ? { signal } : {}) })

test('Discord: one message with an embed per piece of news, times in the reader’s own zone', async () => {
  await using discord = await startDiscord()
  const items = [news(), news({ kind: 'resolved', title: 'site is well on web-1', severity: 'warning' })]
  expect(await discordTo(discord.webhookUrl, notification(items))).toEqual({ ok: true })
  const [message] = discord.messages
  expect(message).toMatchObject({ content: '2 messages of web\\-1', username: 'Quarterdeck' })
  expect(message?.embeds?.map(({ title }) => title)).toEqual([
    '🔴 Critical\\: bot failed on web\\-1',
    '🟢 Resolved\\: site is well on web\\-1',
  ])
  expect(message?.embeds?.[0]?.description).toContain(`<t:${at / 1000}:R>`)
  expect(message?.embeds?.[0]?.color).not.toBe(message?.embeds?.[1]?.color)
})

test('S34 Discord: nobody is notified, and no mark is obeyed', async () => {
  await using discord = await startDiscord()
  expect(await discordTo(discord.webhookUrl, notification([hostileNews()]))).toEqual({ ok: true })
  const [message] = discord.messages
  expect(message?.allowed_mentions).toEqual({ parse: [] })
  const text = JSON.stringify(message)
  expect(text).not.toMatch(/@everyone|@here|<@U123>/)
  const body = message?.embeds?.[0]?.description?.replace(/<t:\d+:[Rf]>/g, '') ?? ''
  // every mark of Discord's has its backslash
  expect(body.replace(/\\[^A-Za-z0-9\s]/g, '')).not.toMatch(/[*_~`|<>[\]()#]/)
  expect(harmless(body)).toBe(true)
  expect(discord.peer.violations).toEqual([])
})

test('Discord: its limits of 2000, 256, 4096, 6000 and 10 embeds are kept, and the rest is counted', async () => {
  await using discord = await startDiscord()
  const long = { title: '*'.repeat(3000), body: '_👩‍👩‍👧'.repeat(2000) }
  const many = Array.from({ length: 40 }, () => news(long))
  for (const items of [[news(long)], many, many.slice(0, 9)])
    expect(await discordTo(discord.webhookUrl, notification(items, { title: '`'.repeat(5000) }))).toEqual({ ok: true })
  expect(discord.peer.violations).toEqual([])
  expect(discord.messages.map(({ embeds }) => embeds?.length)).toEqual([1, 10, 9])
  expect(discord.messages[1]?.embeds?.at(-1)?.description).toBe('… and 31 more')
})

test('S19 Discord: waits as it is told, by refusal or ahead of it', async () => {
  await using discord = await startDiscord()
  discord.peer.trouble(discord.tooMany)
  expect(await discordTo(discord.webhookUrl)).toMatchObject({ ok: false, retry: true, retryAfterMs: 1337 })
  discord.bucket.remaining = 0
  expect(await discordTo(discord.webhookUrl)).toEqual({ ok: true, pauseMs: 2000 })
})

test('Discord: a webhook that is gone is not tried again; an error, a break and silence are', async () => {
  await using discord = await startDiscord()
  expect(await discordTo(`${discord.peer.url}/api/webhooks/1/gone`)).toMatchObject({
    ok: false,
    retry: false,
    message: 'Discord answered 404: Unknown Webhook',
  })
  expect(await discordTo('javascript:alert(1)')).toMatchObject({ ok: false, retry: false })
  discord.peer.trouble({ status: 500 }, 'break', 'never', { status: 302, headers: { location: 'http://evil.example' } })
  expect(await discordTo(discord.webhookUrl)).toMatchObject({ retry: true })
  expect(await discordTo(discord.webhookUrl)).toMatchObject({ retry: true })
  expect(await discordTo(discord.webhookUrl, notification(), {}, AbortSignal.timeout(200))).toMatchObject({
    retry: true,
  })
  expect(await discordTo(discord.webhookUrl)).toMatchObject({
    retry: false,
    message: expect.stringContaining('redirect'),
  })
})

test('Slack: a message with the colour of its severity', async () => {
  await using slack = await startSlack()
  expect(await slackTo(slack.webhookUrl)).toEqual({ ok: true })
  expect(slack.messages[0]).toMatchObject({
    text: '🔴 Critical: bot failed on web-1',
    mrkdwn: false,
    link_names: false,
  })
  expect(slack.messages[0]?.attachments?.[0]?.text).toContain('[STATE] (failed) == active')
})

test('S34 Slack: <!channel>, links and entities are only text', async () => {
  await using slack = await startSlack()
  expect(await slackTo(slack.webhookUrl, notification([hostileNews(), news({ title: '<!channel|x>' })]))).toEqual({
    ok: true,
  })
  const [message] = slack.messages
  const texts = [message?.text ?? '', ...(message?.attachments ?? []).map(({ text }) => text ?? '')]
  expect(texts.flatMap(slack.controls)).toEqual([])
  expect(texts.map(slack.shown).join()).toContain('<!channel>')
  expect(texts.map(slack.shown).join()).toContain('</b></i> &amp; "quoted"')
  expect(texts.every(harmless)).toBe(true)
  expect(message?.attachments?.[0]?.mrkdwn_in).toEqual([])
  expect(slack.peer.violations).toEqual([])
})

test('Slack: a long text is cut, never inside an entity', async () => {
  await using slack = await startSlack()
  expect(await slackTo(slack.webhookUrl, notification([news({ body: '&<>'.repeat(5000) })]))).toEqual({ ok: true })
  const text = slack.messages[0]?.attachments?.[0]?.text ?? ''
  expect(text.length).toBeLessThanOrEqual(3000)
  expect(text).toMatch(/(&amp;|&lt;|&gt;)…\n/)
  expect(slack.peer.violations).toEqual([])
})

test('S19 Slack: 429 waits for Retry-After; what only a person can mend is not tried again', async () => {
  await using slack = await startSlack()
  slack.peer.trouble({ status: 429, headers: { 'retry-after': '30' } }, { status: 503 })
  expect(await slackTo(slack.webhookUrl)).toMatchObject({ retry: true, retryAfterMs: 30_000 })
  expect(await slackTo(slack.webhookUrl)).toMatchObject({ retry: true })
  const gone = await slackTo(`${slack.peer.url}/services/T0/B0/gone`)
  expect(gone).toMatchObject({ retry: false, message: 'Slack refused it: no_service' })
  expect(await slackTo(`${slack.peer.url}/services/T0/B0/wrong`)).toMatchObject({ retry: false })
})

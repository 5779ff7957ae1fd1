// A service dies on a real host: every kind of channel tells it once over real protocols, and a person restarts it from the chat.
import { expect, it } from 'vitest'
import { startEight } from '../../fakes/channels/eight.ts'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const machine = sharedHost()
const unit = 'echo-bot.service'
const unitFile = `[Unit]
Description=Echo bot
[Service]
ExecStart=/bin/sleep infinity
`
const sam = { id: 42, username: 'sam', first_name: 'Sam' }

it('S14 S19 one message on each of nine channels, a restart by Telegram, and one "resolved" on each', async () => {
  const host = machine()
  await host.writeFile(`/etc/systemd/system/${unit}`, unitFile)
  await host.exec('systemctl daemon-reload && systemctl restart echo-bot.service')
  await using eight = await startEight()
  await using app = await RunningEngine.start()
  for (const { draft, secrets } of eight.channels) {
    const spec = draft.type === 'telegram' ? { ...draft.spec, commands: true } : draft.spec
    await app.client.call('channel.add', { draft: { ...draft, spec }, secrets })
  }
  const { id } = await app.add(host)
  await app.ready(id)
  await until(async () => (await app.client.call('unit.list', id)).find(item => item.name === unit)?.mainPid)
  const before = await host.pid(unit)
  /** How often a text arrived, by channel. */
  const told = (text: string) =>
    Object.fromEntries(
      eight.channels.map(({ draft, arrived }) => [draft.type, arrived().filter(each => each.includes(text)).length]),
    )
  const once = Object.fromEntries(eight.channels.map(({ draft }) => [draft.type, 1]))

  await host.killUnit(unit)
  await until(
    () => Object.values(told(`echo-bot failed on ${host.name}`)).every(count => count > 0),
    30_000,
    () => JSON.stringify(told('echo-bot failed')),
  )
  await until(() => app.notifications.find(({ title }) => title === `echo-bot failed on ${host.name}`))
  expect(told(`echo-bot failed on ${host.name}`)).toEqual(once)

  const { telegram } = eight
  const ask = telegram.messages.length
  telegram.say(42, sam, '/restart echo-bot')
  const question = await until(() => telegram.messages[ask])
  expect(question.text).toBe(`Restart echo-bot on ${host.name}?`)
  expect(await host.pid(unit)).toBeUndefined()
  telegram.press(question, 'Restart', sam)
  await until(
    () => question.text.startsWith(`echo-bot on ${host.name} was restarted, and runs.`),
    60_000,
    () => question.text,
  )
  const after = await host.pid(unit)
  expect(after).toBeGreaterThan(0)
  expect(after).not.toBe(before)
  const audit = await app.client.call('audit.list', { target: unit })
  expect(audit.map(({ verb, actor, outcome }) => ({ verb, actor, outcome }))).toEqual([
    { verb: 'unit.restart', actor: 'telegram:@sam', outcome: 'verified' },
    { verb: 'channel.command', actor: 'telegram:@sam', outcome: 'verified' },
  ])

  const well = `echo-bot is well again on ${host.name}`
  await until(
    () => Object.values(told(well)).every(count => count > 0),
    60_000,
    () => JSON.stringify(told(well)),
  )
  expect(told(well)).toEqual(once)
  expect(told(`echo-bot failed on ${host.name}`)).toEqual(once)
  expect(eight.channels.flatMap(channel => channel.violations())).toEqual([])
  expect(
    app.notifications.filter(({ title }) => title.startsWith('echo-bot')).map(each => each.actions.length),
  ).toEqual([3, 0])
})

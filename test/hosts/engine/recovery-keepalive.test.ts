// The keep-alive bot's row, mended without a person on real hosts, and told on nine channels: crash, hang, 500s, leak, crash loop, host gone, what a person stopped.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RecoveryAttempt } from '../../../src/shared/model/recovery.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { BotCase, bot } from './bot-case.ts'
import { type Headline, NineChannels } from './nine-channels.ts'
import { RunningEngine, until } from './running-engine.ts'

const loop = 'crash-loop.service'
const health = { url: 'http://127.0.0.1:8001/health' }
/** What a busy machine may take of its own, on top of what is specified. */
const slackMs = 5_000

let app: RunningEngine
let channels: NineChannels
const hosts: TestHost[] = []
beforeAll(async () => {
  app = await RunningEngine.start()
  channels = await NineChannels.on(app)
  await app.client.call('settings.set', { sampleSecondsIdle: 5 })
})
afterAll(async () => {
  await app?.dispose()
  await channels?.[Symbol.asyncDispose]()
  await Promise.all(hosts.map(host => host.dispose()))
}, 60_000)

async function open(): Promise<BotCase> {
  const host = await bootHost({ suite: 'bookworm' })
  hosts.push(host)
  return BotCase.open(app, host)
}

/** What every channel was told of the case's host, no more and no less. */
const told = ({ host }: BotCase, ...headlines: Headline[]): Promise<void> => channels.told(host.name, headlines)

const firing = (what: string, { host }: BotCase): Headline => `🔴 Critical: ${what} on ${host.name}`
const resolved = (what: string, { host }: BotCase): Headline => `🟢 Resolved: ${what} is well again on ${host.name}`

async function expectVerified(one: BotCase): Promise<RecoveryAttempt[]> {
  const attempts = await one.rests(1)
  expect(attempts, JSON.stringify(attempts)).toMatchObject([
    { number: 1, outcome: 'verified', command: `systemctl restart ${bot}` },
  ])
  const evidence = attempts[0]?.evidence.map(({ text }) => text).join('\n')
  expect(evidence).toContain('InvocationID changed')
  expect(evidence).toContain('steady for 10 s')
  // S22: 5 s ± 10 % after it was noticed
  const [incident] = await one.incidents()
  const waited = (attempts[0]?.at ?? 0) - (incident?.openedAt ?? 0)
  expect(waited).toBeGreaterThan(4_400)
  expect(waited).toBeLessThan(5_500 + slackMs)
  return attempts
}

describe.concurrent('the keep-alive bot', () => {
  it('S22 S23 a crash: restarted once after 5 s, verified, told as firing and resolved', async () => {
    const one = await open()
    const crashing = await one.bot()
    await one.check('http', health, { intervalSeconds: 60 })
    await one.rule()
    await crashing.crash()
    await expectVerified(one)
    expect(await one.starts()).toBe(2)
    await one.resolved()
    await told(one, firing('keepalive-bot failed', one), resolved('keepalive-bot', one))
    const [entry] = await app.client.call('audit.list', { hostId: one.id })
    const audit = (await app.client.call('audit.list', { hostId: one.id })).find(
      each => each.verb === 'recovery.attempt',
    )
    expect(audit, JSON.stringify(entry)).toMatchObject({
      actor: 'rule: auto-recovery',
      outcome: 'verified',
      target: bot,
    })
    const [incident] = await one.incidents()
    const story = await app.client.call('incident.get', incident?.id ?? '')
    const lines = story.timeline.filter(item => item.kind === 'recovery').map(item => item.title)
    expect(lines).toEqual(['Attempt 1 of 5', 'Attempt 1: verified'])
  })

  it('S20 a hang (its health endpoint is silent): restarted once and verified by two OK probes', async () => {
    const one = await open()
    const hanging = await one.bot()
    await one.check('http', health, { timeoutSeconds: 1 })
    await one.rule()
    await hanging.hang()
    const attempts = await expectVerified(one)
    expect(attempts[0]?.evidence.map(({ text }) => text)).toContain('http of the bot: OK 2 times')
    expect(await one.starts()).toBe(2)
    await one.resolved()
    await told(one, firing('http of the bot is failing', one), resolved('http of the bot', one))
  })

  it('S20 500s: restarted once', async () => {
    const one = await open()
    const failing = await one.bot()
    await one.check('http', health)
    await one.rule()
    await failing.answer(500)
    await expectVerified(one)
    await one.resolved()
    expect(await one.starts()).toBe(2)
    await told(one, firing('http of the bot is failing', one), resolved('http of the bot', one))
  })

  it('S20 a memory leak past its limit: restarted once', async () => {
    const one = await open()
    const leaking = await one.bot()
    await one.check('unit-resources', { memoryMegabytes: 60 }, { failureThreshold: 2 })
    await one.rule()
    await leaking.leakMemory({ mb: 100 })
    await expectVerified(one)
    await one.resolved()
    expect(await one.starts()).toBe(2)
    await told(one, firing('unit-resources of the bot is failing', one), resolved('unit-resources of the bot', one))
  })

  it('S22 S24 a crash loop: 3 attempts after 5, 10 and 20 s, then one critical message and nothing more', async () => {
    const one = await open()
    const unit = '[Service]\nExecStart=/bin/sh -c "sleep 0.3; exit 1"\nRestart=no\nStartLimitIntervalSec=0\n'
    await one.host.writeFile(`/etc/systemd/system/${loop}`, unit)
    await one.host.exec('systemctl daemon-reload')
    await one.rule(loop)
    await one.host.exec(`systemctl start ${loop}`)
    const attempts = await one.rests(3, 'escalated', loop)
    expect(attempts.map(({ number, outcome }) => `${number} ${outcome}`)).toEqual(['1 failed', '2 failed', '3 failed'])
    const waits = attempts.slice(1).map((each, index) => each.at - (attempts[index]?.finishedAt ?? 0))
    expect(waits[0]).toBeGreaterThan(8_900)
    expect(waits[0]).toBeLessThan(11_000 + slackMs)
    expect(waits[1]).toBeGreaterThan(17_900)
    expect(waits[1]).toBeLessThan(22_000 + slackMs)
    const all = [
      firing('crash-loop failed', one),
      `🔴 Needs you: crash-loop could not be mended on ${one.host.name}`,
    ] as const
    await told(one, ...all)
    await new Promise(resolve => setTimeout(resolve, 15_000))
    await told(one, ...all)
    expect(await one.attempts(loop)).toHaveLength(3)
    expect(await one.starts(loop)).toBe(4)
    const { reason } = await app.client.call('recovery.get', one.ref(loop))
    expect(reason).toContain('tried 3 times within 10 minutes')
  })

  it('S20 S21 what a person stopped stays stopped; what systemd restarts by itself is left to it', async () => {
    const one = await open()
    const own = await one.bot('on-failure')
    await one.rule()
    await own.crash()
    // systemd brings it back after half a second
    await until(async () => (await one.starts()) === 2)
    await one.resolved()
    expect(await one.attempts()).toEqual([])
    await one.check('http', health)
    await one.host.exec(`systemctl stop ${bot}`)
    expect((await app.client.call('unit.get', one.ref())).activeState).toBe('inactive')
    await new Promise(resolve => setTimeout(resolve, 12_000))
    expect(await one.attempts()).toEqual([])
    expect(await one.starts()).toBe(2)
    await told(one, firing('keepalive-bot failed', one), resolved('keepalive-bot', one))
  })

  it('S18 S20 a host that is gone: told as that alone, and nothing of it is restarted', async () => {
    const one = await open()
    const { host } = one
    await one.bot()
    await one.check('http', health)
    await one.rule()
    await one.hurryReachability(2)
    const gone = `🔴 Critical: ${host.name} cannot be reached` as const
    await host.cutLink()
    await told(one, gone)
    await host.restoreLink()
    await app.client.call('host.connect', one.id)
    await told(one, gone, `🟢 Resolved: ${host.name} can be reached again`)
    expect(await one.attempts()).toEqual([])
    expect(await one.starts()).toBe(1)
  }, 180_000)

  it('S20 what a person stopped stays stopped, also where it ended badly', async () => {
    const one = await open()
    const name = 'ends-badly.service'
    const text = `[Service]\nExecStart=/bin/sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'\nRestart=no\n`
    await one.host.writeFile(`/etc/systemd/system/${name}`, text)
    await one.host.exec(`systemctl daemon-reload && systemctl start ${name}`)
    await one.seen(name, 'active')
    await one.rule(name)
    await one.host.exec(`systemctl stop ${name}`)
    await one.seen(name, 'failed')
    await new Promise(resolve => setTimeout(resolve, 7_000))
    expect(await one.attempts(name)).toEqual([])
    // systemd calls it failed, and nobody is told: that is what was asked for
    expect(await app.client.call('recovery.get', one.ref(name))).toMatchObject({ phase: 'idle' })
    await told(one)
  })
})

it('S12 S19 when all of that is over, no channel was told anything else', () => {
  channels.expectNothingElse(hosts.map(host => host.name))
})

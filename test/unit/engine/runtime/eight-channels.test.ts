// All kinds of channels at once over real connections, each with a trouble of its own: everything arrives, in order, and nobody waits for anybody.
import { expect, test } from 'vitest'
import type { Clock } from '../../../../src/engine/lib/clock.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { Native } from '../../../../src/engine/ports.ts'
import { Notifier } from '../../../../src/engine/runtime/notifier.ts'
import { Outbox } from '../../../../src/engine/runtime/outbox.ts'
import type { NewsItem } from '../../../../src/shared/model/channel.ts'
import { startEight } from '../../../fakes/channels/eight.ts'
import { tooMany } from '../../../fakes/channels/telegram.ts'
import { news } from '../channels/given.ts'
import { createWorkplace } from '../store/lib.ts'

/** Real time, but waits are shorter: the back-off of 5 s takes half a second, and the minute for an answer 6 s. */
const pace = 10
const quick: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * pace,
  after: (ms, task) => systemClock.after(ms / pace, task),
  every: (ms, task) => systemClock.every(ms / pace, task),
}
const patience = { timeout: 25_000, interval: 20 }

test('S19 refused, put off, slow, cut off or never answered: every message arrives on every channel, in order', async () => {
  await using eight = await startEight()
  const place = createWorkplace()
  const store = place.open()
  const secrets = new Map<string, string>()
  const vault = {
    get: (id: string) => secrets.get(id) ?? null,
    put: (id: string, value: string) => void secrets.set(id, value),
    forget: () => {},
    onChange: () => ({ dispose: () => {} }),
  }
  const about = { store, clock: quick, steady: createSteadyTime(quick), log: silentLogger }
  const outbox = new Outbox({ ...about, desktopOn: () => false })
  const notifier = new Notifier({ ...about, outbox, vault, native: {} as Native, publish: () => {} })
  try {
    notifier.start()
    for (const { draft, secrets: given } of eight.channels) notifier.add(draft, given)
    const post = (title: string, change: Partial<NewsItem> = {}): void =>
      outbox.transaction(() => outbox.post(news({ title, incidentId: title, ...change }), []))
    /** In the order in which they came first: what is cut off in the middle may come twice. */
    const seen = (type: string): string[] => {
      const arrived = eight.channels.find(({ draft }) => draft.type === type)?.arrived() ?? []
      return [...new Set(arrived.flatMap(text => text.match(/(first|second|third) on \w+/g) ?? []))]
    }
    const troubles = {
      telegram: [tooMany(7)],
      discord: [{ status: 429, body: { message: 'rate limited', retry_after: 6, global: false } }],
      slack: [{ status: 500 }, { status: 503 }],
      ntfy: [{ slowMs: 300 }],
      gotify: ['never'],
      email: ['break', 'break'],
      resend: ['afterwards'],
      webhook: [],
    } as const
    for (const [type, list] of Object.entries(troubles))
      eight.channels.find(({ draft }) => draft.type === type)?.trouble(...list)

    post('first on web')
    await expect.poll(() => seen('webhook'), patience).toEqual(['first on web'])
    // one that never answers holds up nobody but itself
    expect(seen('gotify')).toEqual([])
    for (const hostId of ['db', 'mail']) post(`${hostId === 'db' ? 'second' : 'third'} on ${hostId}`, { hostId })
    const all = ['first on web', 'second on db', 'third on mail']
    for (const { draft } of eight.channels)
      await expect.poll(() => seen(draft.type), { ...patience, message: draft.type }).toEqual(all)

    expect(eight.channels.flatMap(channel => channel.violations())).toEqual([])
    const left = () => notifier.list().filter(({ waiting, problem }) => waiting > 0 || problem !== null)
    await expect.poll(left, patience).toEqual([])
    // the letter that Resend had taken before the connection broke was not sent twice by it
    expect(eight.channels.find(({ draft }) => draft.type === 'resend')?.arrived()).toHaveLength(3)
  } finally {
    await notifier.dispose()
    place.dispose()
  }
})

test('S19 a message that is tried again carries the same id', async () => {
  await using eight = await startEight()
  const place = createWorkplace()
  const store = place.open()
  const vault = { get: () => null, put: () => {}, forget: () => {}, onChange: () => ({ dispose: () => {} }) }
  const about = { store, clock: quick, steady: createSteadyTime(quick), log: silentLogger }
  const outbox = new Outbox({ ...about, desktopOn: () => false })
  const notifier = new Notifier({ ...about, outbox, vault, native: {} as Native, publish: () => {} })
  try {
    notifier.start()
    const webhook = eight.channels.find(({ draft }) => draft.type === 'webhook')
    if (webhook) notifier.add(webhook.draft, {})
    webhook?.trouble('afterwards', { status: 503 }, 'break')
    outbox.transaction(() => outbox.post(news(), []))
    await expect.poll(() => notifier.list().at(-1)?.lastSentAt ?? null, patience).not.toBeNull()
    const ids = eight.webhook.requests.map(({ headers }) => headers['x-quarterdeck-id'])
    expect(ids).toHaveLength(4)
    expect(new Set(ids).size).toBe(1)
    expect(new Set(eight.webhook.requests.map(({ text }) => text)).size).toBe(1)
  } finally {
    await notifier.dispose()
    place.dispose()
  }
})

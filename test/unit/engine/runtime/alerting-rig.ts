// The whole way from probes to messages for tests: a real store, a clock of the test's own, and channels that write down what they are sent.
import { z } from 'zod'
import type { ChannelType, SendResult } from '../../../../src/engine/channels/index.ts'
import type { Clock } from '../../../../src/engine/lib/clock.ts'
import type { Disposable } from '../../../../src/engine/lib/disposable.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { Native } from '../../../../src/engine/ports.ts'
import { Alerting, type IncidentChange } from '../../../../src/engine/runtime/alerting.ts'
import { Notifier } from '../../../../src/engine/runtime/notifier.ts'
import { Outbox } from '../../../../src/engine/runtime/outbox.ts'
import { Silences } from '../../../../src/engine/runtime/silences.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import type { Channel, Notification } from '../../../../src/shared/model/channel.ts'
import {
  type Check,
  CheckDraft,
  type CheckUnit,
  type Probe,
  type ProbeStatus,
} from '../../../../src/shared/model/check.ts'
import { createWorkplace, draft, start } from '../store/lib.ts'

export interface Sent {
  channel: string
  at: number
  notification: Notification
}

type Answer = (notification: Notification, attempt: number) => SendResult | Promise<SendResult>

export function createRig() {
  const place = createWorkplace()
  const { clock } = place
  const sent: Sent[] = []
  const attempts: Sent[] = []
  const answers = new Map<string, Answer>()
  const published: { name: string; payload: unknown }[] = []
  const changes: IncidentChange[] = []
  const settings = { notifications: true }
  const fakeType: ChannelType = {
    type: 'fake',
    title: 'Fake',
    description: '',
    spec: z.object({ name: z.string() }),
    addable: true,
    async send(context, spec, notification) {
      const name = String((spec as { name?: unknown }).name)
      attempts.push({ channel: name, at: clock.now(), notification })
      const tries = attempts.filter(each => each.channel === name).length
      const answer = answers.get(name)
      const result = answer ? await answer(notification, tries) : ({ ok: true } as const)
      if (result.ok && !context.signal.aborted) sent.push({ channel: name, at: clock.now(), notification })
      return result
    },
  }
  const desktopType: ChannelType = {
    ...fakeType,
    type: 'desktop',
    spec: z.object({}),
    addable: false,
    send: (context, _spec, notification) => fakeType.send(context, { name: 'desktop' }, notification),
  }
  const vault = { get: () => null, put: () => {}, forget: () => {}, onChange: () => ({ dispose: () => {} }) }

  let store = place.open()
  let engine = boot()
  function boot() {
    const life = mortal(clock)
    const steady = createSteadyTime(clock)
    const about = { store, clock: life.clock, steady, log: silentLogger }
    const publish = (name: string, payload: unknown): void => void published.push({ name, payload })
    const outbox = new Outbox({ ...about, desktopOn: () => settings.notifications })
    const silences = new Silences({ ...about, publish })
    const notifier = new Notifier({
      ...about,
      outbox,
      publish,
      vault,
      native: {} as Native,
      typeOf: type => (type === 'fake' ? fakeType : type === 'desktop' ? desktopType : undefined),
    })
    const alerting = new Alerting({ ...about, outbox, silences, publish })
    alerting.changed.on(change => changes.push(change))
    notifier.start()
    return { outbox, silences, notifier, alerting, life }
  }

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn++) await Promise.resolve()
  }
  const rig = {
    clock,
    place,
    sent,
    attempts,
    published,
    changes,
    settings,
    get store(): Store {
      return store
    },
    get alerting() {
      return engine.alerting
    },
    get notifier() {
      return engine.notifier
    },
    get outbox() {
      return engine.outbox
    },
    get silences() {
      return engine.silences
    },
    answer: (channel: string, answer: Answer) => void answers.set(channel, answer),
    settle,
    /** Time goes by, in small steps, and promises with it. */
    async pass(ms: number, step = Math.max(250, ms / 200)): Promise<void> {
      await settle()
      for (let left = ms; left > 0; left -= step) {
        clock.advance(Math.min(step, left))
        await settle()
      }
    },
    /** As by `kill -9`: what was in memory is gone, nothing said good-bye; what was being sent may have arrived. */
    async kill(): Promise<void> {
      engine.life.end()
      store.close()
      await settle()
      store = place.open()
      engine = boot()
      await settle()
    },
    host(id: string, change: Parameters<typeof draft>[0] = {}): void {
      store.hosts.insert({
        ...draft({ name: id, ...change }),
        id,
        kind: id === 'local' ? 'local' : 'ssh',
        createdAt: start,
      })
    },
    check(id: string, change: Partial<Check> = {}): Check {
      const base = CheckDraft.parse({ hostId: 'web', type: 'http', name: id, spec: {}, unit: null })
      store.checks.insert({ ...base, id, builtIn: false, createdAt: start, ...change })
      const made = store.checks.get(id)
      if (!made) throw new Error('not made')
      engine.alerting.checkChanged(made)
      return made
    },
    channel(name: string, change: Partial<Channel> = {}): void {
      const filter = { minSeverity: 'info', tags: [], hosts: [] } as Channel['filter']
      engine.notifier.add(
        { type: 'fake', name, spec: { name }, enabled: true, filter, quietHours: null, ...change },
        {},
      )
    },
    probe(check: Check, status: ProbeStatus, change: Partial<Probe> & { unit?: CheckUnit } = {}): Probe {
      const { unit = null, ...rest } = change
      const message = status === 'healthy' ? '[STATUS] (200) == 200' : '[STATUS] (500) == 200'
      const cause = status === 'healthy' ? null : 'health'
      const probe = {
        checkId: check.id,
        at: clock.now(),
        status,
        latencyMs: null,
        message,
        cause,
        numbers: [],
        ...rest,
      }
      return engine.alerting.observe(check, unit, probe as Probe)
    },
    times(check: Check, status: ProbeStatus, count: number, change: Partial<Probe> & { unit?: CheckUnit } = {}): void {
      for (let n = 0; n < count; n++) rig.probe(check, status, change)
    },
    fire: (check: Check, change: Partial<Probe> & { unit?: CheckUnit } = {}) =>
      rig.times(check, 'unhealthy', check.failureThreshold, change),
    heal: (check: Check, change: Partial<Probe> & { unit?: CheckUnit } = {}) =>
      rig.times(check, 'healthy', check.recoveryThreshold, change),
    /** What arrived, in short: `channel kind title`. */
    said(channel?: string): string[] {
      return sent
        .filter(each => channel === undefined || each.channel === channel)
        .flatMap(each => each.notification.items.map(item => `${item.kind}: ${item.title}`))
    },
    messages: (channel: string) => sent.filter(each => each.channel === channel).map(each => each.notification),
    async dispose(): Promise<void> {
      await Promise.all([engine.notifier.dispose(), rig.pass(5_000, 5_000)])
      engine.alerting.dispose()
      engine.silences.dispose()
      place.dispose()
    },
  }
  return rig
}

/** A clock whose timers end all at once, as with the process. */
function mortal(clock: Clock) {
  const timers = new Set<Disposable>()
  let dead = false
  const keep = (timer: Disposable): Disposable => {
    if (dead) timer.dispose()
    timers.add(timer)
    return timer
  }
  return {
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, task) => keep(clock.after(ms, task)),
      every: (ms, task) => keep(clock.every(ms, task)),
    } satisfies Clock,
    end(): void {
      dead = true
      for (const timer of timers) timer.dispose()
    },
  }
}

export type Rig = ReturnType<typeof createRig>

// Two hosts with services, as the commands of a chat see them, and a bot's channel on a real store; for tests of Telegram commands.
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import { ChatCommands, type ChatWorld } from '../../../../src/engine/runtime/chat-commands.ts'
import { TelegramCommands } from '../../../../src/engine/runtime/telegram-commands.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import type { AppError } from '../../../../src/shared/errors.ts'
import { ChannelFilter } from '../../../../src/shared/model/channel.ts'
import type { Incident } from '../../../../src/shared/model/incident.ts'
import type { ActionRun, UnitRef, UnitVerb } from '../../../../src/shared/model/unit.ts'
import type { FakeTelegram } from '../../../fakes/channels/telegram.ts'
import { unitState } from './fake-host.ts'

export const me = { id: 7, username: 'sam', first_name: 'Sam' }
export const other = { id: 8, first_name: 'Eve' }
export const myChat = 7
export const strangersChat = 666

export function openIncident(change: Partial<Incident> = {}): Incident {
  return {
    id: 'inc-1',
    hostId: 'web-1',
    hostName: 'web-1',
    checkId: 'web-1-unit-failures',
    checkName: 'Failed services',
    checkType: 'unit-failures',
    unit: { scope: 'system', name: 'bot.service' },
    severity: 'critical',
    state: 'open',
    title: 'bot failed on web-1',
    firstMessage: 'failed',
    lastMessage: 'failed',
    cause: 'unit',
    openedAt: 1,
    startedAt: 1,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    mutedBy: null,
    tags: [],
    ...change,
  }
}

export interface Done {
  readonly restarted: string[]
  readonly silenced: string[]
  readonly acknowledged: string[]
}

/** The rest of an engine around the commands; what they do is written down. */
export function chatWorld(
  store: Store,
  units: Record<string, string[]> = { 'web-1': ['bot.service', 'site.service'] },
) {
  const done: Done = { restarted: [], silenced: [], acknowledged: [] }
  const runs = new Map<string, ActionRun>()
  const trouble: { refuse: AppError | null; outcome: ActionRun['outcome'] } = { refuse: null, outcome: 'verified' }
  const sessions = Object.entries(units).map(([id, names]) => ({
    host: { id, name: id },
    units: {
      list: () =>
        names.map((name, index) => ({
          ...unitState(name, index === 0 ? { activeState: 'failed', subState: 'failed' } : {}),
          hostId: id,
          fragmentPath: `/etc/systemd/system/${name}`,
          pinned: false,
        })),
    },
  }))
  const views = sessions.map(({ host }) => ({
    host,
    connection: { state: 'ready' },
    units: { total: 2, failed: 1, active: 1 },
  }))
  const world = {
    store,
    fleet: { views: () => views, sessions: () => sessions },
    actions: {
      run: async (ref: UnitRef, verb: UnitVerb, actor: string) => {
        if (trouble.refuse) throw trouble.refuse
        done.restarted.push(`${verb} ${ref.hostId}/${ref.name} by ${actor}`)
        const run = { id: `run-${runs.size}`, outcome: trouble.outcome, evidence: [], error: null }
        runs.set(run.id, run as unknown as ActionRun)
        return run
      },
      get: (id: string) => runs.get(id),
    },
    alerting: { acknowledge: (id: string, actor: string) => done.acknowledged.push(`${id} by ${actor}`) },
    silences: {
      add: (draft: { schedule: { until: number; from: number } }, actor: string) =>
        done.silenced.push(
          `${JSON.stringify({ ...draft, schedule: draft.schedule.until - draft.schedule.from })} by ${actor}`,
        ),
    },
    audit: new AuditLog(store, systemClock, () => {}),
    clock: systemClock,
  } as unknown as ChatWorld
  return { done, trouble, world }
}

export function addTelegramChannel(
  store: Store,
  telegram: FakeTelegram,
  spec: Record<string, unknown> = {},
  id = 'phone',
): void {
  store.channels.insert({
    id,
    type: 'telegram',
    name: 'Phone',
    spec: { chatId: String(myChat), apiBase: telegram.base, commands: true, ...spec },
    enabled: true,
    filter: ChannelFilter.parse({}),
    quietHours: null,
    createdAt: 1,
  })
}

/** As the engine starts it. `shift` moves the wall clock. */
export function startCommands(
  store: Store,
  telegram: FakeTelegram,
  world: ChatWorld,
  shift: { ms: number } = { ms: 0 },
) {
  const lines: string[] = []
  const commands = new TelegramCommands({
    store,
    secret: (_, field) => (field === 'token' ? telegram.token : null),
    commands: new ChatCommands(world),
    clock: { ...systemClock, now: () => Date.now() + shift.ms },
    log: createLogger({ sink: line => lines.push(line), now: () => 0 }),
  })
  commands.refresh()
  return { commands, lines }
}

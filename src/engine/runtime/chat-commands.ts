// Answers the commands of a chat (R22), and does what one of them proposed once it was confirmed; knows no chat service.
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import { HostId } from '../../shared/model/host.ts'
import { UnitRef } from '../../shared/model/unit.ts'
import { type ChatCommand, findUnit, type NamedUnit, readMinutes, shortName } from '../domain/chat-command.ts'
import { capped, chatHelp, incidentLine, named, outcomeText } from '../domain/chat-text.ts'
import { duration } from '../domain/notification-text.ts'
import { compareUnits } from '../domain/unit-order.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import type { Actions } from './actions.ts'
import type { Alerting } from './alerting.ts'
import type { AuditLog } from './audit-log.ts'
import type { Fleet } from './fleet.ts'
import type { Silences } from './silences.ts'

/** What a person is asked to confirm; kept as JSON while they think about it. */
export const ChatAct = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('restart'), ref: UnitRef, hostName: z.string() }),
  z.object({
    kind: z.literal('silence'),
    hostId: HostId,
    unit: UnitRef.pick({ scope: true, name: true }).nullable(),
    what: z.string(),
    minutes: z.number(),
  }),
  z.object({ kind: z.literal('acknowledge'), incidentIds: z.array(z.string()) }),
])
export type ChatAct = z.infer<typeof ChatAct>

export interface ChatAnswer {
  readonly text: string
  /** What pressing the button does. */
  readonly confirm?: { readonly label: string; readonly act: ChatAct }
}

export interface ChatDone {
  readonly text: string
  readonly later?: Promise<string>
}

export interface ChatWorld {
  readonly store: Pick<Store, 'incidents' | 'checks' | 'recovery'>
  readonly fleet: Pick<Fleet, 'views' | 'sessions'>
  readonly actions: Pick<Actions, 'run' | 'get' | 'under'>
  readonly alerting: Pick<Alerting, 'acknowledge'>
  readonly silences: Pick<Silences, 'add'>
  readonly audit: Pick<AuditLog, 'begin'>
  readonly clock: Clock
}

const actionWaitMs = 120_000

export class ChatCommands {
  readonly #world: ChatWorld

  constructor(world: ChatWorld) {
    this.#world = world
  }

  answer({ verb, words }: ChatCommand): ChatAnswer {
    switch (verb) {
      case 'status':
        return { text: this.#status() }
      case 'listbots':
        return { text: this.#bots() }
      case 'restart':
        return this.#withUnit(words[0], '/restart NAME', unit => ({
          text: `Restart ${named(unit)}?`,
          confirm: { label: 'Restart', act: { kind: 'restart', ref: refOf(unit), hostName: unit.hostName } },
        }))
      case 'update':
        return this.#withUnit(words[0], '/update NAME', unit => ({
          text: `No update steps are configured for ${named(unit)}, so nothing was done. Updates of your own software come with a later version.`,
        }))
      case 'silence':
        return this.#silence(words)
      case 'ack':
        return this.#acknowledge(words[0])
      case 'help':
      case 'start':
        return { text: chatHelp }
      case 'unknown':
        return { text: `There is no such command.\n${chatHelp}` }
    }
  }

  /**
   * Does what was confirmed, with an audit entry; a restart has its own entry besides, which tells its end. Resolves with what to say at once
   * and, where it takes longer, a promise of how it ended; never rejects.
   */
  async perform(act: ChatAct, actor: string): Promise<ChatDone> {
    const finish = this.#world.audit.begin({ actor, verb: 'channel.command', ...auditOf(act, this.#world.store) })
    try {
      const done = await this.#do(act, actor)
      finish('verified', done.text)
      return done
    } catch (error) {
      const { message } = AppError.from(error)
      finish('failed', message)
      return { text: `That did not work: ${message}` }
    }
  }

  async #do(act: ChatAct, actor: string): Promise<ChatDone> {
    const { actions, alerting, silences, clock, store } = this.#world
    switch (act.kind) {
      case 'restart': {
        const run = await actions.run(act.ref, 'restart', actor)
        const name = `${shortName(act.ref.name)} on ${act.hostName}`
        return {
          text: `Restarting ${name} …`,
          later: this.#ended(run.id, name),
        }
      }
      case 'silence': {
        const from = clock.now()
        const until = from + act.minutes * 60_000
        const scope = { hostId: act.hostId, unit: act.unit, checkId: null, tag: null }
        silences.add(
          {
            name: `${act.what} (${actor})`.slice(0, 100),
            kind: 'silence',
            scope,
            schedule: { kind: 'once', from, until },
          },
          actor,
        )
        return { text: `Nothing is told of ${act.what} for ${duration(act.minutes * 60_000)}.` }
      }
      case 'acknowledge': {
        const open = act.incidentIds.filter(id => store.incidents.get(id)?.state === 'open')
        for (const id of open) alerting.acknowledge(id, actor)
        const words = open.length === 1 ? '1 incident' : `${open.length} incidents`
        return { text: open.length === 0 ? 'They are over or acknowledged already.' : `Acknowledged ${words}.` }
      }
    }
  }

  async #ended(runId: string, name: string): Promise<string> {
    const { actions, clock } = this.#world
    const until = clock.monotonic() + actionWaitMs
    for (;;) {
      const run = actions.get(runId)
      if (run.outcome !== 'running') return outcomeText(run, name)
      if (clock.monotonic() > until) return `The restart of ${name} is still under way; see Activity for how it ends.`
      await sleep(clock, 500)
    }
  }

  #status(): string {
    const { fleet, store, clock } = this.#world
    const lines = fleet.views().flatMap(({ host, connection, units }) => {
      const counts = units === null ? 'services not known' : `${units.active} services run, ${units.failed} failed`
      const head = connection.state === 'ready' ? `${host.name}: ${counts}` : `${host.name}: not connected`
      return [
        `${connection.state !== 'ready' ? '⚪' : units?.failed ? '🔴' : '🟢'} ${head}`,
        ...this.#failedOf(host.id),
      ]
    })
    const incidents = store.incidents.active()
    const open = incidents.map(
      incident => `${incidentLine(incident)}, for ${duration(clock.now() - incident.startedAt)}`,
    )
    const title = open.length === 0 ? 'No open incidents.' : `Open incidents: ${open.length}`
    return capped([...(lines.length === 0 ? ['There are no hosts yet.'] : lines), '', title, ...open])
  }

  #failedOf(hostId: string): string[] {
    const session = this.#world.fleet.sessions().find(({ host }) => host.id === hostId)
    const failed = session?.units.list().filter(({ activeState }) => activeState === 'failed') ?? []
    const names = failed.slice(0, 5).map(({ name }) => `   ✗ ${shortName(name)}`)
    return failed.length > 5 ? [...names, `   … and ${failed.length - 5} more`] : names
  }

  /** Those that a person cares for: pinned, with a check or a rule of their own; else all that failed or were put there by a person. */
  #bots(): string {
    const { fleet, store, clock } = this.#world
    const cared = new Set([
      ...store.checks.list().flatMap(({ hostId, unit }) => (unit ? [keyOf({ hostId, ...unit })] : [])),
      ...store.recovery.policies().map(({ policy }) => keyOf(policy)),
    ])
    const all = fleet.sessions().flatMap(({ host, units }) => units.list().map(unit => ({ unit, host })))
    const chosen = all.filter(({ unit }) => unit.pinned || cared.has(keyOf(unit)))
    const shown = chosen.length > 0 ? chosen : all.filter(({ unit }) => isOwn(unit))
    if (shown.length === 0) return 'No services are watched yet: pin one, or give it a check.'
    const lines = shown
      .sort((a, b) => compareUnits(a.unit, b.unit))
      .map(({ unit, host }) => {
        const mark = unit.activeState === 'active' ? '🟢' : unit.activeState === 'failed' ? '🔴' : '⚪'
        const since = unit.since === null ? '' : ` for ${duration(clock.now() - unit.since)}`
        return `${mark} ${shortName(unit.name)} on ${host.name}: ${unit.activeState}${since}`
      })
    return capped(lines)
  }

  #silence([name, time = '30m']: readonly string[]): ChatAnswer {
    const minutes = readMinutes(time)
    if (name === undefined || minutes === null)
      return { text: 'Say it as /silence NAME 30m, with m, h or d, at most 30d.' }
    const views = this.#world.fleet.views()
    const host = views.find(({ host: { id, name: own } }) => [id, own.toLowerCase()].includes(name.toLowerCase()))?.host
    const ask = (what: string, act: { hostId: string; unit: Pick<UnitRef, 'scope' | 'name'> | null }): ChatAnswer => ({
      text: `Say nothing of ${what} for ${duration(minutes * 60_000)}?`,
      confirm: { label: 'Silence', act: { kind: 'silence', what, minutes, ...act } },
    })
    if (host) return ask(host.name, { hostId: host.id, unit: null })
    return this.#withUnit(name, '/silence NAME 30m', unit =>
      ask(named(unit), { hostId: unit.hostId, unit: { scope: unit.scope, name: unit.name } }),
    )
  }

  #acknowledge(name: string | undefined): ChatAnswer {
    const wanted = name?.toLowerCase()
    const open = this.#world.store.incidents.active().filter(incident => {
      if (incident.state !== 'open') return false
      const names = [incident.hostName, incident.hostId, incident.checkName, incident.unit?.name ?? '']
      return (
        wanted === undefined ||
        [...names, shortName(incident.unit?.name ?? '')].some(each => each.toLowerCase() === wanted)
      )
    })
    if (open.length === 0)
      return { text: name === undefined ? 'There are no open incidents.' : `There are no open incidents of ${name}.` }
    return {
      text: capped(['Acknowledge?', ...open.map(incidentLine)]),
      confirm: { label: 'Acknowledge', act: { kind: 'acknowledge', incidentIds: open.map(({ id }) => id) } },
    }
  }

  #withUnit(name: string | undefined, usage: string, answer: (unit: NamedUnit) => ChatAnswer): ChatAnswer {
    if (name === undefined) return { text: `Say which: ${usage}` }
    const all = this.#world.fleet
      .sessions()
      .flatMap(({ host, units }) => units.list().map(unit => ({ ...refOf(unit), hostName: host.name })))
    const found = findUnit(name, all)
    if (found.kind === 'one') return answer(found.item)
    const list = (units: readonly NamedUnit[]): string =>
      units.map(unit => `${unit.hostName}/${shortName(unit.name)}`).join('\n')
    if (found.kind === 'several') return { text: `There are several; say which:\n${list(found.items)}` }
    const like = found.like.length === 0 ? '' : ` Did you mean:\n${list(found.like)}`
    return { text: `There is no service ${name}.${like}` }
  }
}

const refOf = ({ hostId, scope, name }: UnitRef): UnitRef => ({ hostId, scope, name })
const keyOf = ({ hostId, scope, name }: UnitRef): string => `${hostId}/${scope}/${name}`
const isOwn = (unit: { fragmentPath: string | null; activeState: string }): boolean =>
  unit.activeState === 'failed' || (unit.fragmentPath?.startsWith('/etc/systemd/system/') ?? false)

function auditOf(act: ChatAct, store: ChatWorld['store']) {
  switch (act.kind) {
    case 'restart':
      return { hostId: act.ref.hostId, target: act.ref.name, command: `/restart ${shortName(act.ref.name)}` }
    case 'silence':
      return { hostId: act.hostId, target: act.unit?.name ?? act.what, command: `/silence ${act.what} ${act.minutes}m` }
    case 'acknowledge': {
      const incidents = act.incidentIds.flatMap(id => store.incidents.get(id) ?? [])
      const [only] = incidents
      return {
        hostId: incidents.length === 1 ? (only?.hostId ?? null) : null,
        target: incidents
          .map(({ title }) => title)
          .join(', ')
          .slice(0, 250),
        command: '/ack',
      }
    }
  }
}

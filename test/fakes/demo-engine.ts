// Answers the engine's and the shell's contract from memory inside a page, so that screens can be looked at without an engine. Never part of the app.
import { engineContract } from '../../src/shared/contract/engine.ts'
import { type EngineProcessState, shellContract } from '../../src/shared/contract/shell.ts'
import { AppError, type ErrorCode } from '../../src/shared/errors.ts'
import type { HostView } from '../../src/shared/model/host.ts'
import type { ActionRun, Unit, UnitRef, UnitVerb } from '../../src/shared/model/unit.ts'
import { fromEventPort } from '../../src/shared/rpc/port.ts'
import type { PortKind, PreloadApi } from '../../src/shared/rpc/preload-api.ts'
import { type Handlers, type Server, serve } from '../../src/shared/rpc/server.ts'
import { backupHandlers } from './demo/backups.ts'
import { channelHandlers } from './demo/channels.ts'
import { checkHandlers } from './demo/checks.ts'
import { hostHandlers } from './demo/hosts.ts'
import { incidentHandlers } from './demo/incidents.ts'
import { loginHandlers } from './demo/logins.ts'
import { maintenanceHandlers } from './demo/maintenance.ts'
import { entryOf, matchesFilter, sampleOf, seriesNames, seriesOf } from './demo/measure.ts'
import { recoveryHandlers } from './demo/recovery.ts'
import { createWorld, type World, type WorldName } from './demo/world.ts'

export interface DemoOptions {
  readonly world: WorldName
  /** Calls that never answer. */
  readonly hang: readonly string[]
  /** Calls that fail. */
  readonly fail: readonly string[]
  /** Puts others in the place of some of the engine's handlers. */
  readonly engine?: (handlers: EngineHandlers) => EngineHandlers
}

/** What a test can do from outside, by `window.demo`. */
export interface DemoControl {
  readonly world: World
  /** The names of all calls so far, and their input; secrets included, it is a demo. */
  readonly calls: { name: string; input: unknown }[]
  /** Ends the engine's port as a crash would, and comes back after `ms`. */
  crash(ms: number): void
  emit(name: string, payload: unknown): void
  openRoute(path: string): void
}

type EngineServer = Server<typeof engineContract>
type ShellServer = Server<typeof shellContract>
type EngineHandlers = Handlers<typeof engineContract>

declare global {
  interface Window {
    demo?: DemoControl
  }
}

/** Puts `window.quarterdeck` in place as the preload script would. */
export function installDemo(options: DemoOptions): DemoControl {
  const world = createWorld(options.world)
  const control: { calls: DemoControl['calls']; watched: string | null } = { calls: [], watched: null }
  let engine: EngineServer | null = null
  let shell: ShellServer | null = null
  let ports = 0
  let processState: EngineProcessState = { state: 'running', since: Date.now(), crashes: 0, nextStartAt: null }
  const emit: EngineServer['emit'] = (name, payload) => engine?.emit(name, payload)

  const send = (kind: PortKind): void => {
    const { port1, port2 } = new MessageChannel()
    const port = fromEventPort(port2)
    if (kind === 'engine') {
      const made = engineHandlers(world, control, emit)
      engine = serve(engineContract, port, spy(options.engine?.(made) ?? made, options, control.calls))
    }
    if (kind === 'shell')
      shell = serve(
        shellContract,
        port,
        spy(
          shellHandlers(world, () => processState),
          options,
          control.calls,
        ),
      )
    window.postMessage({ quarterdeck: 'port', kind, id: ports++ }, '*', [port1])
  }
  const api: PreloadApi = { request: send }
  Object.defineProperty(window, 'quarterdeck', { value: api })

  setInterval(() => {
    const at = Date.now()
    for (const view of world.hosts.values()) {
      if (view.connection.state === 'ready') emit('metric.sample', sampleFor(world, view.host.id, at))
    }
  }, 2000)

  return {
    world,
    calls: control.calls,
    crash(ms) {
      engine?.dispose()
      engine = null
      processState = { state: 'crashed', since: Date.now(), crashes: 1, nextStartAt: Date.now() + ms }
      shell?.emit('engine.stateChanged', processState)
      window.postMessage({ quarterdeck: 'gone', kind: 'engine', id: ports - 1 }, '*')
      setTimeout(() => {
        send('engine')
        processState = { state: 'running', since: Date.now(), crashes: 1, nextStartAt: null }
        shell?.emit('engine.stateChanged', processState)
      }, ms)
    },
    emit: (name, payload) => engine?.emit(name as never, payload as never),
    openRoute: path => shell?.emit('route.open', path),
  }
}

/** Records every call, and lets those that the options name hang or fail. */
function spy<H extends object>(handlers: H, options: DemoOptions, calls: DemoControl['calls']): H {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const answer = (input: unknown, context: unknown): unknown => {
      calls.push({ name, input })
      if (options.hang.includes(name)) return new Promise(() => {})
      if (options.fail.includes(name)) {
        // Thrown and not rejected: for a stream it would be nobody's promise.
        throw new AppError('INTERNAL', 'The demo was told to let this fail', { hint: 'Open it without "fail".' })
      }
      return (handler as (input: unknown, context: unknown) => unknown)(input, context)
    }
    return [name, answer]
  })
  return Object.fromEntries(wrapped) as H
}

function sampleFor(world: World, hostId: string, at: number) {
  return sampleOf(
    hostId,
    at,
    world.units.get(hostId) ?? [],
    (world.hosts.get(hostId)?.uptimeSeconds ?? 0) + (at % 1e6) / 1000,
  )
}

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const notFound = (what: string): AppError => new AppError('NOT_FOUND' satisfies ErrorCode, `${what} is not there`)

function engineHandlers(world: World, control: { watched: string | null }, emit: EngineServer['emit']): EngineHandlers {
  const origin = Date.now() - 20_000 * 1500
  const newest = (): number => Math.floor((Date.now() - origin) / 1500)
  const viewOf = (id: string): HostView => {
    const view = world.hosts.get(id)
    if (!view) throw notFound(`The host ${id}`)
    return view
  }
  const unitOf = (ref: UnitRef): Unit => {
    const unit = world.units.get(ref.hostId)?.find(other => other.scope === ref.scope && other.name === ref.name)
    if (!unit) throw notFound(ref.name)
    return unit
  }
  const changeUnit = (ref: UnitRef, parts: Partial<Unit>): void => {
    const units = world.units.get(ref.hostId) ?? []
    const next = { ...unitOf(ref), ...parts }
    world.units.set(
      ref.hostId,
      units.map(unit => (unit.scope === ref.scope && unit.name === ref.name ? next : unit)),
    )
    emit('unit.changed', { hostId: ref.hostId, changed: [next], removed: [] })
    recount(world, ref.hostId, emit)
  }

  return {
    ...hostHandlers(world, control, emit),
    ...checkHandlers(world, emit),
    ...maintenanceHandlers(world, emit),
    ...incidentHandlers(world, emit),
    ...channelHandlers(world, emit),
    ...recoveryHandlers(world, emit),
    ...loginHandlers(world, emit),
    ...backupHandlers(world, emit),
    'engine.health': () => world.health,
    'engine.unfinished': () => [],
    'data.copies': () =>
      [1, 2, 3].map(days => ({
        name: `quarterdeck-2026-11-${22 - days}T03-00-00.db`,
        at: Date.now() - days * 86_400_000,
        bytes: 2_412_544,
      })),
    'data.export': () => {},
    'data.look': () => ({ hosts: 7, checks: 31, secrets: 9, passphrase: true }),
    'data.import': ({ passphrase }) => {
      if (passphrase !== 'open sesame')
        throw new AppError('VAULT_PASSPHRASE_WRONG', 'This passphrase does not open the secrets in it')
    },
    'settings.get': () => world.settings,
    'settings.set': parts => {
      world.settings = { ...world.settings, ...parts }
      emit('settings.changed', world.settings)
      return world.settings
    },
    'vault.status': () => world.vault,
    'vault.create': ({ passphrase }) => {
      world.passphrase = passphrase
      world.vault = { ...world.vault, state: 'unlocked', protection: passphrase === null ? 'keyring' : 'passphrase' }
      emit('vault.changed', world.vault)
      return world.vault
    },
    'vault.unlock': async ({ passphrase }) => {
      await wait(300)
      if (passphrase !== world.passphrase) throw new AppError('VAULT_PASSPHRASE_WRONG', 'The passphrase is wrong')
      world.vault = { ...world.vault, state: 'unlocked' }
      emit('vault.changed', world.vault)
      return world.vault
    },
    'vault.reset': () => {
      world.vault = { ...world.vault, state: 'uninitialised', protection: 'none' }
      emit('vault.changed', world.vault)
      return world.vault
    },

    'unit.list': hostId => {
      const view = viewOf(hostId)
      if (view.facts?.unitSource === 'none')
        throw new AppError('NOT_SYSTEMD', 'This is not a systemd host: PID 1 is busybox init')
      if (view.connection.state !== 'ready') throw new AppError('NOT_CONNECTED', `${view.host.name} is not connected`)
      return world.units.get(hostId) ?? []
    },
    'unit.get': unitOf,
    'unit.timers': hostId => world.timers.get(hostId) ?? [],
    'unit.pin': ({ pinned, ...ref }) => changeUnit(ref, { pinned }),
    'unit.history': ({ hostId, scope, name }) => world.transitions.get(`${hostId}/${scope}/${name}`) ?? [],

    'action.preview': ({ verb, name, scope }) => {
      const argv = [...(scope === 'user' ? ['systemctl', '--user'] : ['sudo', '-n', 'systemctl']), verb, '--', name]
      const harmful = verb === 'stop' || verb === 'mask' || verb === 'disable'
      return {
        argv,
        command: argv.filter(part => part !== '-n').join(' '),
        risk: harmful ? 'confirm' : 'safe',
        consequence: harmful
          ? `${name} ends and stays ended until somebody starts it. What depends on it may end too.`
          : null,
      }
    },
    'action.run': ref => startRun(world, ref, changeUnit, emit),
    'action.cancel': id => {
      const run = world.runs.get(id)
      if (run?.outcome === 'running') finish(world, { ...run, outcome: 'cancelled', finishedAt: Date.now() }, emit)
    },
    'action.get': id => {
      const run = world.runs.get(id)
      if (!run) throw notFound('The action')
      return run
    },
    'audit.list': ({ hostId, target, text, before, limit }) =>
      world.audit
        .filter(entry => (hostId === null || entry.hostId === hostId) && (target === null || entry.target === target))
        .filter(entry => before === null || entry.id < before)
        .filter(entry => text === null || JSON.stringify(entry).toLowerCase().includes(text.toLowerCase()))
        .slice(0, limit),

    'journal.page': async query => {
      await wait(60)
      const entries = []
      const at = query.cursor === null ? null : Number(query.cursor.split('i=')[1])
      const step = query.direction === 'before' ? -1 : 1
      let index = at === null ? (step < 0 ? newest() : 0) : at + step
      for (
        let tries = 0;
        index >= 0 && index <= newest() && entries.length < query.limit && tries < 40_000;
        index += step, tries++
      ) {
        const entry = entryOf(query.hostId, index, origin)
        if (matchesFilter(entry, query)) entries.push(entry)
      }
      return { entries: step < 0 ? entries.reverse() : entries, more: index >= 0 && index <= newest() }
    },
    'journal.follow': async function* ({ filters, backlog }, { signal }) {
      let from = Math.max(0, newest() - backlog)
      while (!signal.aborted) {
        const to = newest()
        const batch = []
        for (let index = from; index <= to; index++) {
          for (const filter of filters) {
            const entry = entryOf(filter.hostId, index, origin)
            if (matchesFilter(entry, filter)) batch.push(entry)
          }
        }
        from = to + 1
        if (batch.length > 0) yield batch
        await wait(400)
      }
    },
    'journal.export': async function* (filter, { signal }) {
      for (let index = 0; index < newest() && !signal.aborted; index += 1000) {
        const batch = Array.from({ length: 1000 }, (_, offset) => entryOf(filter.hostId, index + offset, origin))
        yield batch.filter(entry => matchesFilter(entry, filter))
        await wait(5)
      }
    },
    'journal.boots': () =>
      [0, -1, -2].map(index => ({
        index,
        bootId: `boot${index}`,
        firstAt: origin + index * 9e8,
        lastAt: origin + index * 9e8 + 8e8,
      })),
    'journal.command': filter => {
      const parts = [
        'journalctl',
        ...(filter.scope === 'user' ? ['--user'] : []),
        ...filter.units.flatMap(unit => ['-u', unit]),
      ]
      if (filter.priority !== null) parts.push('-p', String(filter.priority))
      if (filter.boot !== null) parts.push('-b', String(filter.boot))
      if (filter.text) parts.push('-g', `'${filter.text}'`)
      return parts.join(' ')
    },

    'metric.latest': hostId =>
      viewOf(hostId).connection.state === 'ready' ? sampleFor(world, hostId, Date.now()) : null,
    'metric.series': seriesOf,
    'metric.names': hostId => [
      ...seriesNames,
      ...(world.units.get(hostId) ?? [])
        .filter(unit => unit.memoryBytes !== null)
        .flatMap(unit => [`unit.cpu:${unit.scope}/${unit.name}`, `unit.memory:${unit.scope}/${unit.name}`]),
    ],
    'metric.gaps': ({ hostId, from, to }) => [
      { hostId, from: from + (to - from) * 0.4, to: from + (to - from) * 0.52, cause: 'sleep', filled: true },
    ],
  }
}

function recount(world: World, hostId: string, emit: EngineServer['emit']): void {
  const view = world.hosts.get(hostId)
  if (!view?.units) return
  const units = world.units.get(hostId) ?? []
  const next = {
    ...view,
    units: {
      total: units.length,
      failed: units.filter(unit => unit.activeState === 'failed').length,
      active: units.filter(unit => unit.activeState === 'active').length,
    },
  }
  world.hosts.set(hostId, next)
  emit('host.changed', next)
}

function finish(world: World, run: ActionRun, emit: EngineServer['emit']): void {
  world.runs.set(run.id, run)
  emit('action.changed', run)
  const entry = world.audit.find(other => other.actionRunId === run.id)
  if (!entry) return
  const next = {
    ...entry,
    outcome: run.outcome,
    finishedAt: run.finishedAt,
    detail: run.evidence.map(item => item.text).join('; ') || null,
  }
  world.audit[world.audit.indexOf(entry)] = next
  emit('audit.changed', next)
}

/** Restarting stats-bot.service fails and reload is degraded, so that each outcome can be seen. */
function startRun(
  world: World,
  { verb, ...ref }: UnitRef & { verb: UnitVerb },
  changeUnit: (ref: UnitRef, parts: Partial<Unit>) => void,
  emit: EngineServer['emit'],
): ActionRun {
  const now = Date.now()
  const command = `${ref.scope === 'user' ? 'systemctl --user' : 'sudo systemctl'} ${verb} -- ${ref.name}`
  const run: ActionRun = {
    id: `run-${world.runs.size + 1}`,
    hostId: ref.hostId,
    scope: ref.scope,
    unit: ref.name,
    verb,
    command,
    actor: 'person',
    requestedAt: now,
    finishedAt: null,
    outcome: 'running',
    evidence: [],
    error: null,
    invocationBefore: 'aaaa',
    invocationAfter: null,
  }
  world.runs.set(run.id, run)
  const id = Math.max(0, ...world.audit.map(entry => entry.id)) + 1
  world.audit.unshift({
    id,
    at: now,
    finishedAt: null,
    actor: 'person',
    verb: `unit.${verb}`,
    hostId: ref.hostId,
    target: ref.name,
    command,
    outcome: 'running',
    detail: null,
    actionRunId: run.id,
  })
  const entry = world.audit[0]
  if (entry) emit('audit.changed', entry)
  void play(run)
  return run

  async function play(started: ActionRun): Promise<void> {
    const lives = verb === 'start' || verb === 'restart'
    emit('action.changed', started)
    changeUnit(ref, { activeState: lives ? 'activating' : verb === 'stop' ? 'deactivating' : 'active' })
    await wait(700)
    const evidence = [{ ok: true, text: 'systemd reports the job as done' }]
    emit('action.changed', { ...started, evidence })
    await wait(900)
    if (world.runs.get(started.id)?.outcome === 'cancelled') return
    if (ref.name === 'stats-bot.service' && lives) {
      changeUnit(ref, {
        activeState: 'failed',
        subState: 'failed',
        result: 'exit-code',
        exitStatus: 1,
        mainPid: 0,
        since: Date.now(),
      })
      finish(
        world,
        {
          ...started,
          outcome: 'failed',
          finishedAt: Date.now(),
          evidence: [...evidence, { ok: false, text: 'the main process ended with status 1 after 0.4 s' }],
        },
        emit,
      )
      return
    }
    if (lives)
      changeUnit(ref, {
        activeState: 'active',
        subState: 'running',
        result: 'success',
        mainPid: 20_000 + (now % 9000),
        since: Date.now(),
        invocationId: `inv${now}`,
      })
    if (verb === 'stop')
      changeUnit(ref, {
        activeState: 'inactive',
        subState: 'dead',
        mainPid: 0,
        memoryBytes: null,
        cpuPercent: null,
        since: Date.now(),
      })
    const more = lives
      ? [
          { ok: true, text: 'active for 5 s' },
          { ok: true, text: `new PID ${20_000 + (now % 9000)}` },
          { ok: true, text: 'no error in the journal since' },
        ]
      : []
    const degraded = verb === 'reload' ? [{ ok: false, text: '2 warnings in the journal since' }] : []
    finish(
      world,
      {
        ...started,
        outcome: verb === 'reload' ? 'degraded' : 'verified',
        finishedAt: Date.now(),
        evidence: [...evidence, ...more, ...degraded],
        invocationAfter: 'bbbb',
      },
      emit,
    )
  }
}

function shellHandlers(world: World, state: () => EngineProcessState): Handlers<typeof shellContract> {
  return {
    'app.about': () => ({
      version: '0.1.0',
      electron: '25.1.1',
      chrome: '114.0.5735.45',
      node: '24.21.0',
      platform: 'Linux x64',
      dataDirectory: world.health.dataDirectory,
      developmentRuntime: 'Electron 25.1.1, unpacked from a pinned package; for development only',
    }),
    'app.openLogs': () => {},
    'app.quit': () => {},
    'dialog.chooseKeyFile': () => '/home/mira/.ssh/id_ed25519',
    'dialog.chooseFolder': () => '/home/mira/Downloads',
    'dialog.chooseFile': () => '/home/mira/Downloads/quarterdeck-2026-11-20.db',
    'dialog.chooseNewFile': ({ suggestedName }) => `/home/mira/Downloads/${suggestedName}`,
    'dialog.saveText': ({ suggestedName }) => `/home/mira/Downloads/${suggestedName}`,
    'clipboard.writeText': () => {},
    'window.setTheme': () => {},
    'engine.state': state,
    'engine.restart': () => {},
  }
}

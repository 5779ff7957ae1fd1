// Watches a scope's services by asking systemctl again and again, where no bus can be reached; knows nothing of D-Bus.
import { AppError, type ErrorShape } from '../../shared/errors.ts'
import type { Timer, UnitScope, UnitVerb } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { parseAmount, parseSystemctlShow, parseTimespan, parseTimestamp } from '../parse/systemctl-show.ts'
import { nextElapse } from '../parse/timer-elapse.ts'
import { description, optionalText, pid, unitName, word } from '../parse/unit-fields.ts'
import type { ActResult, Link, UnitChange, UnitManager, UnitState } from '../ports.ts'
import type { UnitActions } from './units-actions.ts'
import { readUnitFiles } from './units-files.ts'
import { notLoaded } from './units-patch.ts'
import { maxUnits, type UnitPatch, type UnitTable } from './units-table.ts'

const pollMs = 5_000
/** A host on which a look takes long is looked at less: never more than this part of the time. */
const maxShare = 0.05
const timeoutMs = 30_000

const shown = [
  'Id',
  'Description',
  'LoadState',
  'ActiveState',
  'SubState',
  'FragmentPath',
  'StateChangeTimestamp',
  'InvocationID',
  'MainPID',
  'NRestarts',
  'Result',
  'ExecMainStatus',
]
const shownOnDemand = [...shown, 'UnitFileState', 'MemoryCurrent']
const shownOfTimers = [
  'Id',
  'Description',
  'LoadState',
  'ActiveState',
  'Unit',
  'NextElapseUSecRealtime',
  'NextElapseUSecMonotonic',
  'LastTriggerUSec',
]

export interface SystemctlOptions {
  readonly link: Link
  readonly scope: UnitScope
  readonly uid: number
  readonly generation: number
  readonly table: UnitTable
  readonly actions: UnitActions
  readonly clock: Clock
  readonly log: Logger
}

/** Resolves after the first look. Rejects with NOT_SYSTEMD, ACCESS_DENIED or what the link says. */
export async function openSystemctlManager(options: SystemctlOptions): Promise<UnitManager> {
  const manager = new SystemctlManager(options)
  await manager.start()
  return manager
}

class SystemctlManager implements UnitManager {
  readonly source = 'systemctl'
  readonly scope: UnitScope
  readonly generation: number
  readonly closed: Promise<ErrorShape | null>
  readonly #options: SystemctlOptions
  #close: (error: ErrorShape | null) => void = () => {}
  /** What this app stops just now: that is all that can be told of who asked. What fails in a restart may be the start that was to follow. */
  readonly #stopping = new Set<string>()
  #done = false
  #next: Disposable | null = null

  constructor(options: SystemctlOptions) {
    this.#options = options
    this.scope = options.scope
    this.generation = options.generation
    this.closed = new Promise(resolve => {
      this.#close = resolve
    })
  }

  async start(): Promise<void> {
    const { link, scope, table } = this.#options
    await this.#poll()
    await readUnitFiles(link, scope, table)
    this.#schedule(pollMs)
  }

  get problem(): ErrorShape | null {
    return this.#options.table.problem
  }

  list(): readonly UnitState[] {
    return this.#options.table.list()
  }

  async get(name: string): Promise<UnitState> {
    const { table } = this.#options
    const { units } = parseSystemctlShow((await this.#show(shownOnDemand, name)).text, 1)
    const [unit] = units
    if (unit) table.apply(name, patchOf(unit))
    const state = table.get(name)
    if (!state || (state.loadState === 'not-found' && state.activeState === 'inactive'))
      throw new AppError('NOT_FOUND', `There is no ${name} on this host`)
    return state
  }

  async timers(): Promise<readonly Timer[]> {
    const { link, scope } = this.#options
    const up = await link.exec(['sh', '-c', 'read -r up _ </proc/uptime && printf "%s %s" "$up" "$(date +%s)"'])
    const [uptime, now] = new TextDecoder().decode(up.stdout).split(' ').map(Number)
    const bootAt = uptime && now ? (now - uptime) * 1_000 : null
    const { units } = parseSystemctlShow((await this.#show(shownOfTimers, '*.timer')).text, 1_000)
    return units
      .filter(unit => unit.get('LoadState') === 'loaded')
      .map(unit => ({
        hostId: link.hostId,
        scope,
        name: unitName(unit.get('Id')),
        description: description(unit.get('Description')),
        activates: unitName(unit.get('Unit')),
        activeState: word(unit.get('ActiveState')),
        nextAt: nextElapse(
          parseTimestamp(unit.get('NextElapseUSecRealtime')),
          parseTimespan(unit.get('NextElapseUSecMonotonic')) || null,
          bootAt,
        ),
        lastAt: parseTimestamp(unit.get('LastTriggerUSec')),
      }))
  }

  onChange(listener: (change: UnitChange) => void): Disposable {
    return this.#options.table.changes.on(change =>
      listener(this.#stopping.has(change.unit.name) ? { ...change, asked: true } : change),
    )
  }

  onRemoved(listener: (name: string) => void): Disposable {
    return this.#options.table.removals.on(listener)
  }

  async act(verb: UnitVerb, name: string, options: { signal?: AbortSignal } = {}): Promise<ActResult> {
    if (verb === 'stop') this.#stopping.add(name)
    try {
      const result = await this.#options.actions.act(null, verb, name, options.signal)
      if (result.kind === 'done' && !this.#done) await this.get(name).catch(() => undefined)
      return result
    } finally {
      this.#stopping.delete(name)
    }
  }

  async dispose(): Promise<void> {
    this.#end(null)
  }

  #schedule(ms: number): void {
    if (this.#done) return
    this.#next = this.#options.clock.after(ms, () => void this.#tick())
  }

  async #tick(): Promise<void> {
    const { clock } = this.#options
    const startedAt = clock.monotonic()
    try {
      await this.#poll()
    } catch (error) {
      this.#end(AppError.from(error).toShape())
      return
    }
    this.#schedule(Math.max(pollMs, (clock.monotonic() - startedAt) / maxShare))
  }

  async #poll(): Promise<void> {
    const { table } = this.#options
    const { text, whole } = await this.#show(shown, '*.service')
    const { units, complete } = parseSystemctlShow(text, maxUnits)
    if (this.#done) return
    const all = whole && complete
    if (!all) table.noteOverflow()
    const present = new Set<string>()
    for (const unit of units) {
      const name = unit.get('Id') ?? ''
      if (!name.endsWith('.service')) continue
      present.add(name)
      table.apply(name, patchOf(unit))
    }
    // what was cut off is not known to be gone
    if (!all) return
    for (const name of [...table.names()]) {
      const state = table.get(name)
      if (present.has(name) || !state || state.loadState === 'not-loaded') continue
      if (state.fragmentPath) table.apply(name, notLoaded)
      else table.remove(name)
    }
  }

  async #show(properties: readonly string[], pattern: string): Promise<{ text: string; whole: boolean }> {
    const { link, scope, uid } = this.#options
    const user = scope === 'user' ? [`XDG_RUNTIME_DIR=/run/user/${uid}`] : []
    const argv = ['env', 'LC_ALL=C', 'TZ=UTC', ...user, 'systemctl', ...(scope === 'user' ? ['--user'] : [])]
    const result = await link.exec(
      [...argv, 'show', '--all', '--no-pager', `--property=${properties.join(',')}`, '--', pattern],
      { timeout: timeoutMs },
    )
    if (result.lost) throw new AppError('LINK_LOST', 'The connection was lost while units were read')
    if (result.timedOut) throw new AppError('TIMEOUT', 'systemctl did not answer')
    const text = new TextDecoder().decode(result.stdout)
    if (result.exit !== 0) throw pollError(new TextDecoder().decode(result.stderr.subarray(0, 1_000)), scope)
    // a unit that is cut in the middle would seem to have changed
    return result.truncated
      ? { text: text.slice(0, text.lastIndexOf('\n\n') + 1), whole: false }
      : { text, whole: true }
  }

  #end(error: ErrorShape | null): void {
    if (this.#done) return
    this.#done = true
    this.#next?.dispose()
    this.#options.actions.dispose()
    this.#options.table.dispose()
    this.#close(error)
  }
}

function patchOf(unit: ReadonlyMap<string, string>): UnitPatch {
  const patch: UnitPatch = {
    description: description(unit.get('Description')),
    loadState: word(unit.get('LoadState')),
    activeState: word(unit.get('ActiveState')),
    subState: word(unit.get('SubState')),
    fragmentPath: optionalText(unit.get('FragmentPath')),
    since: parseTimestamp(unit.get('StateChangeTimestamp')),
    invocationId: /^[0-9a-f]{32}$/.test(unit.get('InvocationID') ?? '') ? (unit.get('InvocationID') ?? null) : null,
    mainPid: pid(parseAmount(unit.get('MainPID'))),
    restarts: parseAmount(unit.get('NRestarts')),
    result: optionalText(unit.get('Result')),
    exitStatus: parseAmount(unit.get('ExecMainStatus')),
  }
  if (unit.has('UnitFileState')) patch.unitFileState = optionalText(unit.get('UnitFileState'))
  if (unit.has('MemoryCurrent')) patch.memoryBytes = parseAmount(unit.get('MemoryCurrent'))
  return patch
}

function pollError(stderr: string, scope: UnitScope): AppError {
  const text = stderr.trim().split('\n', 1)[0]?.slice(0, 300) ?? ''
  if (/not been booted with systemd|not found|Can't operate/i.test(stderr))
    return new AppError('NOT_SYSTEMD', 'This host does not run systemd, so it has no services to show', {
      hint: 'Metrics work all the same.',
    })
  if (/Failed to connect to bus|Failed to get D-Bus/i.test(stderr))
    return new AppError(
      'ACCESS_DENIED',
      scope === 'user'
        ? `The user's own service manager does not run: ${text}`
        : `This user cannot ask systemd for its units: ${text}`,
      {
        hint:
          scope === 'user'
            ? 'Start it at boot with: sudo loginctl enable-linger USER'
            : 'Install dbus on the host, or log in as root.',
      },
    )
  return new AppError('COMMAND_FAILED', `systemctl could not list units: ${text}`)
}

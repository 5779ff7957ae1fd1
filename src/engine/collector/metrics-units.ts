// Finds the control groups of watched units on a host, guessing first and asking systemd where the guess is wrong.
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Link } from '../ports.ts'

/** A unit that has no control group is asked about again after this. */
const askAgainMs = 60_000
const askTimeoutMs = 10_000
const maxAsked = 256

export interface WatchedUnit {
  readonly scope: UnitScope
  readonly name: string
  readonly controlGroup?: string | undefined
}

interface Known {
  readonly unit: WatchedUnit
  readonly key: string
  path: string | null
  /** Groups below it, where a unit keeps its processes in groups of its own. */
  below: readonly string[]
  askedAt: number | null
}

export class UnitGroups {
  readonly #link: Link
  readonly #clock: Clock
  readonly #log: Logger
  readonly #abort = new AbortController()
  readonly #known = new Map<string, Known>()
  #watched: Known[] = []
  #byKey = new Map<string, Known>()
  #keys = 0
  #asking = false
  #changed = true

  constructor(link: Link, clock: Clock, log: Logger) {
    this.#link = link
    this.#clock = clock
    this.#log = log
  }

  watch(units: readonly WatchedUnit[]): void {
    const before = this.#watched
    this.#watched = []
    for (const unit of units) {
      const id = `${unit.scope}/${unit.name}`
      let known = this.#known.get(id)
      if (!known) {
        known = { unit, key: String(++this.#keys), path: guess(unit), below: [], askedAt: null }
        this.#known.set(id, known)
      }
      if (unit.controlGroup && unit.controlGroup !== known.path) known.path = unit.controlGroup
      this.#watched.push(known)
    }
    const keep = new Set([...before, ...this.#watched])
    for (const [id, known] of this.#known) if (!keep.has(known)) this.#known.delete(id)
    this.#byKey = new Map(this.#watched.map(known => [known.key, known]))
    this.#changed = true
  }

  unitOf(key: string): { scope: UnitScope; name: string } | undefined {
    const unit = this.#byKey.get(key)?.unit
    return unit && { scope: unit.scope, name: unit.name }
  }

  /** Lines for the looker, null while it knows all already. */
  takeLines(): string | null {
    if (!this.#changed) return null
    this.#changed = false
    let lines = 'W\n'
    for (const { key, path, below } of this.#watched) {
      if (path === null) continue
      for (const group of [path, ...below]) lines += `w\t${key}\t${group === '/' ? '' : group}\n`
    }
    return lines
  }

  /** Tells which units the looker found nowhere, or empty; systemd is asked about those, in the background. */
  missing(keys: readonly string[]): void {
    if (this.#asking) return
    const now = this.#clock.monotonic()
    const due = [...keys.map(key => this.#byKey.get(key)), ...this.#watched.filter(known => known.path === null)]
      .filter(known => known !== undefined)
      .filter(known => known.askedAt === null || now - known.askedAt >= askAgainMs)
      .slice(0, maxAsked)
    if (due.length === 0) return
    for (const known of due) known.askedAt = now
    this.#asking = true
    void this.#ask(due).finally(() => {
      this.#asking = false
    })
  }

  dispose(): void {
    this.#abort.abort()
  }

  async #ask(due: readonly Known[]): Promise<void> {
    for (const scope of ['system', 'user'] as const) {
      const units = due.filter(known => known.unit.scope === scope)
      if (units.length === 0) continue
      try {
        const answer = await this.#link.exec(
          askCommand(
            scope,
            units.map(known => known.unit.name),
          ),
          {
            timeout: askTimeoutMs,
            signal: this.#abort.signal,
          },
        )
        this.#take(scope, Buffer.from(answer.stdout).toString('utf8'), units)
      } catch (error) {
        if (!this.#abort.signal.aborted) this.#log.debug('control groups not known', { error: String(error) })
      }
    }
  }

  #take(scope: UnitScope, text: string, units: readonly Known[]): void {
    const groups = parseGroups(text)
    for (const known of units) {
      const found = groups.get(known.unit.name)
      if (!found || !isGroupPath(found.path)) continue
      const below = found.below.filter(isGroupPath)
      if (found.path === known.path && below.join('\n') === known.below.join('\n')) continue
      known.path = found.path
      known.below = below
      this.#changed = true
    }
    if (this.#changed) this.#log.debug('control groups', { scope, units: units.length })
  }
}

/** Where systemd puts a service unless told otherwise; null for users' units, whose place depends on the version. */
function guess(unit: WatchedUnit): string | null {
  if (unit.controlGroup) return unit.controlGroup
  return unit.scope === 'system' && !unit.name.includes('@') ? `/system.slice/${unit.name}` : null
}

/** A path that the looker can take: one line, no tab. */
function isGroupPath(path: string): boolean {
  return path.startsWith('/') && path.length < 4096 && !/[\t\n\r]|\/\.\.(\/|$)/.test(path)
}

/** Shows each unit's group and, marked `+`, the groups below it. One process for all units, and one find. */
const askScript = `LC_ALL=C; export LC_ALL
m=$1; shift
systemctl $m show -p Id -p ControlGroup -- "$@" | while IFS= read -r l; do
  printf '%s\\n' "$l"
  case $l in ControlGroup=/?*)
    for r in '' /systemd /unified; do
      d=/sys/fs/cgroup$r\${l#ControlGroup=}
      for s in "$d"/*/; do [ -d "$s" ] && { find "$d" -mindepth 1 -type d 2>/dev/null | head -n 64 | while IFS= read -r g; do printf '+%s\\n' "\${g#"/sys/fs/cgroup$r"}"; done; break; }; done
    done ;;
  esac
done`

function askCommand(scope: UnitScope, names: readonly string[]): string[] {
  return ['sh', '-c', askScript, 'sh', scope === 'user' ? '--user' : '--system', ...names]
}

/** Reads the answer to `askCommand`: blocks of Id, ControlGroup and groups below, in any order of the first two. */
export function parseGroups(text: string): Map<string, { path: string; below: string[] }> {
  const groups = new Map<string, { path: string; below: string[] }>()
  let [id, path, below]: [string, string, string[]] = ['', '', []]
  for (const line of [...text.split('\n'), '']) {
    if (line.startsWith('Id=')) id = line.slice(3)
    else if (line.startsWith('ControlGroup=')) path = line.slice(13)
    else if (line.startsWith('+')) below.push(line.slice(1))
    else if (line === '') {
      if (id !== '' && path !== '') groups.set(id, { path, below })
      ;[id, path, below] = ['', '', []]
    }
  }
  return groups
}

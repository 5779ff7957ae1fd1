// Decides which checks are worth offering for a host: the default rules (R20), and what was found on it (R7). Takes nothing, asks nothing.
import type { CheckDraft, CheckProposal, CheckUnit } from '../../shared/model/check.ts'

/** What was found, as far as it matters here; see Discovery in ports. */
export interface Findings {
  readonly ports: readonly {
    readonly address: string
    readonly port: number
    readonly process: string | null
    readonly unit: CheckUnit | null
  }[]
  readonly endpoints: readonly { readonly port: number; readonly path: string }[]
  readonly units: readonly (CheckUnit & {
    readonly files: readonly { readonly path: string; readonly kind: 'sqlite' | 'cookies' }[]
  })[]
}

/** A unit that the person cares for: own or pinned. */
export interface OwnUnit extends CheckUnit {
  readonly activeState: string
  readonly subState: string
}

/** R20: what is unhealthy for more than 10 min is critical, also where it was told as less: the same incident, one message more. */
const riseSeconds = 600

type Sketch = Pick<CheckDraft, 'type' | 'name' | 'spec'> & Partial<CheckDraft>
type Defaults = (
  type: string,
) => Pick<
  CheckDraft,
  'intervalSeconds' | 'timeoutSeconds' | 'failureThreshold' | 'recoveryThreshold' | 'forSeconds' | 'severity'
> | null

const errorWords = String.raw`\b(ERROR|CRITICAL|FATAL)\b|Traceback|Exception\b|panic:`
const shortName = ({ name }: CheckUnit): string => name.replace(/\.service$/, '')
const clip = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 99)}…`)

/** Everything that could be offered. `defaults` are those of each kind; a kind that is not there yet is not offered. */
export function proposalsFor(
  hostId: string,
  own: readonly OwnUnit[],
  findings: Findings | null,
  defaults: Defaults,
): CheckProposal[] {
  const all: CheckProposal[] = []
  const offer = (key: string, group: CheckProposal['group'], reason: string, sketch: Sketch): void => {
    const base = defaults(sketch.type)
    if (!base || key.length > 400) return
    const rest = { hostId, unit: null, enabled: true, vantage: 'host' as const, dependsOn: [], tags: [] }
    all.push({ key, group, reason, draft: { ...rest, ...base, ...sketch, name: clip(sketch.name) } })
  }
  ofHost(offer)
  for (const unit of own) ofUnit(unit, offer)
  if (findings) ofFindings(own, findings, offer)
  return all
}

type Offer = (key: string, group: CheckProposal['group'], reason: string, sketch: Sketch) => void

function ofHost(offer: Offer): void {
  offer('host-resources', 'host', 'CPU over 80 % or memory over 90 % for more than 5 minutes', {
    type: 'host-resources',
    name: 'CPU and memory',
    spec: {},
    forSeconds: 300,
    severity: 'warning',
  })
  offer('disk-space', 'host', 'A disk that is more than 90 % full', {
    type: 'disk-space',
    name: 'Disk space',
    spec: {},
  })
}

function ofUnit(unit: OwnUnit, offer: Offer): void {
  const name = shortName(unit)
  const about = { scope: unit.scope, name: unit.name }
  const key = `${unit.scope}/${unit.name}`
  // a job that runs and ends is rightly not running most of the time
  if (unit.activeState !== 'active' || unit.subState === 'exited') return
  offer(`running:${key}`, 'unit', `${name} should run: told also when it ends without an error`, {
    type: 'systemd-unit',
    name: `${name} runs`,
    spec: { expected: 'running' },
    unit: about,
  })
  offer(`memory:${key}`, 'unit', `${name} uses more than 500 MB of memory`, {
    type: 'unit-resources',
    name: `Memory of ${name}`,
    spec: { memoryMegabytes: 500 },
    unit: about,
  })
  offer(`restarts:${key}`, 'unit', `${name} restarts more than 3 times in 1 h`, {
    type: 'unit-restarts',
    name: `Restarts of ${name}`,
    spec: { count: 3, minutes: 60 },
    unit: about,
  })
  offer(`errors:${key}`, 'unit', `More than 5 % of the lines of ${name} speak of errors, over 10 min`, {
    type: 'journal-pattern',
    name: `Error rate of ${name}`,
    // with its case: "0 errors" is no error
    spec: { pattern: errorWords, ignoreCase: false, minutes: 10, maxPercent: 5 },
    unit: about,
    severity: 'warning',
    riseSeconds,
  })
  offer(`activity:${key}`, 'unit', `${name} writes nothing to its journal for 5 minutes`, {
    type: 'unit-activity',
    name: `Activity of ${name}`,
    spec: { minutes: 5 },
    unit: about,
    riseSeconds,
  })
}

function ofFindings(own: readonly OwnUnit[], { ports, endpoints, units }: Findings, offer: Offer): void {
  const owned = new Set(own.map(unit => `${unit.scope}/${unit.name}`))
  const byPort = new Map(ports.map(one => [one.port, one]))
  const ownUnit = (unit: CheckUnit | null): CheckUnit | null =>
    unit && owned.has(`${unit.scope}/${unit.name}`) ? { scope: unit.scope, name: unit.name } : null
  const answering = new Set<number>()
  for (const { port, path } of endpoints) {
    answering.add(port)
    const unit = byPort.get(port)?.unit ?? null
    const who = unit ? shortName(unit) : (byPort.get(port)?.process ?? `port ${port}`)
    offer(
      `endpoint:${port}${path}`,
      'endpoint',
      `${who} answers at http://127.0.0.1:${port}${path}: down for more than 2 minutes, critical after 10`,
      {
        type: 'http',
        name: `${who} on port ${port}`,
        spec: { url: `http://127.0.0.1:${port}${path}`, expectedStatus: '200' },
        unit: ownUnit(unit),
        forSeconds: 120,
        severity: 'warning',
        riseSeconds,
      },
    )
  }
  for (const { port, process, unit, address } of dedupe(ports)) {
    const at = { address: isAny(address) ? '127.0.0.1' : address, port }
    const who = unit ? shortName(unit) : (process ?? 'a program')
    if (process === 'postgres' || port === 5432)
      offer(`postgres:${port}`, 'database', `Postgres listens on port ${port}`, {
        type: 'postgres',
        name: 'Postgres',
        spec: at,
        unit: ownUnit(unit),
      })
    else if (process === 'redis-server' || process === 'valkey-server' || port === 6379)
      offer(`redis:${port}`, 'database', `Redis listens on port ${port}`, {
        type: 'redis',
        name: 'Redis',
        spec: at,
        unit: ownUnit(unit),
      })
    else if (port === 443)
      offer('certificate:443', 'certificate', 'It serves TLS: its certificate expires in less than 14 days', {
        type: 'tls-certificate',
        name: 'TLS certificate',
        spec: { ...at, minDays: 14 },
        severity: 'warning',
      })
    else if (!answering.has(port) && ownUnit(unit))
      offer(`port:${port}`, 'port', `${who} listens on port ${port}`, {
        type: 'tcp',
        name: `${who} on port ${port}`,
        spec: at,
        unit: ownUnit(unit),
      })
  }
  for (const unit of units)
    for (const { path, kind } of unit.files) {
      const file = path.slice(path.lastIndexOf('/') + 1)
      const about = { scope: unit.scope, name: unit.name }
      if (kind === 'sqlite')
        offer(`sqlite:${path}`, 'database', `A SQLite database beside ${shortName(unit)}`, {
          type: 'sqlite',
          name: `Database ${file}`,
          spec: { path },
          unit: about,
        })
      else
        offer(`login:${path}`, 'login', `Looks like cookies of ${shortName(unit)}: a login that can expire`, {
          type: 'login',
          name: `Login in ${file}`,
          spec: { path },
          unit: about,
        })
    }
}

const isAny = (address: string): boolean => address === '*' || address === '0.0.0.0' || address === '::'

/** One of each port: the same is often open for IPv4 and IPv6. */
function dedupe<T extends { readonly port: number }>(ports: readonly T[]): T[] {
  const seen = new Map<number, T>()
  for (const one of ports) if (!seen.has(one.port)) seen.set(one.port, one)
  return [...seen.values()]
}

/** Is what is proposed watched already, by whatever check? */
export function isTaken(proposal: CheckProposal, checks: readonly CheckDraft[]): boolean {
  const { type, spec, unit } = proposal.draft
  return checks.some(check => {
    if (check.type !== type) return false
    const sameUnit = check.unit?.name === unit?.name && check.unit?.scope === unit?.scope
    switch (type) {
      case 'host-resources':
      case 'disk-space':
        return true
      case 'http':
        return (
          check.spec.url === spec.url ||
          (Array.isArray(check.spec.fallbacks) && check.spec.fallbacks.includes(spec.url))
        )
      case 'sqlite':
      case 'login':
        return check.spec.path === spec.path
      case 'tcp':
      case 'postgres':
      case 'redis':
      case 'tls-certificate':
        return check.spec.port === spec.port
      default:
        return sameUnit
    }
  })
}

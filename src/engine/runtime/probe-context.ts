// Makes what a probe may use out of a host's session, and closes what the probe left open; knows no kind of check.
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import type { Check } from '../../shared/model/check.ts'
import type { Host } from '../../shared/model/host.ts'
import type { ProbeContext } from '../checks/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Link } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Gate } from './gate.ts'
import type { HostSession } from './host-session.ts'
import type { Patience } from './patience.ts'
import { startsOf } from './unit-purpose.ts'

/** A sample that is older says nothing of now. */
const freshMs = 60_000

export interface ContextParts {
  readonly check: Pick<Check, 'id' | 'hostId' | 'unit'>
  readonly host: Host
  readonly session: HostSession
  readonly vantage: 'host' | 'local'
  readonly patience: Patience
  readonly firing: boolean
  readonly memory: Map<string, unknown>
  readonly secret: (field: string) => Promise<string | null>
  /** Commands of one host's probes go through it, since sshd allows few sessions at once. */
  readonly commands: Gate
  /** This computer's own network. */
  readonly here: Pick<Link, 'openTcp'>
  readonly store: Pick<Store, 'units'>
  readonly clock: Clock
}

/** The context, and how to close what it opened. */
export function openContext(parts: ContextParts): { context: ProbeContext; close(): void } {
  const { check, host, session, vantage, patience, clock, store, commands } = parts
  const { link, units } = session
  const { signal } = patience
  const open = new Set<Duplex>()
  let closed = false
  const keep = async (opening: Promise<Duplex>): Promise<Duplex> => {
    const stream = await within(opening, signal, late => late.destroy())
    // whoever holds it listens too; this one keeps a late error from ending the engine
    stream.on('error', () => {})
    if (closed) stream.destroy()
    open.add(stream)
    return stream
  }
  const connectFrom: ProbeContext['connectFrom'] = (from, address, port) =>
    keep((from === 'host' ? link : parts.here).openTcp(address, port))
  const context: ProbeContext = {
    host,
    unit: check.unit,
    vantage,
    clock,
    signal,
    firing: parts.firing,
    memory: parts.memory,
    connect: (address, port) => connectFrom(vantage, address, port),
    connectFrom,
    connectUnix: path => keep(link.openUnixSocket(path)),
    async exec(argv, options = {}) {
      patience.hold()
      const leave = await commands.enter(signal).finally(() => patience.release())
      try {
        return await link.exec(argv, { ...options, signal })
      } finally {
        leave()
      }
    },
    sample() {
      const sample = session.latestSample
      return sample !== null && clock.now() - sample.at <= freshMs ? sample : null
    },
    unitState() {
      if (!check.unit || !units.manager(check.unit.scope)) return null
      return units.get(check.unit.scope, check.unit.name)
    },
    restarts: ms =>
      check.unit === null ? [] : startsOf(store, { hostId: check.hostId, ...check.unit }, ms, clock.now()),
    journal: session.journal,
    secret: parts.secret,
  }
  return {
    context,
    close() {
      closed = true
      for (const stream of open) stream.destroy()
      open.clear()
    },
  }
}

/** What `work` gives, or the end by `signal`; what comes later goes to `late`. */
function within<T>(work: Promise<T>, signal: AbortSignal, late: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      work.then(late, () => {})
      reject(new AppError('CANCELLED', 'The time for this probe is over'))
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(
      value => {
        signal.removeEventListener('abort', onAbort)
        if (!signal.aborted) resolve(value)
      },
      error => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}

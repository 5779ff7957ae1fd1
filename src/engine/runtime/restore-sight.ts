// Waits until a restore that was cut off can go on with its host; knows no step.
import { AppError } from '../../shared/errors.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import type { StoredRestore } from './restore-record.ts'
import type { SourceAccess } from './source-access.ts'

/** How often a host that is away is looked at again. */
export const lookAgainMs = 500
/** So long a host that is connected may keep its services from being asked, before they are left to a person. */
const blindMs = 300_000

export interface RestoreSightOptions {
  readonly store: Pick<Store, 'hosts'>
  readonly sources: Pick<SourceAccess, 'session'>
  readonly clock: Clock
}

/** `blind` is a host that is connected, and yet the services of the scope that the restore's one has cannot be asked. */
export type Sight = 'away' | 'blind' | 'clear'

/** Throws NOT_FOUND where the host was removed. */
export function sightOf({ sources, store }: RestoreSightOptions, { hostId, unit }: StoredRestore): Sight {
  try {
    const session = sources.session(hostId)
    return !unit || session.units.manager(unit.scope) !== null ? 'clear' : 'blind'
  } catch {
    if (!store.hosts.get(hostId)) throw new AppError('NOT_FOUND', 'The host was removed')
    return 'away'
  }
}

/** Resolves once the host can be worked with; with `blind` where that lasted, as it may never change by itself. Rejects when `signal` aborts. */
export async function untilSeen(
  options: RestoreSightOptions,
  run: StoredRestore,
  signal: AbortSignal,
): Promise<'blind' | 'clear'> {
  const { clock } = options
  let blindSince: number | null = null
  for (;;) {
    const sight = sightOf(options, run)
    if (sight === 'clear') return sight
    blindSince = sight === 'blind' ? (blindSince ?? clock.monotonic()) : null
    if (blindSince !== null && clock.monotonic() - blindSince >= blindMs) return 'blind'
    await sleep(clock, lookAgainMs, signal)
  }
}

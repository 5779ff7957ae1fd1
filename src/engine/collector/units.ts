// Finds the best way to watch a scope's services on a host: the bus's socket, the bridge, then systemctl; knows nothing of what is watched.
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../../shared/model/host.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { HostReport } from '../parse/host-facts.ts'
import type { Link, UnitManager } from '../ports.ts'
import { bridgeRoute, busPath, socketRoute } from './dbus-routes.ts'
import { startDbus } from './dbus-start.ts'
import { UnitActions } from './units-actions.ts'
import { openBusManager } from './units-bus-manager.ts'
import { openSystemctlManager } from './units-systemctl.ts'
import { UnitTable } from './units-table.ts'

export type UnitSource = UnitManager['source']

export interface OpenUnitsOptions {
  readonly link: Link
  readonly host: Host
  readonly scope: UnitScope
  readonly report: HostReport
  readonly clock: Clock
  readonly log: Logger
  /** The ways to try, in this order; tests ask for one. */
  readonly sources?: readonly UnitSource[]
}

/** Rejects with NOT_SYSTEMD, ACCESS_DENIED, or what the last way said. */
export async function openUnits(options: OpenUnitsOptions): Promise<UnitManager> {
  const { link, host, scope, report, clock, log } = options
  if (!report.systemdRuns)
    throw new AppError('NOT_SYSTEMD', 'This host does not run systemd, so it has no services to show', {
      hint: 'Metrics work all the same.',
    })
  const generation = link.status.generation
  const uid = report.uid ?? 0
  let failure = new AppError('UNSUPPORTED', 'No way to watch units was tried')
  for (const source of options.sources ?? (['dbus-socket', 'dbus-bridge', 'systemctl'] as const)) {
    const table = new UnitTable({ hostId: link.hostId, scope }, clock)
    const actions = new UnitActions({ link, host, scope, uid, clock, generation })
    try {
      if (source === 'systemctl')
        return await openSystemctlManager({ link, scope, uid, generation, table, actions, clock, log })
      const path = busPath(scope, uid)
      const stream = await (source === 'dbus-socket' ? socketRoute(link, path) : bridgeRoute(link, path, false))
      const started = startDbus(stream, { clock, uid })
      return await openBusManager(started, { link, scope, source, generation, table, actions, clock, log })
    } catch (caught) {
      actions.dispose()
      table.dispose()
      failure = AppError.from(caught)
      // Without the link no other way helps.
      if (link.status.state !== 'ready' || link.status.generation !== generation) throw failure
      log.info('units: way failed', { source, scope, code: failure.code, message: failure.message })
    }
  }
  throw failure
}

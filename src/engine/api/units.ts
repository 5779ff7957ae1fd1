// The contract's handlers for units, timers, actions and the audit log.
import { AppError } from '../../shared/errors.ts'
import type { AuditQuery } from '../../shared/model/audit.ts'
import { UnitName, type UnitRef, type UnitVerb } from '../../shared/model/unit.ts'
import type { Services } from './services.ts'

export const unitHandlers = ({ fleet, store, actions }: Services) => ({
  'unit.list': (hostId: string) => fleet.session(hostId).units.list(),
  'unit.get': async ({ hostId, scope, name }: UnitRef) => {
    const { units } = fleet.session(hostId)
    // asking systemd loads what is not loaded and brings what signals do not carry; without it the last known state is shown
    const fresh = await units.manager(scope)?.get(name)
    const known = units.get(scope, name)
    if (known)
      return fresh
        ? { ...fresh, pinned: known.pinned, cpuPercent: known.cpuPercent, memoryBytes: known.memoryBytes }
        : known
    if (fresh) return { ...fresh, pinned: false }
    throw new AppError('NOT_FOUND', `${name} is not known on this host`)
  },
  'unit.timers': async (hostId: string) => {
    const { units } = fleet.session(hostId)
    const managers = [units.manager('system'), units.manager('user')].filter(manager => manager !== null)
    if (managers.length === 0)
      throw new AppError('NOT_CONNECTED', 'Timers are asked for from the host, which is not connected')
    const timers = (await Promise.all(managers.map(manager => manager.timers()))).flat()
    // a name that systemd would not allow is a hostile host's, and costs only itself
    return timers.filter(timer => UnitName.safeParse(timer.name).success)
  },
  'unit.pin': ({ hostId, scope, name, pinned }: UnitRef & { pinned: boolean }) =>
    fleet.session(hostId).units.pin(scope, name, pinned),
  'unit.history': ({ limit, ...ref }: UnitRef & { limit: number }) => store.units.transitions(ref, limit),
  'action.preview': ({ verb, ...ref }: UnitRef & { verb: UnitVerb }) => actions.preview(ref, verb),
  'action.run': ({ verb, ...ref }: UnitRef & { verb: UnitVerb }) => actions.run(ref, verb, 'person'),
  'action.cancel': (id: string) => actions.cancel(id),
  'action.get': (id: string) => actions.get(id),
  'audit.list': (query: AuditQuery) => store.audit.list(query),
})

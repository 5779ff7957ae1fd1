// The contract's handlers for maintenance: thin, with an audit entry for whatever a person changed.
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { MaintenanceDraft, MaintenanceTask, PreviewRequest } from '../../shared/model/maintenance.ts'
import type { Services } from './services.ts'

type Given = { draft: MaintenanceDraft; secrets: FieldSecrets }

const actor = 'person'

export const maintenanceHandlers = ({ audit, maintenance }: Services) => {
  const { runner } = maintenance
  const record = (verb: AuditVerb, { hostId, name }: Pick<MaintenanceTask, 'hostId' | 'name'>): void =>
    audit.record({ actor, verb, hostId, target: name })
  return {
    'maintenance.kinds': () => maintenance.kinds(),
    'maintenance.list': ({ hostId }: { hostId: string | null }) => maintenance.list(hostId),
    'maintenance.get': (id: string) => maintenance.view(id),
    'maintenance.add': ({ draft, secrets }: Given) => {
      const task = maintenance.add(draft, secrets)
      record('maintenance.add', task)
      return task
    },
    'maintenance.edit': ({ id, draft, secrets }: Given & { id: string }) => {
      const task = maintenance.edit(id, draft, secrets)
      record('maintenance.edit', task)
      return task
    },
    'maintenance.remove': async (id: string) => record('maintenance.remove', await maintenance.remove(id)),
    'maintenance.preview': (
      { secrets, ...request }: PreviewRequest & { secrets: FieldSecrets },
      { signal }: { signal: AbortSignal },
    ) => maintenance.preview(request, secrets, signal),
    'maintenance.run': (id: string) => runner.start({ taskId: id, reason: 'person', actor }),
    'maintenance.cancel': (runId: string) => runner.cancel(runId),
    'maintenance.runs': ({ id, limit }: { id: string; limit: number }) => runner.list(id, limit),
  }
}

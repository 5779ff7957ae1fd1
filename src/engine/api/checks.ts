// The contract's handlers for checks: thin, with an audit entry for whatever a person changed.
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { Check, CheckDraft, FieldSecrets } from '../../shared/model/check.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import { type PreviewQuery, previewJournal } from '../checks/index.ts'
import { checkKinds } from '../runtime/check-draft.ts'
import type { Services } from './services.ts'

type Context = { signal: AbortSignal }

export const checkHandlers = ({ audit, fleet, watching, proposals, clock }: Services) => {
  const { checks, prober } = watching
  const record = (verb: AuditVerb, check: Check): void =>
    audit.record({ actor: 'person', verb, hostId: check.hostId, target: check.name })
  return {
    'check.kinds': () => checkKinds(),
    'check.list': ({ hostId }: { hostId: string | null }) => prober.views(hostId),
    'check.get': (id: string) => checks.view(id),
    'check.add': ({ draft, secrets }: { draft: CheckDraft; secrets: FieldSecrets }) => {
      const check = checks.add(draft, secrets)
      record('check.add', check)
      return check
    },
    'check.edit': ({ id, draft, secrets }: { id: string; draft: CheckDraft; secrets: FieldSecrets }) => {
      const check = checks.edit(id, draft, secrets)
      record('check.edit', check)
      return check
    },
    'check.remove': (id: string) => record('check.remove', checks.remove(id)),
    'check.try': (
      { id, draft, secrets }: { id: string | null; draft: CheckDraft; secrets: FieldSecrets },
      { signal }: Context,
    ) => checks.try(id, draft, secrets, signal),
    'check.probe': (id: string) => prober.probeNow(checks.get(id).id),
    'check.uptime': (id: string) => checks.uptime(id),
    'unit.uptime': (ref: UnitRef) => {
      fleet.host(ref.hostId)
      return checks.unitUptime(ref)
    },
    'check.previewJournal': (query: PreviewQuery, { signal }: Context) =>
      previewJournal(fleet.session(query.hostId).journal, query, clock.now(), signal),
    'check.proposals': (hostId: string) => proposals.list(fleet.session(hostId)),
    'check.dismissProposal': ({ hostId, key }: { hostId: string; key: string }) => {
      fleet.host(hostId)
      proposals.dismiss(hostId, key)
    },
  }
}

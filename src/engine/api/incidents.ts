// The contract's handlers for incidents and silences: thin, with an audit entry for whatever a person changed.
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { IncidentQuery, Silence, SilenceDraft } from '../../shared/model/incident.ts'
import { exportIncident, knownTo } from '../runtime/incident-export.ts'
import { incidentStory } from '../runtime/incident-story.ts'
import type { Services } from './services.ts'

type Context = { signal: AbortSignal }
const person = 'person'

export const incidentHandlers = ({ store, alerting, silences, fleet, audit, clock, redactor }: Services) => {
  const about = { store, clock, session: (hostId: string) => fleet.peek(hostId) }
  const record = (verb: AuditVerb, hostId: string | null, target: string): void =>
    audit.record({ actor: person, verb, hostId, target })
  const recordSilence = (verb: AuditVerb, { scope, name }: Silence): void => record(verb, scope.hostId, name)
  return {
    'incident.list': (query: IncidentQuery) => store.incidents.list(query),
    'incident.get': (id: string, { signal }: Context) => incidentStory(about, id, signal),
    'incident.acknowledge': (id: string) => {
      const before = store.incidents.get(id)
      const incident = alerting.acknowledge(id, person)
      if (before?.state === 'open') record('incident.acknowledge', incident.hostId, incident.title)
      return incident
    },
    'incident.note': ({ id, text }: { id: string; text: string }) => {
      alerting.note(id, text, person)
      const incident = store.incidents.get(id)
      if (incident) record('incident.note', incident.hostId, incident.title)
    },
    'incident.export': async ({ id, format }: { id: string; format: 'markdown' | 'json' }, { signal }: Context) => {
      const story = await incidentStory(about, id, signal)
      return exportIncident(story, format, knownTo(store, story.incident), redactor)
    },
    'silence.list': () => silences.list(),
    'silence.add': (draft: SilenceDraft) => {
      const silence = silences.add(draft, person)
      recordSilence('silence.add', silence)
      return silence
    },
    'silence.edit': ({ id, draft }: { id: string; draft: SilenceDraft }) => {
      const silence = silences.edit(id, draft)
      recordSilence('silence.edit', silence)
      return silence
    },
    'silence.remove': (id: string) => recordSilence('silence.remove', silences.remove(id)),
  }
}

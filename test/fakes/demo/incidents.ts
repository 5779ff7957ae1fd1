// The demo's answers about incidents and silences. Knows nothing of ports. Never part of the app.
import type { EngineContract } from '../../../src/shared/contract/engine.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type {
  Incident,
  IncidentStory,
  Silence,
  SilenceScope,
  TimelineItem,
} from '../../../src/shared/model/incident.ts'
import type { Handlers, Server } from '../../../src/shared/rpc/server.ts'
import { forceOf } from './silences-made.ts'
import type { World } from './world.ts'

type IncidentCalls = Pick<
  Handlers<EngineContract>,
  | 'incident.list'
  | 'incident.get'
  | 'incident.acknowledge'
  | 'incident.note'
  | 'incident.export'
  | 'silence.list'
  | 'silence.add'
  | 'silence.edit'
  | 'silence.remove'
>

export function incidentHandlers(world: World, emit: Server<EngineContract>['emit']): IncidentCalls {
  const get = (id: string): IncidentStory => {
    const story = world.stories.get(id)
    if (!story) throw new AppError('NOT_FOUND', 'That incident is not there any more')
    return story
  }
  const put = (story: IncidentStory, parts: Partial<Incident>, item: Omit<TimelineItem, 'at'> | null): Incident => {
    const incident = { ...story.incident, ...parts }
    const timeline = item ? [...story.timeline, { ...item, at: Date.now() }] : story.timeline
    world.stories.set(incident.id, { ...story, incident, timeline })
    emit('incident.changed', incident)
    return incident
  }
  const tellSilences = (): Silence[] => {
    const now = Date.now()
    for (const silence of world.silences.values())
      world.silences.set(silence.id, { ...silence, ...forceOf(silence.schedule, now) })
    const all = [...world.silences.values()]
    for (const story of world.stories.values()) {
      const { incident } = story
      const by = all.find(silence => silence.active && covers(silence.scope, incident))
      const mutedBy = by?.kind ?? null
      if (incident.state !== 'resolved' && incident.mutedBy !== mutedBy) put(story, { mutedBy }, null)
    }
    emit('silence.changed', all)
    return all
  }
  const putSilence = (silence: Silence): Silence => {
    world.silences.set(silence.id, silence)
    tellSilences()
    return world.silences.get(silence.id) ?? silence
  }

  return {
    'incident.list': query =>
      [...world.stories.values()]
        .map(story => story.incident)
        .filter(({ state }) => query.state === 'all' || (state === 'resolved') === (query.state === 'resolved'))
        .filter(incident => query.hostId === null || incident.hostId === query.hostId)
        .filter(incident => query.checkId === null || incident.checkId === query.checkId)
        .filter(incident => query.severity === null || incident.severity === query.severity)
        .filter(
          ({ unit }) => query.unit === null || (unit?.name === query.unit.name && unit.scope === query.unit.scope),
        )
        .filter(incident => query.text === null || said(incident).includes(query.text.toLowerCase()))
        .filter(incident => query.before === null || incident.openedAt < query.before)
        .filter(incident => query.since === null || incident.openedAt >= query.since)
        .sort((a, b) => b.openedAt - a.openedAt)
        .slice(0, query.limit),
    'incident.get': get,
    'incident.acknowledge': id => {
      const story = get(id)
      if (story.incident.state !== 'open') return story.incident
      const parts = { state: 'acknowledged', acknowledgedAt: Date.now(), acknowledgedBy: 'person' } as const
      return put(story, parts, {
        kind: 'person',
        tone: 'neutral',
        title: 'Acknowledged',
        detail: null,
        actor: 'person',
      })
    },
    'incident.note': ({ id, text }) => {
      put(get(id), {}, { kind: 'note', tone: 'neutral', title: 'Note', detail: text, actor: 'person' })
    },
    'incident.export': ({ id, format }) => {
      const story = get(id)
      if (format === 'json') return JSON.stringify(story, null, 2)
      const lines = story.timeline.map(item => `- ${new Date(item.at).toISOString()} ${item.title}`)
      return `# ${story.incident.title}\n\n${story.incident.firstMessage}\n\n${lines.join('\n')}\n`
    },

    'silence.list': () => [...world.silences.values()],
    'silence.add': draft =>
      putSilence({
        ...draft,
        id: `sil-${Date.now()}`,
        createdAt: Date.now(),
        createdBy: 'person',
        ...forceOf(draft.schedule, Date.now()),
      }),
    'silence.edit': ({ id, draft }) => {
      const silence = world.silences.get(id)
      if (!silence) throw new AppError('NOT_FOUND', 'That silence is not there any more')
      return putSilence({ ...silence, ...draft })
    },
    'silence.remove': id => {
      world.silences.delete(id)
      tellSilences()
    },
  }
}

function said(incident: Incident): string {
  const { title, hostName, checkName, unit, lastMessage, tags } = incident
  return [title, hostName, checkName, unit?.name, lastMessage, ...tags].join(' ').toLowerCase()
}

function covers(scope: SilenceScope, incident: Incident): boolean {
  return (
    (scope.hostId === null || scope.hostId === incident.hostId) &&
    (scope.unit === null || scope.unit.name === incident.unit?.name) &&
    (scope.checkId === null || scope.checkId === incident.checkId) &&
    (scope.tag === null || incident.tags.includes(scope.tag))
  )
}

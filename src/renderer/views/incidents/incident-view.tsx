// One incident: what, where, since when, what was tried, and the whole story with the journal beside it. Shows what the engine says and decides nothing.
import { ArrowLeft, CircleQuestionMark } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import type { Incident, IncidentStory } from '../../../shared/model/incident.ts'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, ErrorState, LoadingState } from '../../components/faces.tsx'
import { Columns, Fact, Facts, Page, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useActiveList, useRecoveryByIncident, useStory } from '../../data/incidents.ts'
import { useNow } from '../../data/now.ts'
import { mutedText, severityWords } from '../../lib/check-status.ts'
import { formatDuration } from '../../lib/format.ts'
import { incidentStatus, lasted, mendingText, whoName } from '../../lib/incident-words.ts'
import { checkPath, hostPath, places, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { IncidentActions } from './incident-actions.tsx'
import { IncidentJournal } from './incident-journal.tsx'
import css from './incident-view.module.css'
import { Timeline } from './timeline.tsx'

export function IncidentView(): ReactNode {
  const { incidentId = '' } = useParams()
  const active = useActiveList().some(incident => incident.id === incidentId)
  const story = useStory(incidentId, active)
  if (story.data) return <Story key={incidentId} story={story.data} />
  return (
    <Page title="Incident" aside={<Back />}>
      {!story.error ? (
        <LoadingState label="Reading the incident" />
      ) : story.error.code === 'NOT_FOUND' || story.error.code === 'INVALID_INPUT' ? (
        <EmptyState
          icon={CircleQuestionMark}
          title="This incident is not known"
          text="Incidents go with their host, and after the time for which history is kept."
        >
          <LinkButton to={places.incidents}>Show all incidents</LinkButton>
        </EmptyState>
      ) : (
        <ErrorState
          error={story.error}
          title="The incident could not be read"
          onRetry={() => void story.refetch()}
          retrying={story.isFetching}
        />
      )}
    </Page>
  )
}

function Back(): ReactNode {
  return (
    <LinkButton to={places.incidents} look="quiet" size="small" icon={ArrowLeft}>
      Incidents
    </LinkButton>
  )
}

function Story(props: { story: IncidentStory }): ReactNode {
  const { story } = props
  const { incident } = story
  return (
    <Page title={safeText(incident.title)} aside={<Back />} actions={<IncidentActions incident={incident} />}>
      <div className={css.story}>
        <Summary incident={incident} />
        <Columns wider="neither">
          <div>
            <Panel title="What happened" aside={<span className={css.pale}>newest last</span>}>
              <Timeline items={story.timeline} incident={incident} />
            </Panel>
          </div>
          <div>
            <About incident={incident} />
            <Panel title="Journal around the beginning" flush>
              <IncidentJournal story={story} />
            </Panel>
          </div>
        </Columns>
      </div>
    </Page>
  )
}

/** The state in words; read out when it changes. */
function Summary(props: { incident: Incident }): ReactNode {
  const { incident } = props
  const now = useNow(1000)
  const recovery = useRecoveryByIncident().get(incident.id)
  const mending = incident.state === 'resolved' || !recovery ? null : mendingText(recovery, now)
  return (
    <section className={css.summary} aria-label="State">
      <p className={css.line}>
        <Status status={incidentStatus(incident)} look="pill" />
        <span>
          {incident.state === 'resolved' ? 'Lasted ' : 'For '}
          <strong>{formatDuration(lasted(incident, now))}</strong>, since <RelativeTime at={incident.startedAt} />
          {incident.resolvedAt !== null && (
            <>
              , over <RelativeTime at={incident.resolvedAt} />
            </>
          )}
        </span>
        {incident.acknowledgedAt !== null && (
          <span>
            Acknowledged by {whoName(incident.acknowledgedBy)} <RelativeTime at={incident.acknowledgedAt} />
          </span>
        )}
      </p>
      <p className={css.message}>{safeText(incident.lastMessage)}</p>
      {incident.state !== 'resolved' && incident.mutedBy && (
        <p className={css.line}>
          <Status
            status={{ tone: incident.mutedBy === 'maintenance' ? 'maintenance' : 'unknown', word: 'Nobody is told' }}
          />
          <span>
            {mutedText(incident.mutedBy)}.{' '}
            {(incident.mutedBy === 'silence' || incident.mutedBy === 'maintenance') && (
              <Link to={places.silences}>Show silences</Link>
            )}
          </span>
        </p>
      )}
      {recovery && incident.state !== 'resolved' && (
        <p className={css.line}>
          <Status
            status={{
              tone: recovery.phase === 'escalated' ? 'waiting' : recovery.phase === 'idle' ? 'off' : 'busy',
              word: mending ?? 'Not mended by itself',
            }}
          />
          <span>{safeText(recovery.reason)}</span>
        </p>
      )}
    </section>
  )
}

function About(props: { incident: Incident }): ReactNode {
  const { incident } = props
  const { unit, hostId } = incident
  return (
    <Panel title="About">
      <Facts>
        <Fact name="Host">
          <Link to={hostPath(hostId)}>{safeText(incident.hostName)}</Link>
        </Fact>
        {unit && (
          <Fact name="Service">
            <Link to={unitPath({ hostId, ...unit })}>{safeText(unit.name)}</Link>
          </Fact>
        )}
        <Fact name="Check">
          <Link to={checkPath(incident.checkId)}>{safeText(incident.checkName)}</Link>
        </Fact>
        <Fact name="Severity">{severityWords[incident.severity]}</Fact>
        {incident.firstMessage !== incident.lastMessage && (
          <Fact name="First said">{safeText(incident.firstMessage)}</Fact>
        )}
        <Fact name="Began">
          <RelativeTime at={incident.startedAt} />
        </Fact>
        <Fact name="Opened">
          <RelativeTime at={incident.openedAt} />
        </Fact>
        {incident.tags.length > 0 && <Fact name="Tags">{incident.tags.map(tag => safeText(tag)).join(', ')}</Fact>}
      </Facts>
    </Panel>
  )
}

// One check: how it stands, how it stood, what it asks. Shows what the engine says and decides nothing.
import { ListX, Pencil, Play } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import type { CheckView } from '../../../shared/model/check.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { HeartbeatExplorer } from '../../components/heartbeat.tsx'
import { Columns, Fact, Facts, Page, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { RemoveButton } from '../../components/remove-button.tsx'
import { Status } from '../../components/status.tsx'
import { TimeChart } from '../../components/time-chart.tsx'
import { useCheck, useCheckKinds, useChecks } from '../../data/checks.ts'
import { useHosts } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { useRecentSeries } from '../../data/series.ts'
import { checkStatus, intervalText, mutedText, severityWords } from '../../lib/check-status.ts'
import { formatDuration } from '../../lib/format.ts'
import { checkPath, editCheckPath, hostPath, places, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { CheckIncidents } from './check-incidents.tsx'
import css from './checks.module.css'
import { UptimePanel } from './uptime-panel.tsx'

const day = 86_400_000

export function CheckPage(): ReactNode {
  const { checkId = '' } = useParams()
  const check = useCheck(checkId)
  if (check.data) return <Loaded key={checkId} view={check.data} />
  return (
    <Page title="Check">
      <QueryFaces query={check} failed="The check could not be read" loading="Reading check" missing={<NoSuchCheck />}>
        {() => null}
      </QueryFaces>
    </Page>
  )
}

function NoSuchCheck(): ReactNode {
  return (
    <EmptyState icon={ListX} title="There is no such check">
      <LinkButton to={places.checks}>Show all checks</LinkButton>
    </EmptyState>
  )
}

function Loaded(props: { view: CheckView }): ReactNode {
  const { view } = props
  const { check, last, mutedBy } = view
  return (
    <Page
      title={safeText(check.name)}
      aside={<Status status={checkStatus(view)} look="pill" />}
      actions={<Buttons view={view} />}
    >
      <Columns>
        <div>
          <Panel title="Last probes">
            <HeartbeatExplorer beats={view.recent} label={`Last probes of ${safeText(check.name)}`} />
            {last && (
              <p className={css.message}>
                <RelativeTime at={last.at} className={css.pale} /> {safeText(last.message)}
              </p>
            )}
            {mutedBy && <p className={css.pale}>{mutedText(mutedBy)}.</p>}
          </Panel>
          <Course view={view} />
          <CheckIncidents checkId={check.id} />
        </div>
        <div>
          <UptimePanel call="check.uptime" input={check.id} />
          <About view={view} />
        </div>
      </Columns>
    </Page>
  )
}

function Buttons(props: { view: CheckView }): ReactNode {
  const { check, nextAt } = props.view
  const navigate = useNavigate()
  const probe = useEngineCommand('check.probe')
  const edit = useEngineCommand('check.edit')
  const remove = useEngineCommand('check.remove')
  const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = check
  const problem = probe.error ?? edit.error
  return (
    <>
      {problem && <FieldError>{safeText(problem.message)}</FieldError>}
      {nextAt !== null && (
        <Button icon={Play} loading={probe.isPending} onClick={() => probe.mutate(id)}>
          Probe now
        </Button>
      )}
      <Button
        loading={edit.isPending}
        onClick={() => edit.mutate({ id, draft: { ...draft, enabled: !check.enabled }, secrets: {} })}
      >
        {check.enabled ? 'Switch off' : 'Switch on'}
      </Button>
      <LinkButton to={editCheckPath(id)} icon={Pencil}>
        Edit
      </LinkButton>
      {!check.builtIn && (
        <RemoveButton
          name={check.name}
          noun="check"
          busy={remove.isPending}
          error={remove.error}
          onRemove={() => remove.mutate(id, { onSuccess: () => void navigate(places.checks) })}
        >
          <p>It is no longer probed, and an alert that it raised ends. Its incidents are kept.</p>
        </RemoveButton>
      )}
    </>
  )
}

/** Its latency and whatever numbers its last probe found, over a day. */
function Course(props: { view: CheckView }): ReactNode {
  const { check, last } = props.view
  const latency = `check.${check.id}:latency`
  const numbers = (last?.numbers ?? []).map(({ name }) => ({
    name: `check.${check.id}:${name}`,
    label: safeText(name),
  }))
  const course = useRecentSeries(check.hostId, [latency, ...numbers.map(({ name }) => name)].slice(0, 64), day)
  const dataOf = (name: string) => course.data?.filter(each => each.series === name)
  const hasLatency = last?.latencyMs !== null && last?.latencyMs !== undefined
  if (!hasLatency && numbers.length === 0) return null
  return (
    <Panel title="Last 24 hours">
      {hasLatency && (
        <TimeChart
          title="Latency, ms"
          series={[{ name: latency, label: 'Latency' }]}
          data={dataOf(latency)}
          from={course.from}
          to={course.to}
          unit="count"
          heightRem={8}
        />
      )}
      {numbers.map(series => (
        <TimeChart
          key={series.name}
          title={series.label}
          series={[series]}
          data={dataOf(series.name)}
          from={course.from}
          to={course.to}
          unit="count"
          heightRem={7}
        />
      ))}
    </Panel>
  )
}

function About(props: { view: CheckView }): ReactNode {
  const { check, nextAt } = props.view
  const { data: hosts = [] } = useHosts()
  const { data: kinds = [] } = useCheckKinds()
  const host = hosts.find(view => view.host.id === check.hostId)?.host
  const kind = kinds.find(each => each.type === check.type)
  const inRow = (count: number, one: string, many: string): string =>
    count === 1 ? `the first ${one}` : `${count} ${many} in a row`
  return (
    <Panel title="What it asks">
      <Facts>
        <Fact name="Kind">{kind?.title ?? check.type}</Fact>
        <Fact name="Host">{host ? <Link to={hostPath(host.id)}>{safeText(host.name)}</Link> : check.hostId}</Fact>
        {check.unit && (
          <Fact name="Service">
            <Link to={unitPath({ hostId: check.hostId, ...check.unit })}>{safeText(check.unit.name)}</Link>
          </Fact>
        )}
        <Fact name="Every">{nextAt === null ? 'Whenever something happens' : intervalText(check.intervalSeconds)}</Fact>
        {nextAt !== null && (
          <Fact name="Next probe">
            <RelativeTime at={nextAt} />
          </Fact>
        )}
        <Fact name="Seen from">{vantageWords[check.vantage]}</Fact>
        <Fact name="Gives up after">{formatDuration(check.timeoutSeconds * 1000)}</Fact>
        <Fact name="Alerts after">
          {inRow(check.failureThreshold, 'failure', 'failures')}
          {check.forSeconds > 0 ? ` and ${formatDuration(check.forSeconds * 1000)}` : ''}
        </Fact>
        <Fact name="Over after">{inRow(check.recoveryThreshold, 'success', 'successes')}</Fact>
        <Fact name="Severity">
          {severityWords[check.severity]}
          {check.severity !== 'critical' && check.riseSeconds !== undefined
            ? `, critical after ${formatDuration(check.riseSeconds * 1000)}`
            : ''}
        </Fact>
        {check.dependsOn.length > 0 && (
          <Fact name="Depends on">
            <Dependencies ids={check.dependsOn} />
          </Fact>
        )}
        {check.tags.length > 0 && <Fact name="Tags">{check.tags.map(tag => safeText(tag)).join(', ')}</Fact>}
      </Facts>
    </Panel>
  )
}

const vantageWords = {
  host: 'the host itself',
  local: 'this computer',
  both: 'the host and this computer',
} as const

function Dependencies(props: { ids: readonly string[] }): ReactNode {
  const { data: checks = [] } = useChecks()
  return props.ids.map((id, index) => (
    <span key={id}>
      {index > 0 && ', '}
      <Link to={checkPath(id)}>{safeText(checks.find(view => view.check.id === id)?.check.name ?? id)}</Link>
    </span>
  ))
}

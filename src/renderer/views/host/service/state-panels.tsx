// How a service is and what it uses: facts from systemd, numbers from the newest sample, their last hour. Decides nothing.
import { type ReactNode, useMemo } from 'react'
import type { HostView } from '../../../../shared/model/host.ts'
import type { Unit } from '../../../../shared/model/unit.ts'
import { Fact, Facts, Panel } from '../../../components/page.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { TimeChart } from '../../../components/time-chart.tsx'
import { useLatestSample } from '../../../data/measures.ts'
import { useEngineQuery } from '../../../data/remotes.tsx'
import { useRecentSeries } from '../../../data/series.ts'
import { formatBytes, formatCount, formatPercent, unknownValue } from '../../../lib/format.ts'
import { safeText } from '../../../lib/safe-text.ts'
import { cpuOf, memoryOf } from '../services/services-order.ts'
import css from './service-view.module.css'

const hour = 3_600_000

export function FactsPanel(props: { unit: Unit }): ReactNode {
  const { unit } = props
  return (
    <Panel title="State">
      <Facts>
        <Fact name="systemd says">
          {safeText(unit.activeState)} ({safeText(unit.subState)}), {safeText(unit.loadState)}
        </Fact>
        <Fact name="Since">
          <RelativeTime at={unit.since} />
        </Fact>
        <Fact name="Main process">{unit.mainPid ? `PID ${unit.mainPid}` : unknownValue}</Fact>
        <Fact name="Restarted by systemd">{formatCount(unit.restarts)} times</Fact>
        <Fact name="Last result">{lastResult(unit)}</Fact>
        <Fact name="At boot">{bootWords(unit.unitFileState)}</Fact>
        <Fact name="Unit file">{unit.fragmentPath ? <code>{safeText(unit.fragmentPath)}</code> : unknownValue}</Fact>
        <Fact name="Manager">{unit.scope === 'user' ? 'of the user (systemctl --user)' : 'of the system'}</Fact>
      </Facts>
    </Panel>
  )
}

function lastResult(unit: Unit): string {
  if (!unit.result) return unknownValue
  const status = unit.exitStatus === null || unit.result === 'success' ? '' : `, status ${unit.exitStatus}`
  return `${safeText(unit.result)}${status}`
}

function bootWords(state: string | null): string {
  if (state === null) return unknownValue
  if (state.startsWith('enabled')) return 'starts (enabled)'
  if (state === 'disabled') return 'does not start (disabled)'
  if (state.startsWith('masked')) return 'cannot be started (masked)'
  return safeText(state)
}

export function UsePanel(props: { unit: Unit; view: HostView }): ReactNode {
  const { unit, view } = props
  const sample = useLatestSample(view)
  const use = sample?.units.find(each => each.scope === unit.scope && each.name === unit.name)
  const live = view.connection.state === 'ready'
  const names = useMemo(
    () => [`unit.cpu:${unit.scope}/${unit.name}`, `unit.memory:${unit.scope}/${unit.name}`] as const,
    [unit.scope, unit.name],
  )
  const course = useRecentSeries(unit.hostId, names, hour)
  const gaps = useEngineQuery(
    'metric.gaps',
    { hostId: unit.hostId, from: course.from, to: course.to },
    { keepPrevious: true },
  )
  const known = course.data?.some(series => series.avg.some(value => value !== null)) ?? false
  const cpu = useMemo(() => [{ name: names[0], label: 'CPU' }], [names])
  const memory = useMemo(() => [{ name: names[1], label: 'Memory' }], [names])
  const chart = {
    data: course.data,
    from: course.from,
    to: course.to,
    gaps: gaps.data,
    syncKey: 'service',
    heightRem: 7,
  }
  return (
    <Panel title="Resources">
      <dl className={css.numbers}>
        <Figure name="CPU" value={live ? formatPercent(cpuOf(unit, use)) : unknownValue} note="of one core" />
        <Figure name="Memory" value={live ? formatBytes(memoryOf(unit, use)) : unknownValue} />
        <Figure name="Processes" value={live ? formatCount(use?.processes ?? null) : unknownValue} />
      </dl>
      {known ? (
        <>
          <TimeChart {...chart} title="CPU, last hour" unit="percent" series={cpu} />
          <TimeChart {...chart} title="Memory, last hour" unit="bytes" series={memory} />
        </>
      ) : (
        <p className={css.quiet}>
          The course over time is kept for services of your own (in /etc/systemd/system or of the user) and for pinned
          ones, while they run.
        </p>
      )}
    </Panel>
  )
}

function Figure(props: { name: string; value: string; note?: string }): ReactNode {
  return (
    <div className={css.figure}>
      <dt>{props.name}</dt>
      <dd>
        <output>{props.value}</output>
        {props.note && <span className={css.quiet}> {props.note}</span>}
      </dd>
    </div>
  )
}

// The numbers of a host: as they are now, and their course over a range that lies in the address. Shows what the engine says and decides nothing.
import { ChartLine, ZoomOut } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import type { HostView } from '../../../../shared/model/host.ts'
import { Button } from '../../../components/button.tsx'
import { EmptyState, ErrorState, QueryFaces } from '../../../components/faces.tsx'
import { Choices } from '../../../components/field.tsx'
import { useRouteValue } from '../../../components/filter-input.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { TabPage } from '../../../components/tab-page.tsx'
import { TimeChart } from '../../../components/time-chart.tsx'
import { useLatestSample } from '../../../data/measures.ts'
import { useNow } from '../../../data/now.ts'
import { useEngineQuery } from '../../../data/remotes.tsx'
import { summarise } from '../../../lib/chart-data.ts'
import { formatClock } from '../../../lib/format.ts'
import { useShortcut } from '../../../lib/shortcuts.ts'
import { useHostView } from '../host-context.ts'
import { type ChartSpec, chartSpecs, wantedSeries } from './chart-specs.ts'
import { FiguresTable } from './figures-table.tsx'
import { appendSample } from './live-append.ts'
import {
  points,
  rangeIds,
  rangeMs,
  rangeWords,
  readRange,
  readZoom,
  type Span,
  stepOf,
  writeZoom,
} from './metric-ranges.ts'
import css from './metrics-view.module.css'
import { NowPanel } from './now-panel.tsx'

export function MetricsView(): ReactNode {
  const view = useHostView()
  const live = view.connection.state === 'ready'
  // A fresh host has no numbers for its first seconds; one that is known gets new disks and interfaces now and then.
  const known = useEngineQuery('metric.names', view.host.id, live ? { refetchInterval: 20_000 } : {})
  const empty = known.data?.length === 0
  useEngineQuery('metric.names', view.host.id, { enabled: live && empty, refetchInterval: 2_000 })
  return (
    <QueryFaces query={known} failed="The metrics could not be read" loading="Reading metrics">
      {names => <Metrics view={view} names={names} live={live} />}
    </QueryFaces>
  )
}

function Metrics(props: { view: HostView; names: readonly string[]; live: boolean }): ReactNode {
  const { view, names, live } = props
  const sample = useLatestSample(view)
  const [rangeText, setRange] = useRouteValue('range', '1h')
  const [zoomText, setZoomText] = useRouteValue('zoom')
  const range = readRange(rangeText)
  const zoom = readZoom(zoomText)
  const specs = useStableSpecs(chartSpecs(names, sample))
  const wanted = useMemo(() => wantedSeries(specs), [specs])
  const step = stepOf(range)
  const now = Math.ceil(useNow(step) / step) * step
  const { from, to }: Span = zoom ?? { from: now - rangeMs[range], to: now }
  const series = useEngineQuery(
    'metric.series',
    { hostId: view.host.id, series: wanted, from, to, points },
    { keepPrevious: true, staleTime: Number.POSITIVE_INFINITY, enabled: wanted.length > 0 },
  )
  const gaps = useEngineQuery('metric.gaps', { hostId: view.host.id, from, to }, { keepPrevious: true })
  const present = zoom ? null : sample
  const data = useMemo(
    () => (series.data ? appendSample(series.data, present, Math.max(shortestGapMs, step * 2)) : undefined),
    [series.data, present, step],
  )
  const resetZoom = (): void => setZoomText('', { push: true })
  useShortcut({ keys: '0', label: 'Leave the zoom', group: 'This screen', run: resetZoom }, zoom !== null)

  if (specs.length === 0) {
    return live ? (
      <EmptyState icon={ChartLine} title="Collecting" text="The first numbers are here in a few seconds." />
    ) : (
      <EmptyState
        icon={ChartLine}
        title="Nothing has been measured yet"
        text="Numbers appear here once this host is connected."
      />
    )
  }
  const chart = {
    data,
    from,
    to,
    gaps: gaps.data ?? noGaps,
    syncKey: `metrics-${view.host.id}`,
    onZoom: (start: number, end: number) => setZoomText(writeZoom(start, end), { push: true }),
    onReset: () => zoom && resetZoom(),
  }
  return (
    <TabPage
      bar={
        <>
          <Choices
            label="Range of time"
            bare
            value={range}
            options={rangeIds.map(id => ({ value: id, label: rangeWords[id] }))}
            onChange={id => {
              setRange(id, { push: true })
              setZoomText('')
            }}
          />
          {zoom ? (
            <>
              <span className={css.zoom}>
                {formatClock(zoom.from, now)} to {formatClock(zoom.to, now)}
              </span>
              <Button size="small" icon={ZoomOut} onClick={resetZoom}>
                Leave the zoom
              </Button>
            </>
          ) : (
            <span className={css.hint}>Drag over a chart to zoom, double-click to go back.</span>
          )}
        </>
      }
      stale={
        !live && (
          <>
            Not connected; the numbers end <RelativeTime at={view.connection.since} />
          </>
        )
      }
    >
      <div className={css.body}>
        <NowPanel sample={sample} live={live} />
        {series.error && !series.data ? (
          <ErrorState
            error={series.error}
            title="The course of the numbers could not be read"
            onRetry={() => void series.refetch()}
            retrying={series.isFetching}
          />
        ) : (
          <>
            <div className={css.charts}>
              {specs.map(spec => (
                <TimeChart
                  key={spec.id}
                  {...chart}
                  {...topOf(spec, data)}
                  className={css.chart}
                  title={spec.title}
                  unit={spec.unit}
                  series={spec.series}
                />
              ))}
            </div>
            <FiguresTable specs={specs} data={data} />
          </>
        )}
      </div>
    </TabPage>
  )
}

const noGaps = [] as const
/** Looks that are less apart follow each other in the ordinary pace (as the engine has it). */
const shortestGapMs = 45_000

function topOf(spec: ChartSpec, data: Parameters<typeof appendSample>[0] | undefined): { max?: number } {
  if (spec.top !== undefined) return { max: spec.top }
  const highest = data?.find(series => series.series === spec.topSeries)
  const max = highest === undefined ? null : summarise(highest).max
  return max === null || max <= 0 ? {} : { max }
}

/** The same object while it says the same: a sample each two seconds must not make the charts anew. */
function useStableSpecs(specs: readonly ChartSpec[]): readonly ChartSpec[] {
  const key = JSON.stringify(specs)
  return useMemo(() => JSON.parse(key) as ChartSpec[], [key])
}

// Numbers over time: one crosshair with its neighbours, drag to zoom, gaps as gaps, reconstructed stretches dashed. Knows nothing of what is measured.
import { format as formatDate } from 'date-fns'
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ObservationGap, SeriesData } from '../../shared/model/metric.ts'
import { chartColumns, summarise, tickNumbers } from '../lib/chart-data.ts'
import { cx } from '../lib/class-names.ts'
import { formatBytes, formatClock, formatCount, formatExact, formatPercent, formatRate } from '../lib/format.ts'
import { safeText } from '../lib/safe-text.ts'
import css from './time-chart.module.css'

export type ChartUnit = 'percent' | 'bytes' | 'rate' | 'count'

export interface ChartSeries {
  /** The name it has in the engine. */
  readonly name: string
  readonly label: string
}

export interface TimeChartProps {
  readonly title: string
  readonly series: readonly ChartSeries[]
  readonly data: readonly SeriesData[] | undefined
  /** Wall ms. */
  readonly from: number
  readonly to: number
  readonly unit: ChartUnit
  /** The top of the scale; by the data where it is not given. */
  readonly max?: number
  /** Charts with the same key share one crosshair. */
  readonly syncKey?: string
  readonly gaps?: readonly ObservationGap[]
  readonly onZoom?: (from: number, to: number) => void
  readonly onReset?: () => void
  readonly heightRem?: number
  readonly className?: string
}

/** What a chart is made of; its data and range come and go without it being made anew. */
interface Shape {
  readonly series: readonly ChartSeries[]
  readonly unit: ChartUnit
  readonly syncKey: string | undefined
  readonly heightRem: number
  /** Colours are drawn, so another theme is another chart. */
  readonly theme: string
}

const noGaps: readonly ObservationGap[] = []
const formats: Record<ChartUnit, (value: number | null) => string> = {
  percent: formatPercent,
  bytes: formatBytes,
  rate: formatRate,
  count: value => (value === null ? '–' : value < 100 ? value.toFixed(2) : formatCount(value)),
}
/** How numbers of a unit are written everywhere. */
export function formatOf(unit: ChartUnit): (value: number | null) => string {
  return formats[unit]
}
const colours = 6
const gapWords: Record<ObservationGap['cause'], string> = {
  link: 'the host could not be reached',
  sleep: 'this computer slept',
  'not-running': 'Quarterdeck did not run',
}

export function TimeChart(props: TimeChartProps): ReactNode {
  const { title, series, data, from, to, unit, gaps = noGaps, heightRem = 9, className } = props
  const holder = useRef<HTMLDivElement>(null)
  const [hover, setHover] = useState<number | null>(null)
  const theme = useThemeName()
  const columns = useMemo(
    () =>
      chartColumns(
        data ?? [],
        series.map(item => item.name),
      ),
    [data, series],
  )
  const latest = useRef({ ...props, gaps })
  useEffect(() => {
    latest.current = { ...props, gaps }
  })
  // a chart is made anew only when one of these changes, whoever made the objects they came in
  const shape = JSON.stringify({ series, unit, syncKey: props.syncKey, heightRem, theme } satisfies Shape)
  const spec = useMemo(() => JSON.parse(shape) as Shape, [shape])
  const [plot, setPlot] = useState<uPlot | null>(null)
  useEffect(() => {
    const element = holder.current
    if (!element) return
    const made = makePlot(element, spec, latest, setHover)
    setPlot(made)
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: element.clientHeight })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      setPlot(null)
    }
  }, [spec])
  useEffect(() => {
    if (!plot) return
    plot.setData([columns.at, ...columns.values] as uPlot.AlignedData, false)
    plot.setScale('x', { min: from / 1000, max: to / 1000 })
  }, [plot, columns, from, to])
  useEffect(() => {
    latest.current.gaps = gaps
    plot?.redraw(false)
  }, [plot, gaps])

  const show = formats[unit]
  const summaries = series.map(item => summarise(data?.find(each => each.series === item.name)))
  const words = series.map((item, index) => {
    const { latest: now, min, avg, max } = summaries[index] ?? summarise(undefined)
    return now === null
      ? `${item.label}: no data`
      : `${item.label}: now ${show(now)}, lowest ${show(min)}, average ${show(avg)}, highest ${show(max)}`
  })
  const gapAt = hover === null ? undefined : gaps.find(gap => hover >= gap.from && hover <= (gap.to ?? Date.now()))
  const hoverIndex = hover === null ? -1 : nearest(columns.at, hover / 1000)
  return (
    <figure className={cx(css.chart, className)} aria-label={title}>
      <figcaption className={css.caption}>
        <span className={css.title}>{title}</span>
        <span className={css.when}>
          {hover !== null && formatClock(hover, Date.now())}
          {gapAt && `: not watched, ${gapWords[gapAt.cause]}${gapAt.filled ? '; filled in afterwards' : ''}`}
        </span>
        <ul className={css.legend}>
          {series.map((item, index) => {
            const value =
              hoverIndex < 0
                ? (summaries[index]?.latest ?? null)
                : valueFor(columns.values, index, series.length, hoverIndex)
            return (
              <li key={item.name} className={css.entry}>
                <span className={css.swatch} data-colour={(index % colours) + 1} aria-hidden="true" />
                {safeText(item.label)} <strong>{show(value)}</strong>
              </li>
            )
          })}
        </ul>
      </figcaption>
      <div
        ref={holder}
        className={css.plot}
        style={{ height: `${heightRem}rem` }}
        role="img"
        aria-label={`${title} from ${formatExact(from)} to ${formatExact(to)}. ${words.join('. ')}.`}
      />
    </figure>
  )
}

function valueFor(
  values: readonly (readonly (number | null)[])[],
  index: number,
  count: number,
  at: number,
): number | null {
  return values[index]?.[at] ?? values[index + count]?.[at] ?? null
}

function makePlot(
  element: HTMLElement,
  spec: Shape,
  latest: { readonly current: TimeChartProps },
  onHover: (at: number | null) => void,
): uPlot {
  const { series, unit, syncKey, heightRem } = spec
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const line = (index: number): string => colour(`--chart-${(index % colours) + 1}`)
  const rem = Number.parseFloat(style.fontSize) || 16
  const font = `${0.6875 * rem}px ${style.getPropertyValue('--font-ui') || 'sans-serif'}`
  const axis = {
    stroke: colour('--text-2'),
    font,
    grid: { stroke: colour('--chart-grid'), width: 1 },
    ticks: { show: false },
  }
  return new uPlot(
    {
      width: Math.max(40, element.clientWidth),
      height: element.clientHeight || heightRem * rem,
      legend: { show: false },
      padding: [rem * 0.5, rem * 1.1, 0, 0],
      scales: {
        x: { time: true, auto: false },
        y: {
          range: (_, min, max) => {
            // Below one percent the axis would have no words of its own for its lines.
            const least = unit === 'percent' ? 1 : 0
            const top = latest.current.max ?? (max === null || max <= 0 ? 1 : Math.max(least, max * 1.08))
            return [Math.min(0, min ?? 0), top]
          },
        },
      },
      axes: [
        { ...axis, size: rem * 1.6, gap: 4, values: timeWords },
        {
          ...axis,
          size: rem * 4.4,
          gap: 6,
          splits: unit === 'bytes' || unit === 'rate' ? byteSplits : undefined,
          values: (_, splits) => (unit === 'count' ? tickNumbers(splits) : splits.map(value => formats[unit](value))),
        },
      ],
      series: [
        {},
        ...series.map((item, index) => ({
          label: item.label,
          stroke: line(index),
          width: 1.5,
          fill: series.length === 1 ? `${line(index)}1f` : undefined,
          points: { show: false },
          spanGaps: false,
        })),
        ...series.map((item, index) => ({
          label: `${item.label} (reconstructed)`,
          stroke: line(index),
          width: 1.5,
          dash: [4, 4],
          points: { show: false },
          spanGaps: false,
        })),
      ],
      cursor: {
        ...(syncKey === undefined ? {} : { sync: { key: syncKey } }),
        y: false,
        points: { size: 6 },
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            latest.current.onReset?.()
            return null
          },
        },
      },
      hooks: {
        setCursor: [
          plot => {
            const { left } = plot.cursor
            onHover(left === undefined || left === null || left < 0 ? null : plot.posToVal(left, 'x') * 1000)
          },
        ],
        setSelect: [
          plot => {
            const { left, width } = plot.select
            if (width < 4) return
            latest.current.onZoom?.(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000)
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          },
        ],
        drawClear: [plot => drawGaps(plot, latest.current.gaps ?? [], colour('--sunken'))],
      },
    },
    [[], ...series.map(() => []), ...series.map(() => [])] as unknown as uPlot.AlignedData,
    element,
  )
}

/** What was not watched is a shaded stretch, behind everything. */
function drawGaps(plot: uPlot, gaps: readonly ObservationGap[], fill: string): void {
  const { left, top, width, height } = plot.bbox
  plot.ctx.save()
  plot.ctx.fillStyle = fill
  for (const gap of gaps) {
    const start = Math.max(left, plot.valToPos(gap.from / 1000, 'x', true))
    const end = Math.min(left + width, plot.valToPos((gap.to ?? Date.now()) / 1000, 'x', true))
    if (end > start) plot.ctx.fillRect(start, top, Math.max(1, end - start), height)
  }
  plot.ctx.restore()
}

/** `06:30`, with the day where a new one begins; days alone where the steps are days. */
function timeWords(_plot: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  return splits.map((seconds, index) => {
    const at = seconds * 1000
    const before = splits[index - 1]
    if (step >= 86_400) return formatDate(at, step >= 86_400 * 28 ? 'MMM yyyy' : 'd MMM')
    const newDay = before !== undefined && formatDate(before * 1000, 'd') !== formatDate(at, 'd')
    if (newDay) return formatDate(at, 'd MMM')
    return formatDate(at, step < 60 ? 'HH:mm:ss' : 'HH:mm')
  })
}

/** Round numbers of bytes are powers of two. */
function byteSplits(_plot: uPlot, _axis: number, min: number, max: number): number[] {
  const step = 2 ** Math.ceil(Math.log2(Math.max(1, (max - min) / 4)))
  const splits: number[] = []
  for (let value = Math.ceil(min / step) * step; value <= max; value += step) splits.push(value)
  return splits
}

function nearest(times: readonly number[], wanted: number): number {
  let low = 0
  let high = times.length - 1
  if (high < 0) return -1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low > 0 && wanted - (times[low - 1] ?? 0) < (times[low] ?? 0) - wanted ? low - 1 : low
}

/** Canvas does not follow custom properties by itself. */
function useThemeName(): string {
  return useSyncExternalStore(
    listener => {
      const observer = new MutationObserver(listener)
      observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
      return () => observer.disconnect()
    },
    () => document.documentElement.dataset.theme ?? '',
  )
}

// What the charts show as a table of figures, for everybody who reads rather than looks. Decides nothing.
import type { ReactNode } from 'react'
import type { SeriesData } from '../../../../shared/model/metric.ts'
import { formatOf } from '../../../components/time-chart.tsx'
import { summarise } from '../../../lib/chart-data.ts'
import { safeText } from '../../../lib/safe-text.ts'
import type { ChartSpec } from './chart-specs.ts'
import css from './metrics-view.module.css'

export function FiguresTable(props: {
  specs: readonly ChartSpec[]
  data: readonly SeriesData[] | undefined
}): ReactNode {
  const { specs, data } = props
  return (
    <details className={css.figures}>
      <summary>The same as a table</summary>
      <div className={css.tableBox}>
        <table className={css.table}>
          <caption className="visually-hidden">Figures of the shown range</caption>
          <thead>
            <tr>
              <th scope="col" className={css.rowHead}>
                What
              </th>
              <th scope="col">Last</th>
              <th scope="col">Lowest</th>
              <th scope="col">Average</th>
              <th scope="col">Highest</th>
            </tr>
          </thead>
          <tbody>
            {specs.flatMap(spec =>
              spec.series.map(item => {
                const show = formatOf(spec.unit)
                const { latest, min, avg, max } = summarise(data?.find(each => each.series === item.name))
                return (
                  <tr key={item.name}>
                    <th scope="row" className={css.rowHead}>
                      {spec.title}: {safeText(item.label)}
                    </th>
                    <td>{show(latest)}</td>
                    <td>{show(min)}</td>
                    <td>{show(avg)}</td>
                    <td>{show(max)}</td>
                  </tr>
                )
              }),
            )}
          </tbody>
        </table>
      </div>
    </details>
  )
}

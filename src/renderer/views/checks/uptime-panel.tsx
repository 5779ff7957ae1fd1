// How much of the known time something was well, over four lengths of time. Unknown time and maintenance are left out, and that is said.
import type { ReactNode } from 'react'
import type { Uptime } from '../../../shared/model/check.ts'
import type { UnitRef } from '../../../shared/model/unit.ts'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { formatDuration, unknownValue } from '../../lib/format.ts'
import css from './checks.module.css'

const titles: Record<Uptime['window'], string> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '90d': '90 days',
}

export function UptimePanel(
  props: { call: 'check.uptime'; input: string } | { call: 'unit.uptime'; input: UnitRef },
): ReactNode {
  const check = useEngineQuery('check.uptime', props.call === 'check.uptime' ? props.input : '', {
    enabled: props.call === 'check.uptime',
    refetchInterval: 60_000,
  })
  const unit = useEngineQuery('unit.uptime', props.call === 'unit.uptime' ? props.input : noUnit, {
    enabled: props.call === 'unit.uptime',
    refetchInterval: 60_000,
  })
  return (
    <Panel title="Uptime">
      <QueryFaces query={props.call === 'check.uptime' ? check : unit} failed="The uptime could not be read">
        {list => (
          <div className={css.uptimes}>
            {list.map(uptime => (
              <div key={uptime.window} className={css.uptime}>
                <span className={css.pale}>{titles[uptime.window]}</span>
                <strong>{formatUptime(uptime.percent)}</strong>
                <span className={css.uptimeAside}>{asideOf(uptime)}</span>
              </div>
            ))}
          </div>
        )}
      </QueryFaces>
    </Panel>
  )
}

const noUnit: UnitRef = { hostId: 'local', scope: 'system', name: 'none.service' }

/** Never rounded up to 100: `99.998` → `99.99 %`. */
export function formatUptime(percent: number | null): string {
  if (percent === null) return unknownValue
  if (percent >= 100) return '100 %'
  return `${(Math.floor(percent * 100) / 100).toFixed(2)} %`
}

function asideOf({ down, unknown, maintenance, up }: Uptime): string {
  if (up + down === 0) return 'not known'
  const left = unknown + maintenance
  return [
    down > 0 ? `${formatDuration(down)} down` : '',
    left > 0.01 * (up + down + left) ? `${formatDuration(left)} left out` : '',
  ]
    .filter(Boolean)
    .join('\n')
}

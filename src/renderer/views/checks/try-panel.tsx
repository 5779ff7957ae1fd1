// What a check would find right now, before it is saved.
import type { ReactNode } from 'react'
import type { Probe } from '../../../shared/model/check.ts'
import { LoadingState } from '../../components/faces.tsx'
import { Fact, Facts, Panel } from '../../components/page.tsx'
import { Status } from '../../components/status.tsx'
import { formatDuration } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import css from './checks.module.css'

const words: Record<Probe['status'], StatusWord> = {
  healthy: { tone: 'healthy', word: 'Healthy' },
  degraded: { tone: 'degraded', word: 'Degraded' },
  unhealthy: { tone: 'unhealthy', word: 'Unhealthy' },
  unknown: { tone: 'unknown', word: 'Unknown' },
}

export function TryPanel(props: { probe: Probe | null; running: boolean }): ReactNode {
  const { probe, running } = props
  return (
    <Panel title="Try">
      <div aria-live="polite">
        {running && <LoadingState label="Probing" afterMs={0} />}
        {!running && !probe && (
          <p className={css.pale}>“Try it now” probes once with what is entered. Nothing is saved.</p>
        )}
        {!running && probe && (
          <div className={css.found}>
            <div>
              <Status status={words[probe.status]} look="pill" />
            </div>
            <p className={css.message}>{safeText(probe.message, { lines: true })}</p>
            {(probe.latencyMs !== null || probe.numbers.length > 0) && (
              <Facts>
                {probe.latencyMs !== null && <Fact name="Took">{formatDuration(probe.latencyMs)}</Fact>}
                {probe.numbers.map(({ name, value }) => (
                  <Fact key={name} name={safeText(name)}>
                    {value.toLocaleString('en-GB', { maximumFractionDigits: 3 })}
                  </Fact>
                ))}
              </Facts>
            )}
          </div>
        )}
      </div>
    </Panel>
  )
}

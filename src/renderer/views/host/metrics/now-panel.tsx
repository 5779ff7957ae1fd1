// How a host is at this moment, in numbers and bars. Decides nothing.
import type { ReactNode } from 'react'
import type { DiskUse, HostSample } from '../../../../shared/model/metric.ts'
import { Meter } from '../../../components/meter.tsx'
import { memoryPercent } from '../../../data/measures.ts'
import { formatBytes, formatPercent, formatRate, unknownValue } from '../../../lib/format.ts'
import { safeText } from '../../../lib/safe-text.ts'
import css from './metrics-view.module.css'

/** More are not drawn one by one. */
const mostCores = 64

/** `sample` is null while the host is not connected: old numbers must not look like new ones. */
export function NowPanel(props: { sample: HostSample | null; live: boolean }): ReactNode {
  const { sample, live } = props
  if (!live) return null
  const memory = sample?.memory
  const swap = sample?.swap
  const swapUsed = swap ? swap.totalBytes - swap.freeBytes : 0
  return (
    <section className={css.now} aria-label="Now">
      <div className={css.group}>
        <Meter label="CPU" percent={sample?.cpuPercent ?? null} />
        <Cores cores={sample?.cores ?? []} />
      </div>
      <div className={css.group}>
        <Meter
          label="Memory"
          percent={memoryPercent(sample)}
          {...(memory ? { text: usedOf(memory.totalBytes - memory.availableBytes, memory.totalBytes) } : {})}
        />
        {swap && swap.totalBytes > 0 && (
          <Meter label="Swap" percent={(swapUsed / swap.totalBytes) * 100} text={usedOf(swapUsed, swap.totalBytes)} />
        )}
      </div>
      <div className={css.group}>
        {sample?.disks.map(disk => (
          <DiskMeter key={disk.mount} disk={disk} />
        ))}
      </div>
      <dl className={css.pairs}>
        <dt>Load</dt>
        <dd>{sample ? sample.load.map(load => load.toFixed(2)).join(' / ') : unknownValue}</dd>
        <dt>Disk reads</dt>
        <dd>{formatRate(sample?.diskReadBytesPerSecond)}</dd>
        <dt>Disk writes</dt>
        <dd>{formatRate(sample?.diskWriteBytesPerSecond)}</dd>
        <dt>Received</dt>
        <dd>{formatRate(sumOf(sample, net => net.rxBytesPerSecond))}</dd>
        <dt>Sent</dt>
        <dd>{formatRate(sumOf(sample, net => net.txBytesPerSecond))}</dd>
      </dl>
    </section>
  )
}

function DiskMeter(props: { disk: DiskUse }): ReactNode {
  const { mount, usedBytes, freeBytes } = props.disk
  // As df does: what root keeps for itself counts as used up.
  const usable = usedBytes + freeBytes
  return (
    <Meter
      label={`Disk ${safeText(mount)}`}
      percent={usable > 0 ? (usedBytes / usable) * 100 : null}
      text={usedOf(usedBytes, usable)}
      warnAt={85}
    />
  )
}

function Cores(props: { cores: readonly number[] }): ReactNode {
  const { cores } = props
  if (cores.length < 2) return null
  const shown = cores.slice(0, mostCores)
  const words = shown.map((percent, core) => `core ${core} ${formatPercent(percent)}`).join(', ')
  return (
    <div className={css.cores} role="img" aria-label={`Now: ${words}`} title={words}>
      {shown.map((percent, core) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a core is its number
        <span key={core} className={css.core}>
          <span className={css.coreUse} style={{ transform: `scaleY(${Math.min(1, Math.max(0, percent / 100))})` }} />
        </span>
      ))}
    </div>
  )
}

function usedOf(used: number, total: number): string {
  return `${formatBytes(used)} of ${formatBytes(total)}`
}

/** Over all interfaces but the loopback. */
function sumOf(sample: HostSample | null, rate: (net: HostSample['net'][number]) => number): number | null {
  if (!sample) return null
  return sample.net.filter(net => net.name !== 'lo').reduce((sum, net) => sum + rate(net), 0)
}

// The last probes of a check as a row of bars, newest at the end; knows nothing of what was probed.
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import type { ProbeStatus } from '../../shared/model/check.ts'
import { cx } from '../lib/class-names.ts'
import { formatDuration, formatExact } from '../lib/format.ts'
import { safeShort } from '../lib/safe-text.ts'
import css from './heartbeat.module.css'

export interface Beat {
  readonly at: number
  readonly status: ProbeStatus
  readonly latencyMs: number | null
  readonly message: string
}

const words: Record<ProbeStatus, string> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unhealthy: 'Unhealthy',
  unknown: 'Unknown',
}

/** `10 of the last 12 probes healthy`, and how many were otherwise. */
export function heartbeatSummary(beats: readonly Beat[]): string {
  const [only] = beats
  if (!only) return 'No probe yet'
  if (beats.length === 1) return `One probe so far: ${words[only.status].toLowerCase()}`
  const count = (status: ProbeStatus): number => beats.filter(beat => beat.status === status).length
  const others = (['unhealthy', 'degraded', 'unknown'] as const)
    .map(status => [count(status), words[status].toLowerCase()] as const)
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`)
  return [`${count('healthy')} of the last ${beats.length} probes healthy`, ...others].join(', ')
}

/** The small one, for rows of a list: one picture with its summary. */
export function Heartbeat(props: { beats: readonly Beat[]; length?: number }): ReactNode {
  const { length = 30 } = props
  const beats = props.beats.slice(-length)
  return (
    <span className={cx(css.bar, css.small)} role="img" aria-label={heartbeatSummary(beats)}>
      {padded(beats, length).map((beat, index) => (
        // its place in the row is all that a bar is
        <Bar key={keyOf(beat, index)} beat={beat} />
      ))}
    </span>
  )
}

/** The large one: arrow keys and the pointer go from probe to probe, and the line below tells of the one that is pointed at. */
export function HeartbeatExplorer(props: { beats: readonly Beat[]; label: string; length?: number }): ReactNode {
  const { label, length = 60 } = props
  const beats = props.beats.slice(-length)
  const [pointed, setPointed] = useState<number | null>(null)
  const ref = useRef<HTMLDivElement>(null)
  const beat = pointed === null ? undefined : beats.find(each => each.at === pointed)
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -length, End: length }[event.key]
    if (step === undefined || beats.length === 0) return
    event.preventDefault()
    event.stopPropagation()
    const from = beat ? beats.indexOf(beat) : beats.length
    setPointed(beats[Math.min(beats.length - 1, Math.max(0, from + step))]?.at ?? null)
  }
  return (
    <div>
      <div
        ref={ref}
        className={css.bar}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={1}
        aria-valuemax={Math.max(1, beats.length)}
        aria-valuenow={beat ? beats.indexOf(beat) + 1 : Math.max(1, beats.length)}
        aria-valuetext={beat ? describe(beat) : heartbeatSummary(beats)}
        onKeyDown={move}
        onPointerLeave={() => setPointed(null)}
      >
        {padded(beats, length).map((each, index) => (
          <Bar
            key={keyOf(each, index)}
            beat={each}
            chosen={each !== null && each === beat}
            onPoint={each ? () => setPointed(each.at) : undefined}
          />
        ))}
      </div>
      <p className={css.said}>{beat ? describe(beat) : heartbeatSummary(beats)}</p>
    </div>
  )
}

function Bar(props: { beat: Beat | null; chosen?: boolean; onPoint?: (() => void) | undefined }): ReactNode {
  const { beat, chosen = false, onPoint } = props
  return (
    <span
      className={cx(css.beat, beat ? css[beat.status] : css.none, chosen && css.chosen)}
      aria-hidden="true"
      onPointerEnter={onPoint}
    />
  )
}

function describe(beat: Beat): string {
  const latency = beat.latencyMs === null ? '' : `, ${formatDuration(beat.latencyMs)}`
  return `${formatExact(beat.at)}: ${words[beat.status]}${latency}. ${safeShort(beat.message, 300)}`
}

function padded(beats: readonly Beat[], length: number): (Beat | null)[] {
  return [...Array.from({ length: Math.max(0, length - beats.length) }, () => null), ...beats]
}

function keyOf(beat: Beat | null, index: number): string {
  return beat ? `at ${beat.at}` : `none ${index}`
}

// A moment as a person says it, with the exact one on hover; knows nothing of what happened then.
import type { ReactNode } from 'react'
import { useNow } from '../data/now.ts'
import { formatExact, formatRelative, unknownValue } from '../lib/format.ts'
import { Tooltip } from './tooltip.tsx'

/** `at` is wall time in ms, or null where there is none; then `none` is said. */
export function RelativeTime(props: { at: number | null; none?: string; className?: string }): ReactNode {
  const now = useNow(1000)
  if (props.at === null) return <span className={props.className}>{props.none ?? unknownValue}</span>
  return (
    <Tooltip content={formatExact(props.at)}>
      <time className={props.className} dateTime={new Date(props.at).toISOString()}>
        {formatRelative(props.at, now)}
      </time>
    </Tooltip>
  )
}

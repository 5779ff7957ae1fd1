// When something with a schedule comes next, or what it waits for though its time has come; knows nothing of what that is.
import type { ReactNode } from 'react'
import type { RunSchedule, WaitsFor } from '../../shared/model/schedule.ts'
import { waitsText } from '../lib/schedule-words.ts'
import { Pale, Wrapped } from './cells.tsx'
import { RelativeTime } from './relative-time.tsx'

export function NextRun(props: {
  of: { readonly schedule: RunSchedule | null; readonly enabled: boolean }
  at: number | null
  waitsFor: WaitsFor | null
}): ReactNode {
  const { of, at, waitsFor } = props
  if (of.schedule === null) return <Pale>by hand</Pale>
  if (at === null) return <Pale>{of.enabled ? 'never' : 'switched off'}</Pale>
  return waitsFor === null ? <RelativeTime at={at} /> : <Wrapped>{waitsText(waitsFor)}</Wrapped>
}

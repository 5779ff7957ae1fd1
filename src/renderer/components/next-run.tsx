// When something with a schedule comes next, or what it waits for though its time has come; knows nothing of what that is.
import type { ReactNode } from 'react'
import type { WaitsFor } from '../../shared/model/schedule.ts'
import { waitsText } from '../lib/schedule-words.ts'
import { Wrapped } from './cells.tsx'
import { RelativeTime } from './relative-time.tsx'

export function NextRun(props: { at: number; waitsFor: WaitsFor | null }): ReactNode {
  const { at, waitsFor } = props
  return waitsFor === null ? <RelativeTime at={at} /> : <Wrapped>{waitsText(waitsFor)}</Wrapped>
}

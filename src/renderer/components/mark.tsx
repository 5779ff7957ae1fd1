// The app's sign: a quarter dial with its needle over a deck line.
import type { ReactNode } from 'react'

export function Mark(props: { size?: number }): ReactNode {
  const size = `${(props.size ?? 20) / 16}rem`
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path d="M4 18.5V16A12.5 12.5 0 0 1 16.5 3.5H20" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
      <path
        d="M8.6 18.5V16.4a7.8 7.8 0 0 1 7.8-7.8H20"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        opacity="0.55"
      />
      <path d="M13.2 18.3 19.6 12" stroke="var(--accent)" strokeWidth="2.2" strokeLinecap="round" />
      <path d="M2.5 21.2h19" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </svg>
  )
}

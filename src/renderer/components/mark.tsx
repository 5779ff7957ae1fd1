// The app's sign, the same as on its icon: a ship's wheel with few and bold strokes, so that it reads at any size.
import type { ReactNode } from 'react'

const spokes = [0, 60, 120, 180, 240, 300]

export function Mark(props: { size?: number }): ReactNode {
  const size = `${(props.size ?? 20) / 16}rem`
  return (
    <svg width={size} height={size} viewBox="-104 -104 208 208" fill="none" stroke="currentColor" aria-hidden="true">
      {spokes.map(turn => (
        <g key={turn} transform={`rotate(${turn})`}>
          <line y1="-22" y2="-66" strokeWidth="14" />
          <line y1="-66" y2="-90" strokeWidth="24" strokeLinecap="round" />
        </g>
      ))}
      <circle r="56" strokeWidth="17" />
      <circle r="19" strokeWidth="15" stroke="var(--accent)" />
    </svg>
  )
}

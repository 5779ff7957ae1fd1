// A state as icon, word and colour, always all three; knows nothing of what is in that state.
import {
  CircleCheck,
  CircleMinus,
  CircleQuestionMark,
  CircleX,
  Hand,
  LoaderCircle,
  type LucideIcon,
  TriangleAlert,
  Wrench,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import type { StatusWord, Tone } from '../lib/status.ts'
import css from './status.module.css'
import { Tooltip } from './tooltip.tsx'

const icons: Record<Tone, LucideIcon> = {
  healthy: CircleCheck,
  degraded: TriangleAlert,
  unhealthy: CircleX,
  maintenance: Wrench,
  unknown: CircleQuestionMark,
  off: CircleMinus,
  busy: LoaderCircle,
  waiting: Hand,
}

/** The icon alone, for where the word stands beside it anyway. */
export function StatusIcon(props: { tone: Tone; size?: number; label?: string }): ReactNode {
  const Icon = icons[props.tone]
  const name = props.label === undefined ? { 'aria-hidden': true as const } : { role: 'img', 'aria-label': props.label }
  return <Icon className={cx(css.icon, css[props.tone])} size={`${(props.size ?? 15) / 16}rem`} {...name} />
}

/** `look="pill"` has a tinted ground, for headers and for what must be seen. */
export function Status(props: { status: StatusWord; look?: 'plain' | 'pill'; className?: string }): ReactNode {
  const { status, look = 'plain', className } = props
  const body = (
    <span className={cx(css.status, css[status.tone], look === 'pill' && css.pill, className)} data-tone={status.tone}>
      <StatusIcon tone={status.tone} />
      <span className={css.word}>{status.word}</span>
    </span>
  )
  return status.detail ? <Tooltip content={status.detail}>{body}</Tooltip> : body
}

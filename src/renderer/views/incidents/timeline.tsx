// The story of an incident, step by step: probes, the host's own changes, messages, what rules and people did. Shows it and decides nothing.
import {
  Activity,
  ArrowRightLeft,
  Bell,
  EyeOff,
  Hammer,
  type LucideIcon,
  Play,
  Plug,
  StickyNote,
  TriangleAlert,
  UserRound,
} from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Incident, TimelineItem } from '../../../shared/model/incident.ts'
import { Button } from '../../components/button.tsx'
import { Facets } from '../../components/facets.tsx'
import { Tooltip } from '../../components/tooltip.tsx'
import { cx } from '../../lib/class-names.ts'
import { formatClock, formatDuration, formatExact } from '../../lib/format.ts'
import { whoName } from '../../lib/incident-words.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './incident-view.module.css'
import { groupsOf, groupWord, keyedItems, type TimelineGroup, timelineGroups } from './timeline-groups.ts'

const icons: Record<TimelineItem['kind'], LucideIcon> = {
  probe: Activity,
  alert: TriangleAlert,
  transition: ArrowRightLeft,
  notification: Bell,
  recovery: Hammer,
  action: Play,
  person: UserRound,
  note: StickyNote,
  gap: EyeOff,
  connection: Plug,
}
const kindWords: Record<TimelineItem['kind'], string> = {
  probe: 'Probe',
  alert: 'Alert',
  transition: 'Service',
  notification: 'Message',
  recovery: 'Recovery',
  action: 'Action',
  person: 'Person',
  note: 'Note',
  gap: 'Gap',
  connection: 'Connection',
}
/** More steps are drawn when they are asked for. */
const drawnAtFirst = 300

export function Timeline(props: { items: readonly TimelineItem[]; incident: Incident }): ReactNode {
  const { incident } = props
  const [group, setGroup] = useState<TimelineGroup | null>(null)
  const [whole, setWhole] = useState(false)
  const groups = groupsOf(props.items)
  const chosen = keyedItems(props.items).filter(({ item }) => group === null || timelineGroups[group].has(item.kind))
  const shown = whole ? chosen : chosen.slice(-drawnAtFirst)
  if (props.items.length === 0) return <p className={css.pale}>Nothing has been written down yet.</p>
  return (
    <>
      {groups.length > 1 && (
        <Facets
          legend="Show only"
          facets={groups.map(({ group: value, count }) => ({ value, word: groupWord(value, count), count }))}
          chosen={group ?? ''}
          onChoose={value => setGroup(group === value ? null : value)}
        />
      )}
      {shown.length < chosen.length && (
        <div>
          <Button size="small" look="quiet" onClick={() => setWhole(true)}>
            Show {chosen.length - shown.length} earlier steps
          </Button>
        </div>
      )}
      <ol className={css.timeline}>
        {shown.map(({ key, item }) => (
          <Step key={key} item={item} startedAt={incident.startedAt} />
        ))}
      </ol>
    </>
  )
}

function Step(props: { item: TimelineItem; startedAt: number }): ReactNode {
  const { item, startedAt } = props
  const Icon = icons[item.kind]
  const after = item.at - startedAt
  const moment = after < 0 ? `${formatDuration(-after)} before it began` : `${formatDuration(after)} after it began`
  return (
    <li className={css.item}>
      <Tooltip content={`${formatExact(item.at)}, ${moment}`}>
        <time className={css.at} dateTime={new Date(item.at).toISOString()}>
          {formatClock(item.at, Date.now())}
        </time>
      </Tooltip>
      <span className={cx(css.mark, css[item.tone])}>
        <Icon size="0.9375rem" role="img" aria-label={kindWords[item.kind]} />
      </span>
      <div className={css.what}>
        {item.kind === 'note' ? (
          <>
            <p className={css.pale}>{capital(whoName(item.actor))} noted</p>
            <p className={css.note}>{safeText(item.detail ?? item.title, { lines: true })}</p>
          </>
        ) : (
          <>
            <p className={cx(css.title, item.tone === 'bad' && css.bad)}>{safeText(item.title)}</p>
            {item.detail && <p className={css.detail}>{safeText(item.detail, { lines: true })}</p>}
            {item.actor !== null && item.kind !== 'notification' && (
              <p className={css.pale}>by {whoName(item.actor)}</p>
            )}
          </>
        )}
      </div>
    </li>
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

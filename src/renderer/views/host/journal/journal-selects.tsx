// The journal's filters beside its text: how it is matched, service, boot, time, other hosts. Knows nothing of the viewer.
import { CalendarClock } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import type { HostView } from '../../../../shared/model/host.ts'
import { IconButton } from '../../../components/button.tsx'
import { useHosts, useUnits } from '../../../data/hosts.ts'
import { useEngineQuery } from '../../../data/remotes.tsx'
import { formatClock } from '../../../lib/format.ts'
import { safeShort } from '../../../lib/safe-text.ts'
import css from './journal.module.css'
import { readTime, writeTime } from './journal-text.ts'

export function Toggle(props: {
  label: string
  sign: string
  value: string
  onChange: (value: string, options?: { push?: boolean }) => void
}): ReactNode {
  const { label, sign, value, onChange } = props
  return (
    <button
      type="button"
      className={css.toggle}
      aria-label={label}
      title={label}
      aria-pressed={value !== ''}
      onClick={() => onChange(value === '' ? '1' : '', { push: true })}
    >
      {sign}
    </button>
  )
}

interface SelectProps {
  readonly view: HostView
  readonly value: string
  readonly onChange: (value: string) => void
}

export function UnitSelect(props: SelectProps): ReactNode {
  const { view, value, onChange } = props
  const units = useUnits(view.host.id)
  const names = useMemo(() => [...new Set((units.data ?? []).map(unit => unit.name))].sort(), [units.data])
  return (
    <select aria-label="Service" value={value} onChange={event => onChange(event.target.value)}>
      <option value="">All services</option>
      {value !== '' && !names.includes(value) && <option value={value}>{safeShort(value, 60)}</option>}
      {names.map(name => (
        <option key={name} value={name}>
          {safeShort(name, 60)}
        </option>
      ))}
    </select>
  )
}

export function BootSelect(props: SelectProps): ReactNode {
  const { view, value, onChange } = props
  const boots = useEngineQuery('journal.boots', view.host.id, { enabled: view.connection.state === 'ready' })
  return (
    <select aria-label="Boot" value={value} onChange={event => onChange(event.target.value)}>
      <option value="">All boots</option>
      {(boots.data ?? []).map(boot => (
        <option key={boot.bootId} value={boot.index}>
          {boot.index === 0 ? 'This boot' : `Boot ${boot.index}`}, from {formatClock(boot.firstAt, Date.now())}
        </option>
      ))}
    </select>
  )
}

export function TimeRange(props: {
  since: string
  until: string
  onSince: (value: string) => void
  onUntil: (value: string) => void
}): ReactNode {
  const { since, until, onSince, onUntil } = props
  const [open, setOpen] = useState(since !== '' || until !== '')
  if (!open) return <IconButton icon={CalendarClock} label="Limit the time" onClick={() => setOpen(true)} />
  const field = (label: string, value: string, onChange: (value: string) => void): ReactNode => (
    <input
      type="datetime-local"
      step={1}
      aria-label={label}
      title={label}
      value={writeTime(readTime(value))}
      onChange={event => onChange(event.target.value)}
    />
  )
  return (
    <>
      {field('From', since, onSince)}
      {field('Until', until, onUntil)}
      <IconButton
        icon={CalendarClock}
        label="Show all times"
        pressed
        onClick={() => {
          onSince('')
          onUntil('')
          setOpen(false)
        }}
      />
    </>
  )
}

/** Other hosts whose lines are shown among this one's, by time of arrival. */
export function OtherHosts(props: SelectProps): ReactNode {
  const { view, value, onChange } = props
  const hosts = useHosts()
  const others = (hosts.data ?? []).filter(each => each.host.id !== view.host.id)
  if (others.length === 0) return null
  const chosen = value.split(',').filter(Boolean)
  return (
    <select
      aria-label="With other hosts"
      value={chosen.length === 0 ? '' : chosen.length >= others.length ? 'all' : (chosen[0] ?? '')}
      onChange={event =>
        onChange(event.target.value === 'all' ? others.map(each => each.host.id).join(',') : event.target.value)
      }
    >
      <option value="">This host only</option>
      {others.map(({ host }) => (
        <option key={host.id} value={host.id}>
          With {safeShort(host.name, 40)}
        </option>
      ))}
      {others.length > 1 && <option value="all">With all hosts</option>}
    </select>
  )
}

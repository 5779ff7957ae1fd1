// What the palette found, one line each: what it is, what it is called, how it stands. Knows nothing of how it is found.
import { Command } from 'cmdk'
import { BellRing, Monitor, RotateCw, Server } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ChannelView } from '../../../shared/model/channel.ts'
import type { CheckView } from '../../../shared/model/check.ts'
import type { HostView } from '../../../shared/model/host.ts'
import type { Incident } from '../../../shared/model/incident.ts'
import type { Unit } from '../../../shared/model/unit.ts'
import { StatusIcon } from '../../components/status.tsx'
import { checkStatus } from '../../lib/check-status.ts'
import { incidentStatus } from '../../lib/incident-words.ts'
import { safeText } from '../../lib/safe-text.ts'
import { type StatusWord, unitStatus } from '../../lib/status.ts'
import css from './palette.module.css'

export function HostItem(props: { view: HostView; status: StatusWord; onSelect: () => void }): ReactNode {
  const { status } = props
  const { host } = props.view
  const Icon = host.kind === 'local' ? Monitor : Server
  return (
    <Command.Item value={`host ${host.id}`} className={css.item} onSelect={props.onSelect}>
      <Icon size="0.9375rem" aria-hidden="true" />
      <span className={css.name}>{safeText(host.name)}</span>
      <span className={css.pale}>{status.word}</span>
      <StatusIcon tone={status.tone} size={14} />
    </Command.Item>
  )
}

export function UnitItem(props: {
  unit: Unit
  host: string | undefined
  verb: string | null
  onSelect: () => void
}): ReactNode {
  const { unit, host, verb, onSelect } = props
  const status = unitStatus(unit)
  return (
    <Command.Item value={`${verb ?? 'unit'} ${keyOf(unit)}`} className={css.item} onSelect={onSelect}>
      {verb ? <RotateCw size="0.9375rem" aria-hidden="true" /> : <StatusIcon tone={status.tone} size={15} />}
      <span className={css.name}>
        {verb && <strong>{verb} </strong>}
        {safeText(unit.name)}
      </span>
      <span className={css.pale}>
        {safeText(host ?? unit.hostId)}
        {unit.scope === 'user' ? ', user service' : ''} · {status.word}
      </span>
    </Command.Item>
  )
}

export function keyOf(unit: Unit): string {
  return `${unit.hostId}/${unit.scope}/${unit.name}`
}

export function IncidentItem(props: { incident: Incident; onSelect: () => void }): ReactNode {
  const { incident } = props
  const status = incidentStatus(incident)
  return (
    <Command.Item value={`incident ${incident.id}`} className={css.item} onSelect={props.onSelect}>
      <StatusIcon tone={status.tone} size={15} />
      <span className={css.name}>{safeText(incident.title)}</span>
      <span className={css.pale}>{status.word}</span>
    </Command.Item>
  )
}

export function CheckItem(props: { view: CheckView; host: string | undefined; onSelect: () => void }): ReactNode {
  const { check } = props.view
  return <NamedItem {...props} id={`check ${check.id}`} name={check.name} status={checkStatus(props.view)} />
}

/** What has a name, a host and a state. */
export function NamedItem(props: {
  id: string
  name: string
  status: StatusWord
  host: string | undefined
  onSelect: () => void
}): ReactNode {
  const { id, name, status, host, onSelect } = props
  return (
    <Command.Item value={id} className={css.item} onSelect={onSelect}>
      <StatusIcon tone={status.tone} size={15} />
      <span className={css.name}>{safeText(name)}</span>
      <span className={css.pale}>
        {host === undefined ? '' : `${safeText(host)} · `}
        {status.word}
      </span>
    </Command.Item>
  )
}

export function ChannelItem(props: { view: ChannelView; onSelect: () => void }): ReactNode {
  const { channel, problem } = props.view
  return (
    <Command.Item value={`channel ${channel.id}`} className={css.item} onSelect={props.onSelect}>
      <BellRing size="0.9375rem" aria-hidden="true" />
      <span className={css.name}>{safeText(channel.name)}</span>
      <span className={css.pale}>
        {channel.enabled ? (problem === null ? 'Channel' : 'Cannot send') : 'Switched off'}
      </span>
    </Command.Item>
  )
}

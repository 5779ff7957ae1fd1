// The command palette: hosts, services, actions and places by a few letters. Shows the command before a service is touched.
import { Command } from 'cmdk'
import {
  BellOff,
  BellRing,
  CornerDownLeft,
  Gauge,
  Hand,
  History,
  ListChecks,
  type LucideIcon,
  Monitor,
  Play,
  Plus,
  RotateCw,
  Server,
  Settings,
  Siren,
} from 'lucide-react'
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import type { HostView } from '../../../shared/model/host.ts'
import type { Unit } from '../../../shared/model/unit.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Kbd } from '../../components/kbd.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { useHosts, useSettings } from '../../data/hosts.ts'
import { useActiveList } from '../../data/incidents.ts'
import { useNow } from '../../data/now.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { byUrgency, hostHealth, incidentStatus } from '../../lib/incident-words.ts'
import { hostPath, incidentPath, places, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { type StatusWord, unitStatus } from '../../lib/status.ts'
import css from './palette.module.css'
import { findUnits, rank } from './palette-search.ts'
import { useAllUnits } from './use-all-units.ts'

export interface PaletteProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly onShortcuts: () => void
  /** Asks before it acts. */
  readonly onRestart: (unit: Unit) => void
}

export function Palette(props: PaletteProps): ReactNode {
  return (
    <Dialog
      open={props.open}
      title="Command palette"
      bare
      width="normal"
      onClose={props.onClose}
      className={css.dialog}
    >
      <PaletteBody {...props} />
    </Dialog>
  )
}

interface Place {
  readonly label: string
  readonly icon: LucideIcon
  readonly keys?: string
  readonly run: () => void
}

function PaletteBody(props: PaletteProps): ReactNode {
  const { onClose, onShortcuts, onRestart } = props
  const navigate = useNavigate()
  const hosts = useHosts()
  const units = useAllUnits(hosts.data ?? [])
  const active = useActiveList()
  const settings = useSettings()
  const save = useEngineCommand('settings.set')
  const now = useNow(5000)
  const [typed, setTyped] = useState('')
  const text = useDeferredValue(typed.trim())

  const leave = (run: () => void) => (): void => {
    onClose()
    run()
  }
  const go = (path: string) => leave(() => void navigate(path))
  const knownPlaces: Place[] = [
    { label: 'Fleet', icon: Gauge, keys: 'g f', run: go(places.fleet) },
    { label: 'Incidents', icon: Siren, keys: 'g i', run: go(places.incidents) },
    { label: 'Silences and maintenance', icon: BellOff, run: go(places.silences) },
    { label: 'Checks', icon: ListChecks, keys: 'g c', run: go(places.checks) },
    { label: 'Add check', icon: Plus, run: go(places.addCheck) },
    { label: 'Channels', icon: BellRing, run: go(places.channels) },
    { label: 'Activity', icon: History, keys: 'g a', run: go(places.activity) },
    { label: 'Settings', icon: Settings, keys: 'g s', run: go(places.settings) },
    { label: 'Add host', icon: Plus, run: go(places.addHost) },
    { label: 'Keyboard shortcuts', icon: CornerDownLeft, keys: '?', run: leave(onShortcuts) },
  ]
  // "restart nginx": what follows the verb is looked for.
  const wantsRestart = /^(re|res|rest|resta|restar|restart)\s+/i.test(text)
  const wanted = wantsRestart ? text.replace(/^\S+\s+/, '') : text
  const { automation } = settings.data ?? {}
  if (automation !== undefined) {
    // The panic switch: from anywhere, by a few letters.
    knownPlaces.push(
      automation
        ? { label: 'Stop mending by rule', icon: Hand, run: leave(() => save.mutate({ automation: false })) }
        : { label: 'Mend by rule again', icon: Play, run: leave(() => save.mutate({ automation: true })) },
    )
  }
  const foundPlaces = knownPlaces.filter(place => rank(place.label, text) > 0)
  const foundHosts = (hosts.data ?? [])
    .filter(view => rank(`${view.host.name} ${view.host.address}`, text) > 0)
    .slice(0, 12)
  const foundUnits = useMemo(() => findUnits(units, wanted, 12), [units, wanted])
  const foundIncidents = active
    .filter(incident => text !== '' && rank(`${incident.title} ${incident.hostName}`, text) > 0)
    .sort(byUrgency)
    .slice(0, 6)
  const names = new Map(hosts.data?.map(view => [view.host.id, view.host.name]))

  return (
    <Command shouldFilter={false} loop label="Command palette" className={css.palette}>
      <Command.Input
        className={css.input}
        value={typed}
        onValueChange={setTyped}
        placeholder="Host, service, action or place"
        data-autofocus
      />
      <Command.List className={css.list}>
        <Command.Empty className={css.empty}>Nothing is called “{text}”.</Command.Empty>
        {!wantsRestart && foundHosts.length > 0 && (
          <Command.Group heading="Hosts" className={css.group}>
            {foundHosts.map(view => (
              <HostItem
                key={view.host.id}
                view={view}
                status={hostHealth(view, active, now)}
                onSelect={go(hostPath(view.host.id))}
              />
            ))}
          </Command.Group>
        )}
        {!wantsRestart && foundIncidents.length > 0 && (
          <Command.Group heading="Incidents" className={css.group}>
            {foundIncidents.map(incident => (
              <Command.Item
                key={incident.id}
                value={`incident ${incident.id}`}
                className={css.item}
                onSelect={go(incidentPath(incident.id))}
              >
                <StatusIcon tone={incidentStatus(incident).tone} size={15} />
                <span className={css.name}>{safeText(incident.title)}</span>
                <span className={css.pale}>{incidentStatus(incident).word}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {!wantsRestart && foundUnits.length > 0 && (
          <Command.Group heading="Services" className={css.group}>
            {foundUnits.map(unit => (
              <UnitItem
                key={keyOf(unit)}
                unit={unit}
                host={names.get(unit.hostId)}
                verb={null}
                onSelect={go(unitPath(unit))}
              />
            ))}
          </Command.Group>
        )}
        {wanted !== '' && foundUnits.length > 0 && (
          <Command.Group heading="Actions" className={css.group}>
            {foundUnits.slice(0, wantsRestart ? 12 : 4).map(unit => (
              <UnitItem
                key={keyOf(unit)}
                unit={unit}
                host={names.get(unit.hostId)}
                verb="Restart"
                onSelect={leave(() => onRestart(unit))}
              />
            ))}
          </Command.Group>
        )}
        {foundPlaces.length > 0 && (
          <Command.Group heading="Go to" className={css.group}>
            {foundPlaces.map(({ label, icon: Icon, keys, run }) => (
              <Command.Item key={label} value={`place ${label}`} className={css.item} onSelect={run}>
                <Icon size="0.9375rem" aria-hidden="true" />
                <span className={css.name}>{label}</span>
                {keys && <Kbd keys={keys} />}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  )
}

function HostItem(props: { view: HostView; status: StatusWord; onSelect: () => void }): ReactNode {
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

function UnitItem(props: {
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

function keyOf(unit: Unit): string {
  return `${unit.hostId}/${unit.scope}/${unit.name}`
}

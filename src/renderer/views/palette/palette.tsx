// The command palette: hosts, services, actions and places by a few letters. Shows the command before a service is touched.
import { Command } from 'cmdk'
import {
  Archive,
  BellOff,
  BellRing,
  CalendarCog,
  Cookie,
  CornerDownLeft,
  Gauge,
  Hand,
  History,
  ListChecks,
  type LucideIcon,
  Play,
  Plus,
  Settings,
  Siren,
} from 'lucide-react'
import { type ReactNode, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import type { Unit } from '../../../shared/model/unit.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Kbd } from '../../components/kbd.tsx'
import { useBackups } from '../../data/backups.ts'
import { useChannels } from '../../data/channels.ts'
import { useChecks } from '../../data/checks.ts'
import { useHosts, useSettings } from '../../data/hosts.ts'
import { useKnownIncidents } from '../../data/incidents.ts'
import { useMaintenance } from '../../data/maintenance.ts'
import { useNow } from '../../data/now.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { byUrgency, hostHealth, listOf } from '../../lib/incident-words.ts'
import { channelPath, checkPath, hostPath, incidentPath, places, unitPath } from '../../lib/places.ts'
import css from './palette.module.css'
import { ChannelItem, CheckItem, HostItem, IncidentItem, keyOf, NamedItem, UnitItem } from './palette-items.tsx'
import { findChannels, findChecks, findJobs, findUnits, jobsOf, rank } from './palette-search.ts'
import { useAllUnits } from './use-all-units.ts'

export interface PaletteProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly onShortcuts: () => void
  /** Asks before it acts. */
  readonly onRestart: (unit: Unit) => void
  /** Gives what was typed before the input was there. */
  readonly takeTyped: () => string
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
  const { onClose, onShortcuts, onRestart, takeTyped } = props
  const navigate = useNavigate()
  const hosts = useHosts()
  const units = useAllUnits(hosts.data ?? [])
  const active = useKnownIncidents()
  const checks = useChecks()
  const channels = useChannels()
  const backups = useBackups()
  const tasks = useMaintenance()
  const settings = useSettings()
  const save = useEngineCommand('settings.set')
  const now = useNow(5000)
  const [typed, setTyped] = useState('')
  useLayoutEffect(() => setTyped(takeTyped()), [takeTyped])
  const text = useDeferredValue(typed.trim())
  const [chosen, setChosen] = useState('')
  const list = useRef<HTMLDivElement>(null)
  // What was chosen may be gone from the results, or they came after the last key: then Enter means the first.
  useEffect(() => {
    if (list.current?.querySelector('[cmdk-item][data-selected="true"]')) return
    const first = list.current?.querySelector('[cmdk-item]')?.getAttribute('data-value')
    if (first) setChosen(first)
  })

  const leave = (run: () => void) => (): void => {
    onClose()
    run()
  }
  const go = (path: string) => leave(() => void navigate(path))
  const knownPlaces: Place[] = [
    { label: 'Fleet', icon: Gauge, keys: 'g f', run: go(places.fleet) },
    { label: 'Incidents', icon: Siren, keys: 'g i', run: go(places.incidents) },
    { label: 'Silences and maintenance windows', icon: BellOff, run: go(places.silences) },
    { label: 'Checks', icon: ListChecks, keys: 'g c', run: go(places.checks) },
    { label: 'Logins', icon: Cookie, keys: 'g l', run: go(places.logins) },
    { label: 'Backups', icon: Archive, keys: 'g b', run: go(places.backups) },
    { label: 'Add backup', icon: Plus, run: go(places.addBackup) },
    { label: 'Maintenance', icon: CalendarCog, keys: 'g m', run: go(places.maintenance) },
    { label: 'Add maintenance task', icon: Plus, run: go(places.addMaintenance) },
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
  const foundIncidents = listOf(active)
    .filter(incident => text !== '' && rank(`${incident.title} ${incident.hostName}`, text) > 0)
    .sort(byUrgency)
    .slice(0, 6)
  const foundChecks = useMemo(() => findChecks(checks.data ?? [], text, 8), [checks.data, text])
  const foundChannels = useMemo(() => findChannels(channels.data ?? [], text, 4), [channels.data, text])
  const foundJobs = useMemo(
    () => findJobs(jobsOf(backups.data ?? [], tasks.data ?? []), text, 6),
    [backups.data, tasks.data, text],
  )
  const names = new Map(hosts.data?.map(view => [view.host.id, view.host.name]))

  return (
    <Command
      shouldFilter={false}
      loop
      label="Command palette"
      className={css.palette}
      value={chosen}
      onValueChange={setChosen}
    >
      <Command.Input
        className={css.input}
        value={typed}
        onValueChange={setTyped}
        placeholder="Host, service, check, action or place"
        data-autofocus
      />
      <Command.List ref={list} className={css.list}>
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
              <IncidentItem key={incident.id} incident={incident} onSelect={go(incidentPath(incident.id))} />
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
        {!wantsRestart && foundChecks.length > 0 && (
          <Command.Group heading="Checks" className={css.group}>
            {foundChecks.map(view => (
              <CheckItem
                key={view.check.id}
                view={view}
                host={names.get(view.check.hostId)}
                onSelect={go(checkPath(view.check.id))}
              />
            ))}
          </Command.Group>
        )}
        {!wantsRestart && foundJobs.length > 0 && (
          <Command.Group heading="Backups and maintenance" className={css.group}>
            {foundJobs.map(job => (
              <NamedItem key={job.id} {...job} host={names.get(job.hostId)} onSelect={go(job.path)} />
            ))}
          </Command.Group>
        )}
        {!wantsRestart && foundChannels.length > 0 && (
          <Command.Group heading="Channels" className={css.group}>
            {foundChannels.map(view => (
              <ChannelItem key={view.channel.id} view={view} onSelect={go(channelPath(view.channel.id))} />
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

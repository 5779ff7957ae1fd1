// The way around: the places of the app, then the hosts with their state. Shows nothing that does not exist yet.
import {
  Archive,
  CalendarCog,
  Cookie,
  Gauge,
  History,
  ListChecks,
  type LucideIcon,
  Monitor,
  Plus,
  Server,
  Settings,
  Siren,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { NavLink } from 'react-router'
import type { HostView } from '../../shared/model/host.ts'
import { LinkButton } from '../components/button.tsx'
import { Mark } from '../components/mark.tsx'
import { StatusIcon } from '../components/status.tsx'
import { useHosts } from '../data/hosts.ts'
import { mostActive, useKnownIncidents } from '../data/incidents.ts'
import { useNow } from '../data/now.ts'
import { cx } from '../lib/class-names.ts'
import { hostHealth, incidentCount, isFiring, type KnownIncidents, lackOf, listOf } from '../lib/incident-words.ts'
import { places } from '../lib/places.ts'
import { safeText } from '../lib/safe-text.ts'
import css from './sidebar.module.css'

export function Sidebar(): ReactNode {
  const hosts = useHosts()
  const incidents = useKnownIncidents()
  return (
    <nav className={css.sidebar} aria-label="Main">
      <p className={css.brand}>
        <Mark size={20} />
        <span className={css.text}>Quarterdeck</span>
      </p>
      <ul className={css.list}>
        <Place to={places.fleet} icon={Gauge} label="Fleet" />
        <Incidents known={incidents} />
        <Place to={places.checks} icon={ListChecks} label="Checks" />
        <Place to={places.logins} icon={Cookie} label="Logins" />
        <Place to={places.backups} icon={Archive} label="Backups" />
        <Place to={places.maintenance} icon={CalendarCog} label="Maintenance" />
        <Place to={places.activity} icon={History} label="Activity" />
        <Place to={places.settings} icon={Settings} label="Settings" />
      </ul>
      <p className={css.heading} id="sidebar-hosts">
        <span className={css.text}>Hosts</span>
      </p>
      <ul className={cx(css.list, css.hosts)} aria-labelledby="sidebar-hosts">
        {hosts.data?.map(view => (
          <HostPlace key={view.host.id} view={view} incidents={incidents} />
        ))}
      </ul>
      <LinkButton to={places.addHost} look="quiet" icon={Plus} className={cx(css.add)}>
        <span className={css.text}>Add host</span>
      </LinkButton>
    </nav>
  )
}

function Place(props: { to: string; icon: LucideIcon; label: string }): ReactNode {
  const Icon = props.icon
  return (
    <li>
      <NavLink to={props.to} title={props.label} className={({ isActive }) => cx(css.item, isActive && css.active)}>
        <Icon size="1rem" aria-hidden="true" />
        <span className={css.text}>{props.label}</span>
      </NavLink>
    </li>
  )
}

/** With the count of those that are firing; what is silenced or explained by another one is not counted. */
function Incidents(props: { known: KnownIncidents }): ReactNode {
  const firing = listOf(props.known).filter(isFiring)
  const failed = lackOf(props.known) === 'failed'
  const shown = firing.length >= mostActive ? `${mostActive}+` : String(firing.length)
  const worst = firing.some(incident => incident.severity === 'critical') ? css.bad : css.warn
  return (
    <li>
      <NavLink
        to={places.incidents}
        title={
          firing.length > 0
            ? `Incidents: ${incidentCount(firing.length)} firing${failed ? ', not all known' : ''}`
            : failed
              ? 'Incidents: not known'
              : 'Incidents'
        }
        className={({ isActive }) => cx(css.item, isActive && css.active)}
      >
        <Siren size="1rem" aria-hidden="true" />
        <span className={css.text}>Incidents</span>
        {failed && <StatusIcon tone="unknown" size={14} label={firing.length > 0 ? 'not all known' : 'not known'} />}
        {firing.length > 0 && (
          <span className={cx(css.count, worst)}>
            {shown} <span className="visually-hidden">firing</span>
          </span>
        )}
      </NavLink>
    </li>
  )
}

function HostPlace(props: { view: HostView; incidents: KnownIncidents }): ReactNode {
  const { host } = props.view
  const now = useNow(1000)
  const status = hostHealth(props.view, props.incidents, now)
  const name = safeText(host.name)
  const Icon = host.kind === 'local' ? Monitor : Server
  return (
    <li>
      <NavLink
        to={`/hosts/${encodeURIComponent(host.id)}`}
        title={`${name}: ${status.word}`}
        className={({ isActive }) => cx(css.item, isActive && css.active)}
      >
        <Icon className={css.kind} size="1rem" aria-hidden="true" />
        <span className={css.text}>{name}</span>
        <StatusIcon tone={status.tone} size={14} label={status.word} />
      </NavLink>
    </li>
  )
}

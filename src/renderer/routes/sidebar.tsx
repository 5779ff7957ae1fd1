// The way around: the places of the app, then the hosts with their state. Shows nothing that does not exist yet.
import { Gauge, History, type LucideIcon, Monitor, Plus, Server, Settings } from 'lucide-react'
import type { ReactNode } from 'react'
import { NavLink } from 'react-router'
import type { HostView } from '../../shared/model/host.ts'
import { LinkButton } from '../components/button.tsx'
import { Mark } from '../components/mark.tsx'
import { StatusIcon } from '../components/status.tsx'
import { useHosts } from '../data/hosts.ts'
import { useNow } from '../data/now.ts'
import { cx } from '../lib/class-names.ts'
import { places } from '../lib/places.ts'
import { safeText } from '../lib/safe-text.ts'
import { hostStatus } from '../lib/status.ts'
import css from './sidebar.module.css'

export function Sidebar(): ReactNode {
  const hosts = useHosts()
  return (
    <nav className={css.sidebar} aria-label="Main">
      <p className={css.brand}>
        <Mark size={20} />
        <span className={css.text}>Quarterdeck</span>
      </p>
      <ul className={css.list}>
        <Place to={places.fleet} icon={Gauge} label="Fleet" />
        <Place to={places.activity} icon={History} label="Activity" />
        <Place to={places.settings} icon={Settings} label="Settings" />
      </ul>
      <p className={css.heading} id="sidebar-hosts">
        <span className={css.text}>Hosts</span>
      </p>
      <ul className={cx(css.list, css.hosts)} aria-labelledby="sidebar-hosts">
        {hosts.data?.map(view => (
          <HostPlace key={view.host.id} view={view} />
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

function HostPlace(props: { view: HostView }): ReactNode {
  const { host } = props.view
  const now = useNow(1000)
  const status = hostStatus(props.view, now)
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

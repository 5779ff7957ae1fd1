// One of the configured hosts, as a field of a form and as the filter of a list; knows neither form nor list.
import type { ComponentProps, ReactNode } from 'react'
import { useHosts } from '../data/hosts.ts'
import { safeText } from '../lib/safe-text.ts'
import { SelectField } from './field.tsx'
import css from './host-select.module.css'

export function HostSelect(
  props: Omit<ComponentProps<typeof SelectField>, 'children'> & {
    /** Where none may be chosen, too: its words. */ none?: string
  },
): ReactNode {
  const { none, ...rest } = props
  const { data: hosts = [] } = useHosts()
  return (
    <SelectField {...rest}>
      {none !== undefined && <option value="">{none}</option>}
      {hosts.map(({ host }) => (
        <option key={host.id} value={host.id}>
          {safeText(host.name)}
        </option>
      ))}
    </SelectField>
  )
}

export function HostFilter(props: { value: string; onChange: (hostId: string) => void }): ReactNode {
  return (
    <HostSelect
      label={<span className="visually-hidden">Host</span>}
      none="All hosts"
      className={css.filter}
      value={props.value}
      onChange={event => props.onChange(event.target.value)}
    />
  )
}

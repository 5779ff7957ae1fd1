// What is entered of a restore: which parts of a snapshot, and where to. Judges nothing of it.
import type { ReactNode } from 'react'
import { type HostView, localHostId } from '../../../shared/model/host.ts'
import type { RestoreDraft } from '../../../shared/model/restore.ts'
import type { Snapshot } from '../../../shared/model/snapshot.ts'
import { Pale } from '../../components/cells.tsx'
import { Choices, TextField } from '../../components/field.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { ManyOf } from '../../components/many-of.tsx'
import { useHosts } from '../../data/hosts.ts'
import { formatBytes } from '../../lib/format.ts'

type DraftProps = { snapshot: Snapshot; draft: RestoreDraft; onChange: (draft: RestoreDraft) => void }

export function Parts(props: DraftProps): ReactNode {
  const { snapshot, draft, onChange } = props
  return (
    <ManyOf
      label="What"
      options={snapshot.manifest.parts.map(({ key, rawBytes }) => ({
        value: key,
        label: `${key} (${formatBytes(rawBytes)})`,
      }))}
      chosen={draft.parts}
      onChange={parts => onChange({ ...draft, parts })}
    />
  )
}

/** On its own host, where that is known here. */
export function elsewhere(snapshot: Snapshot, hosts: readonly HostView[]): RestoreDraft['to'] {
  const { hostId } = snapshot.manifest
  return { kind: 'elsewhere', hostId: hosts.some(({ host }) => host.id === hostId) ? hostId : localHostId, place: '' }
}

export function Destination(props: DraftProps & { orphan: boolean }): ReactNode {
  const { snapshot, orphan, draft, onChange } = props
  const { to } = draft
  const { data: hosts = [] } = useHosts()
  return (
    <>
      {orphan ? (
        <Pale>Its backup is not set up here, so it goes to another place and replaces nothing.</Pale>
      ) : (
        <Choices<RestoreDraft['to']['kind']>
          label="Where to"
          value={to.kind}
          options={[
            { value: 'in-place', label: 'Where it was' },
            { value: 'elsewhere', label: 'Another place' },
          ]}
          onChange={kind => onChange({ ...draft, to: kind === 'in-place' ? { kind } : elsewhere(snapshot, hosts) })}
        />
      )}
      {to.kind === 'elsewhere' && (
        <>
          <HostSelect
            label="Host"
            value={to.hostId}
            onChange={event => onChange({ ...draft, to: { ...to, hostId: event.target.value } })}
          />
          <TextField
            label="Place"
            help="A folder that is not there yet; for a database, the name of a new one."
            value={to.place}
            autoComplete="off"
            spellCheck={false}
            onChange={event => onChange({ ...draft, to: { ...to, place: event.target.value } })}
          />
        </>
      )}
    </>
  )
}

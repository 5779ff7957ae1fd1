// Picks a host from ~/.ssh/config; fills the form and saves nothing.
import { FileKey } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { HostView, SshConfigHost } from '../../../shared/model/host.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { TextField } from '../../components/field.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'
import { jumpOf } from './form-values.ts'
import css from './host-form.module.css'

export interface ImportDialogProps {
  readonly open: boolean
  readonly hosts: readonly HostView[]
  readonly onPick: (found: SshConfigHost) => void
  readonly onClose: () => void
}

export function ImportDialog(props: ImportDialogProps): ReactNode {
  return (
    <Dialog open={props.open} title="Import from ~/.ssh/config" onClose={props.onClose}>
      <Found {...props} />
    </Dialog>
  )
}

function Found(props: ImportDialogProps): ReactNode {
  const { hosts, onPick } = props
  const [text, setText] = useState('')
  // Read afresh each time: the file may have been mended meanwhile.
  const list = useEngineQuery('host.importList', undefined, { staleTime: 0 })
  return (
    <QueryFaces query={list} failed="~/.ssh/config could not be read" loading="Reading ~/.ssh/config">
      {found => {
        if (found.length === 0) {
          return (
            <EmptyState icon={FileKey} title="There is no host in ~/.ssh/config" text="Fill in the form by hand." />
          )
        }
        const wanted = text.trim().toLowerCase()
        const shown = found.filter(host => `${host.alias} ${host.address}`.toLowerCase().includes(wanted))
        return (
          <>
            <TextField label="Filter" value={text} onChange={event => setText(event.target.value)} data-autofocus />
            <ul className={css.found}>
              {shown.map(host => (
                <li key={host.alias}>
                  <button type="button" className={css.pick} onClick={() => onPick(host)}>
                    <strong>{safeText(host.alias)}</strong>
                    <span className={css.pale}>{describe(host)}</span>
                    {host.proxyJump.length > 0 && !jumpOf(host, hosts) && (
                      <span className={css.hint}>
                        Goes through {safeText(host.proxyJump.join(', '))}: add that host first, then choose it as the
                        jump host.
                      </span>
                    )}
                    {host.ignored.length > 0 && (
                      <span className={css.pale}>Not used here: {safeText(host.ignored.join(', '))}</span>
                    )}
                  </button>
                </li>
              ))}
            </ul>
            {shown.length === 0 && (
              <EmptyState icon={FileKey} title="No host matches">
                <Button onClick={() => setText('')}>Show all</Button>
              </EmptyState>
            )}
          </>
        )
      }}
    </QueryFaces>
  )
}

function describe(host: SshConfigHost): string {
  const user = host.user === null ? '' : `${host.user}@`
  const port = host.port === 22 ? '' : `:${host.port}`
  const key = host.identityFile === null ? '' : `, ${host.identityFile}`
  return safeText(`${user}${host.address}${port}${key}`)
}

// What can be done about an incident: acknowledge, note, silence, restart, export. The engine does it.
import { BellOff, Check, Download, StickyNote } from 'lucide-react'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { Incident } from '../../../shared/model/incident.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { FieldError, TextArea } from '../../components/field.tsx'
import { useToast } from '../../components/toast.tsx'
import { useHosts } from '../../data/hosts.ts'
import { useEngine, useEngineCommand, useShell } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { useShortcut } from '../../lib/shortcuts.ts'
import { ActionButton } from '../host/action/action-button.tsx'
import { useUnitActions } from '../host/action/use-unit-action.tsx'
import { SilenceDialog } from './silence-dialog.tsx'

type Asked = 'note' | 'silence' | 'export'

export function IncidentActions(props: { incident: Incident }): ReactNode {
  const { incident } = props
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = (): void => setAsked(null)
  const over = incident.state === 'resolved'
  useShortcut({ keys: 'n', label: 'Note', group: 'This screen', run: () => setAsked('note') })
  useShortcut({ keys: 's', label: 'Silence', group: 'This screen', run: () => setAsked('silence') }, !over)
  return (
    <>
      {incident.state === 'open' && <Acknowledge incident={incident} />}
      {incident.unit && !over && <Restart incident={incident} unit={incident.unit} />}
      <Button icon={StickyNote} onClick={() => setAsked('note')}>
        Note
      </Button>
      {!over && (
        <Button icon={BellOff} onClick={() => setAsked('silence')}>
          Silence
        </Button>
      )}
      <Button icon={Download} onClick={() => setAsked('export')}>
        Export
      </Button>
      <NoteDialog open={asked === 'note'} incident={incident} onClose={close} />
      <SilenceDialog open={asked === 'silence'} incident={incident} onClose={close} />
      <ExportDialog open={asked === 'export'} incident={incident} onClose={close} />
    </>
  )
}

function Acknowledge(props: { incident: Incident }): ReactNode {
  const { id } = props.incident
  const acknowledge = useEngineCommand('incident.acknowledge')
  const toast = useToast()
  const run = (): void => {
    if (acknowledge.isPending) return
    acknowledge.mutate(id, {
      onError: error => toast({ tone: 'unhealthy', title: 'Not acknowledged', text: errorText(error) }),
    })
  }
  useShortcut({ keys: 'a', label: 'Acknowledge', group: 'This screen', run })
  return (
    <Button look="primary" icon={Check} onClick={run} loading={acknowledge.isPending}>
      Acknowledge
    </Button>
  )
}

function Restart(props: { incident: Incident; unit: NonNullable<Incident['unit']> }): ReactNode {
  const { hostId } = props.incident
  const hosts = useHosts()
  const { run, dialog } = useUnitActions()
  const live = hosts.data?.find(view => view.host.id === hostId)?.connection.state === 'ready'
  const unit = { hostId, ...props.unit }
  useShortcut(
    { keys: 'shift+r', label: 'Restart the service', group: 'This screen', run: () => run(unit, 'restart') },
    live,
  )
  return (
    <>
      <ActionButton unit={unit} verb="restart" onRun={run} disabled={!live} />
      {dialog}
    </>
  )
}

interface DialogProps {
  readonly open: boolean
  readonly incident: Incident
  readonly onClose: () => void
}

function NoteDialog(props: DialogProps): ReactNode {
  const { open, incident, onClose } = props
  const id = useId()
  const note = useEngineCommand('incident.note')
  const [missing, setMissing] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get('text') ?? '').trim()
    setMissing(text === '')
    if (text !== '') note.mutate({ id: incident.id, text }, { onSuccess: onClose })
  }
  return (
    <Dialog
      open={open}
      title="Note"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={id} look="primary" loading={note.isPending}>
            Add note
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit}>
        <TextArea
          label="What you found or did"
          help="It becomes a part of the story, with the time. No secrets: the story can be exported."
          name="text"
          rows={5}
          maxLength={4000}
          data-autofocus
          error={missing ? 'There is nothing in it yet.' : undefined}
        />
      </form>
      {note.error && <FieldError>{errorText(note.error)}</FieldError>}
    </Dialog>
  )
}

function ExportDialog(props: DialogProps): ReactNode {
  const { open, incident, onClose } = props
  const engine = useEngine()
  const shell = useShell()
  const toast = useToast()
  const [busy, setBusy] = useState<'markdown' | 'json' | null>(null)
  const [error, setError] = useState<AppError | null>(null)
  const save = async (format: 'markdown' | 'json'): Promise<void> => {
    setBusy(format)
    setError(null)
    try {
      const text = await engine.call('incident.export', { id: incident.id, format })
      const suggestedName = `${incident.id}.${format === 'json' ? 'json' : 'md'}`
      const path = await shell.call('dialog.saveText', { suggestedName, text })
      if (path === null) return
      toast({ tone: 'healthy', title: 'Saved', text: path })
      onClose()
    } catch (caught) {
      setError(AppError.from(caught))
    } finally {
      setBusy(null)
    }
  }
  return (
    <Dialog
      open={open}
      title="Export"
      width="narrow"
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => void save('json')} loading={busy === 'json'}>
            JSON
          </Button>
          <Button look="primary" onClick={() => void save('markdown')} loading={busy === 'markdown'} data-autofocus>
            Markdown
          </Button>
        </>
      }
    >
      <p>The whole story with its journal, to show to others. Secrets, addresses and user names are taken out.</p>
      {error && <FieldError>{errorText(error)}</FieldError>}
    </Dialog>
  )
}

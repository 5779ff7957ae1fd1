// Everything into a file and back, and the copies that the app makes by itself. Passphrases go from their inputs to the engine.
import { Download, History, Upload } from 'lucide-react'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { FieldError, SecretField } from '../../components/field.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { useEngine, useEngineQuery, useShell } from '../../data/remotes.tsx'
import { formatBytes, formatCount } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import { SaveError } from '../vault/save-error.tsx'
import css from './settings.module.css'

export function OwnDataPanel(): ReactNode {
  const shell = useShell()
  const copies = useEngineQuery('data.copies', undefined)
  const [exportTo, setExportTo] = useState<string | null>(null)
  const [importFrom, setImportFrom] = useState<string | null>(null)
  const askFile = async (): Promise<void> =>
    setImportFrom(await shell.call('dialog.chooseFile', undefined).catch(() => null))
  const askNew = async (): Promise<void> => {
    const suggestedName = `quarterdeck-${new Date().toISOString().slice(0, 10)}.db`
    setExportTo(await shell.call('dialog.chooseNewFile', { suggestedName }).catch(() => null))
  }
  return (
    <Panel title="Export, import and copies">
      <p className={css.pale}>
        Hosts, checks, channels, logins, backups, maintenance, rules and incidents in one file, secrets under a
        passphrase of yours. Neither measured samples nor the snapshots themselves are part of it.
      </p>
      <div className={css.line}>
        <Button icon={Download} onClick={() => void askNew()}>
          Export…
        </Button>
        <Button icon={Upload} onClick={() => void askFile()}>
          Import…
        </Button>
      </div>
      <p className={css.pale}>A copy is made every day, and fourteen are kept. After damage the newest is put back.</p>
      <QueryFaces query={copies} failed="The copies could not be read">
        {list =>
          list.length === 0 ? (
            <p className={css.pale}>None yet.</p>
          ) : (
            <ul className={css.copies}>
              {list.map(copy => (
                <li key={copy.name} className={css.line}>
                  <RelativeTime at={copy.at} />
                  <span className={css.pale}>{formatBytes(copy.bytes)}</span>
                  <Button size="small" look="quiet" icon={History} onClick={() => setImportFrom(copy.name)}>
                    Go back to it…
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </QueryFaces>
      {exportTo !== null && <ExportDialog path={exportTo} onClose={() => setExportTo(null)} />}
      {importFrom !== null && <ImportDialog path={importFrom} onClose={() => setImportFrom(null)} />}
    </Panel>
  )
}

function ExportDialog(props: { path: string; onClose: () => void }): ReactNode {
  const { path, onClose } = props
  const engine = useEngine()
  const first = useRef<HTMLInputElement>(null)
  const second = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const send = (event: FormEvent): void => {
    event.preventDefault()
    const passphrase = first.current?.value ?? ''
    const wrong = passphrase.length < 8 ? 'At least 8 characters' : 'The two are not the same'
    if (passphrase.length < 8 || passphrase !== second.current?.value) {
      setError(new AppError('INVALID_INPUT', wrong))
      return
    }
    setBusy(true)
    setError(null)
    engine
      .call('data.export', { path, passphrase })
      .then(() => setDone(true))
      .catch(caught => setError(AppError.from(caught)))
      .finally(() => setBusy(false))
  }
  return (
    <Dialog
      open
      title="Export everything"
      onClose={onClose}
      footer={<Button onClick={onClose}>{done ? 'Close' : 'Cancel'}</Button>}
    >
      {done ? (
        <p role="status">It is in {safeText(path)}</p>
      ) : (
        <form className={css.form} onSubmit={send}>
          <p className={css.pale}>Into {safeText(path)}</p>
          <SecretField
            label="Passphrase for the secrets"
            help="It cannot be recovered. Without it the secrets in the file cannot be read."
            inputRef={first}
            autoFocus
          />
          <SecretField label="The same again" inputRef={second} />
          {error && <SaveError error={error} />}
          <div>
            <Button type="submit" look="primary" loading={busy}>
              Export
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function ImportDialog(props: { path: string; onClose: () => void }): ReactNode {
  const { path, onClose } = props
  const engine = useEngine()
  const shell = useShell()
  const content = useEngineQuery('data.look', path, { staleTime: 0 })
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const take = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await engine.call('data.import', { path, passphrase: input.current?.value || null })
      await shell.call('engine.restart', undefined)
      onClose()
    } catch (caught) {
      setError(AppError.from(caught))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog open title="Take this over?" onClose={onClose} footer={<Button onClick={onClose}>Cancel</Button>}>
      <QueryFaces query={content} failed="The file could not be read" loading="Looking into it">
        {({ hosts, checks, secrets, passphrase }) => (
          <form className={css.form} onSubmit={event => void take(event)}>
            <p>
              {safeText(path)} holds {formatCount(hosts)} hosts, {formatCount(checks)} checks and {formatCount(secrets)}{' '}
              secrets. It takes the place of what is here now; that is copied first and stays beside it. The engine
              starts anew.
            </p>
            {passphrase && <SecretField label="Passphrase of its secrets" inputRef={input} autoFocus />}
            {error && <FieldError>{safeText(error.message)}</FieldError>}
            <div>
              <Button type="submit" look="danger" loading={busy}>
                Take it over
              </Button>
            </div>
          </form>
        )}
      </QueryFaces>
    </Dialog>
  )
}

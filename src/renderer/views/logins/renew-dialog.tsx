// One click to a new login: by logging in in a window of its own, or by what a browser exported. What is pasted goes straight to the engine and is kept nowhere here.
import { ClipboardPaste, Globe } from 'lucide-react'
import { type DragEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { Login, LoginCandidate } from '../../../shared/model/login.ts'
import { Button, ButtonRow } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { FieldError, TextArea } from '../../components/field.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import { CandidateDialog } from './candidate-dialog.tsx'
import css from './logins.module.css'

const mostBytes = 1_048_576

const exports: Record<Login['kind'], { readonly label: string; readonly help: string }> = {
  cookies: {
    label: 'Paste or drop an export of your browser’s cookies',
    help: 'cookies.txt, Cookie-Editor or EditThisCookie JSON, Playwright, Puppeteer, or a Cookie: header.',
  },
  token: { label: 'Paste the new token', help: 'As it stands in the file: KEY=value, or the value alone.' },
  certificate: {
    label: 'Paste or drop the new certificate',
    help: 'PEM, with its private key where the file holds one. Without a key the old one is kept, if it fits.',
  },
}

export function RenewDialog(props: { open: boolean; login: Login; onClose: () => void }): ReactNode {
  const { open, login, onClose } = props
  const [candidate, setCandidate] = useState<LoginCandidate | null>(null)
  if (candidate)
    return (
      <CandidateDialog
        candidate={candidate}
        login={login}
        onClose={() => {
          setCandidate(null)
          onClose()
        }}
      />
    )
  return <Source open={open} login={login} onClose={onClose} onCandidate={setCandidate} />
}

function Source(props: {
  open: boolean
  login: Login
  onClose: () => void
  onCandidate: (candidate: LoginCandidate) => void
}): ReactNode {
  const { open, login, onClose, onCandidate } = props
  const engine = useEngine()
  const [busy, setBusy] = useState<'window' | 'paste' | null>(null)
  const [error, setError] = useState<AppError | null>(null)
  const input = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)

  // what was pasted must not outlive the dialog
  useEffect(() => {
    if (open) return
    setBusy(null)
    setError(null)
  }, [open])

  const attempt = async (what: 'window' | 'paste', work: () => Promise<LoginCandidate | null>): Promise<void> => {
    setBusy(what)
    setError(null)
    try {
      const found = await work()
      if (found) onCandidate(found)
      else setError(new AppError('CANCELLED', 'The window was closed before the login was there'))
    } catch (caught) {
      setError(AppError.from(caught))
    } finally {
      setBusy(null)
    }
  }
  const hand = (text: string): void => {
    if (input.current) input.current.value = ''
    void attempt('paste', () => engine.call('login.paste', { id: login.id, text }))
  }
  const takeFile = async (file: File | undefined): Promise<void> => {
    if (!file) return
    if (file.size > mostBytes) setError(new AppError('INVALID_INPUT', 'A file of cookies has at most 1 MiB'))
    else hand(await file.text())
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    void takeFile(event.dataTransfer.files[0])
  }
  return (
    <Dialog
      open={open}
      title={`Renew ${safeText(login.name)}`}
      onClose={onClose}
      footer={<Button onClick={onClose}>Cancel</Button>}
    >
      {login.kind === 'cookies' && login.loginUrl !== null && (
        <section className={css.source} aria-label="By a login window">
          <p>Log in as you would in a browser. The window closes by itself once the cookies are there.</p>
          <div>
            <Button
              look="primary"
              icon={Globe}
              loading={busy === 'window'}
              data-autofocus
              onClick={() => void attempt('window', () => engine.call('login.capture', login.id))}
            >
              Open a login window
            </Button>
          </div>
        </section>
      )}
      <section
        className={css.source}
        aria-label="By what a browser exported"
        onDragOver={event => event.preventDefault()}
        onDrop={drop}
      >
        <TextArea
          ref={input}
          label={exports[login.kind].label}
          help={exports[login.kind].help}
          rows={5}
          spellCheck={false}
          autoComplete="off"
          maxLength={mostBytes}
          className={css.paste}
        />
        <ButtonRow>
          <Button
            icon={ClipboardPaste}
            loading={busy === 'paste'}
            onClick={() => {
              const text = input.current?.value ?? ''
              if (text.trim() === '') setError(new AppError('INVALID_INPUT', 'There is nothing in it yet'))
              else hand(text)
            }}
          >
            Look at it
          </Button>
          <Button look="quiet" onClick={() => picker.current?.click()}>
            Choose a file
          </Button>
          <input
            ref={picker}
            type="file"
            className="visually-hidden"
            tabIndex={-1}
            aria-label="File of cookies"
            onChange={event => {
              void takeFile(event.target.files?.[0])
              event.target.value = ''
            }}
          />
        </ButtonRow>
      </section>
      {error && <FieldError>{errorText(error)}</FieldError>}
    </Dialog>
  )
}

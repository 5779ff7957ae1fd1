// The form of a host, with its test. What is valid is the contract's business; secrets never enter React's state.
import { Import, Plug } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { type Resolver, useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { AppError } from '../../../shared/errors.ts'
import type { Host, HostView } from '../../../shared/model/host.ts'
import { Button, ButtonRow, LinkButton } from '../../components/button.tsx'
import { Panel } from '../../components/page.tsx'
import { useToast } from '../../components/toast.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { hostPath, places } from '../../lib/places.ts'
import { SaveError } from '../vault/save-error.tsx'
import { AccessFields, LoginFields, PlaceFields } from './fields.tsx'
import { emptyValues, type FormValues, readDraft, valuesOf, valuesOfImport } from './form-values.ts'
import css from './host-form.module.css'
import { ImportDialog } from './import-dialog.tsx'
import { TestPanel } from './test-panel.tsx'
import { useConnectionTest } from './use-connection-test.ts'
import { useSecrets } from './use-secrets.ts'

const byContract: Resolver<FormValues> = values => {
  const read = readDraft(values)
  return 'draft' in read ? { values, errors: {} } : { values: {}, errors: read.errors }
}

export function HostForm(props: { host: Host | null; hosts: readonly HostView[] }): ReactNode {
  const { host, hosts } = props
  const engine = useEngine()
  const navigate = useNavigate()
  const toast = useToast()
  const form = useForm<FormValues>({
    defaultValues: host ? valuesOf(host) : emptyValues,
    resolver: byContract,
    mode: 'onTouched',
  })
  const secrets = useSecrets(host?.stored ?? null)
  const test = useConnectionTest()
  const [importing, setImporting] = useState(false)
  const [error, setError] = useState<AppError | null>(null)

  const runTest = form.handleSubmit(values => {
    const read = readDraft(values)
    const given = secrets.read(values)
    if ('draft' in read && given) test.run({ id: host?.id ?? null, draft: read.draft, secrets: given })
  })

  const save = form.handleSubmit(async values => {
    const read = readDraft(values)
    const given = secrets.read(values)
    if (!('draft' in read) || !given) return
    setError(null)
    try {
      const { draft } = read
      const saved = host
        ? await engine.call('host.edit', { id: host.id, draft, secrets: given })
        : await engine.call('host.add', { draft, secrets: given })
      secrets.clear()
      toast({ tone: 'healthy', title: host ? `${saved.name} was saved` : `${saved.name} was added` })
      void navigate(hostPath(saved.id), { replace: true })
    } catch (caught) {
      setError(AppError.from(caught))
    }
  })

  return (
    <div className={css.layout}>
      <form className={css.form} onSubmit={event => void save(event)} noValidate>
        {!host && (
          <div className={css.import}>
            <p className={css.pale}>Any machine with SSH and systemd. Nothing is installed on it.</p>
            <Button icon={Import} onClick={() => setImporting(true)}>
              Import from ~/.ssh/config
            </Button>
          </div>
        )}
        <Panel title="Where it is">
          <PlaceFields
            form={form}
            hosts={hosts.filter(view => view.host.kind === 'ssh' && view.host.id !== host?.id)}
          />
        </Panel>
        <Panel title="How to log in">
          <LoginFields form={form} secrets={secrets} stored={host?.stored ?? null} />
        </Panel>
        <Panel title="What it may do">
          <AccessFields form={form} secrets={secrets} stored={host?.stored ?? null} />
        </Panel>
        {error && <SaveError error={error} />}
        <ButtonRow>
          <Button type="submit" look="primary" loading={form.formState.isSubmitting}>
            {host ? 'Save' : 'Add host'}
          </Button>
          <Button icon={Plug} onClick={() => (test.running ? test.stop() : void runTest())}>
            {test.running ? 'Stop the test' : 'Test connection'}
          </Button>
          <LinkButton to={host ? hostPath(host.id) : places.fleet} look="quiet">
            Cancel
          </LinkButton>
        </ButtonRow>
      </form>
      <div className={css.side}>
        <TestPanel test={test} onRetry={() => void runTest()} />
      </div>
      <ImportDialog
        open={importing}
        hosts={hosts}
        onClose={() => setImporting(false)}
        onPick={found => {
          form.reset(valuesOfImport(found, form.getValues(), hosts))
          setImporting(false)
          form.setFocus(found.user === null ? 'user' : 'name')
        }}
      />
    </div>
  )
}

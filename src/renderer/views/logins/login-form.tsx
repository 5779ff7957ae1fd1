// The form of a login: which site, which file, who uses it, how it is proven, and what happens when it is over. Holds no cookie.
import { ScanSearch } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type Login, LoginDraft, type LoginFile, type SiteProfile } from '../../../shared/model/login.ts'
import { Button } from '../../components/button.tsx'
import { CheckField, Choices, FieldRow, SelectField, TextArea, TextField } from '../../components/field.tsx'
import { FormButtons } from '../../components/form-buttons.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { ManyOf } from '../../components/many-of.tsx'
import { NumberField } from '../../components/number-field.tsx'
import { Columns, Panel } from '../../components/page.tsx'
import { useUnits } from '../../data/hosts.ts'
import { useEngine } from '../../data/remotes.tsx'
import { type Entered, numberOf, textOf, useDraftForm, useSave } from '../../data/use-draft-form.ts'
import { formatWords } from '../../lib/cookie-formats.ts'
import { loginPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitKey, unitLabel } from '../../lib/unit-keys.ts'
import { unitOfKey } from '../../lib/unit-of-key.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { SaveError } from '../vault/save-error.tsx'
import { CookieTable } from './cookie-table.tsx'
import css from './logins.module.css'
import { ProbeFields } from './probe-fields.tsx'

type Form = Entered<LoginDraft>

export function LoginForm(props: { login: Login | null; draft: LoginDraft; sites: readonly SiteProfile[] }): ReactNode {
  const { login, sites } = props
  const engine = useEngine()
  const form = useDraftForm(LoginDraft, props.draft)
  const save = useSave(form)
  const formRef = useFirstMistake(form.errors)
  const [found, setFound] = useState<LoginFile | null>(null)

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void save(async draft => {
      const saved = login
        ? await engine.call('login.edit', { id: login.id, draft })
        : await engine.call('login.add', { draft })
      return loginPath(saved.id)
    })
  }
  const look = (): void => {
    setFound(null)
    void form.send('look', async ({ hostId, path }) => setFound(await engine.call('login.inspect', { hostId, path })))
  }
  return (
    <Columns>
      <form ref={formRef} onSubmit={submit} noValidate>
        <Panel title="What it is">
          <SubjectFields form={form} sites={sites} fixed={login !== null} />
          <div>
            <Button icon={ScanSearch} loading={form.busy === 'look'} onClick={look}>
              Look at the file
            </Button>
          </div>
        </Panel>
        <Panel title="Who uses it">
          <ConsumerFields form={form} />
        </Panel>
        <Panel title="How it is proven">
          <ProbeFields form={form} />
        </Panel>
        <Panel title="When it ends">
          <EndFields form={form} />
        </Panel>
        {form.failure && <SaveError error={form.failure} />}
        <FormButtons
          busy={form.busy}
          save={login ? 'Save' : 'Add login'}
          back={login ? loginPath(login.id) : places.logins}
        />
      </form>
      <div>{found && <Found file={found} required={form.draft.required} />}</div>
    </Columns>
  )
}

function Found(props: { file: LoginFile; required: readonly string[] }): ReactNode {
  const { file, required } = props
  return (
    <Panel title="In the file now">
      <p>{file.format ? `It is read as ${formatWords[file.format]}.` : 'It could not be read as cookies.'}</p>
      {file.problems.length > 0 && (
        <ul className={css.problems}>
          {file.problems.map(problem => (
            <li key={problem}>{safeText(problem)}</li>
          ))}
        </ul>
      )}
      <CookieTable cookies={file.cookies} required={required} />
    </Panel>
  )
}

function SubjectFields(props: { form: Form; sites: readonly SiteProfile[]; fixed: boolean }): ReactNode {
  const { form, sites, fixed } = props
  const { draft, errors, change } = form
  const choose = (id: string): void => {
    const site = sites.find(each => each.id === id)
    if (!site) return
    const { loginUrl, domains, required, probe } = site
    const known = id === 'custom' ? {} : { loginUrl: loginUrl || null, domains, required, probe, name: site.title }
    change({ site: id, ...known })
  }
  return (
    <>
      <SelectField label="Site" value={draft.site} onChange={event => choose(event.target.value)}>
        {sites.map(site => (
          <option key={site.id} value={site.id}>
            {site.title}
          </option>
        ))}
      </SelectField>
      <TextField label="Name" autoComplete="off" {...textOf(form, 'name')} />
      <HostSelect
        label="Host"
        disabled={fixed}
        {...textOf(form, 'hostId')}
        onChange={event => change({ hostId: event.target.value, consumers: [] })}
      />
      <TextField
        label="File on the host"
        help="Absolute, such as /opt/bot/cookies.txt."
        autoComplete="off"
        spellCheck={false}
        {...textOf(form, 'path')}
      />
      <Choices<LoginDraft['kind']>
        label="It holds"
        value={draft.kind}
        options={[
          { value: 'cookies', label: 'Cookies' },
          { value: 'token', label: 'A token' },
          { value: 'certificate', label: 'A client certificate' },
        ]}
        onChange={kind => change({ kind })}
      />
      {draft.kind !== 'certificate' && (
        <TextArea
          label={draft.kind === 'cookies' ? 'Cookies without which the bot is logged out' : 'Key in the file'}
          help="One per line."
          rows={3}
          spellCheck={false}
          value={draft.required.join('\n')}
          error={errors.required}
          onChange={event => change({ required: linesOf(event.target.value) })}
          onBlur={() => change({ required: draft.required.filter(line => line !== '') })}
        />
      )}
      {draft.kind === 'cookies' && (
        <>
          <TextField
            label="Address to log in at"
            help="Opened in a login window. Empty where only exports are pasted."
            value={draft.loginUrl ?? ''}
            error={errors.loginUrl}
            autoComplete="off"
            spellCheck={false}
            onChange={event => change({ loginUrl: event.target.value.trim() === '' ? null : event.target.value })}
          />
          <TextArea
            label="Domains whose cookies are taken"
            help="One per line; subdomains count too. Cookies of others are left out."
            rows={3}
            spellCheck={false}
            value={draft.domains.join('\n')}
            error={errors.domains}
            onChange={event => change({ domains: linesOf(event.target.value) })}
            onBlur={() => change({ domains: draft.domains.filter(line => line !== '') })}
          />
        </>
      )}
    </>
  )
}

function ConsumerFields(props: { form: Form }): ReactNode {
  const { draft, errors, change } = props.form
  const { data: units = [] } = useUnits(draft.hostId)
  const chosen = draft.consumers.map(unitKey)
  const own = units.filter(
    unit =>
      chosen.includes(unitKey(unit)) ||
      unit.pinned ||
      unit.scope === 'user' ||
      unit.fragmentPath?.startsWith('/etc/systemd/system/'),
  )
  if (own.length === 0)
    return <p className={css.pale}>No service of your own was found on this host; pin one to see it here.</p>
  return (
    <ManyOf
      label="These services are restarted after a renewal"
      error={errors.consumers}
      options={own.map(unit => ({ value: unitKey(unit), label: safeText(unitLabel(unit)) }))}
      chosen={chosen}
      onChange={keys =>
        change({
          consumers: keys.flatMap(key => unitOfKey(key) ?? []),
        })
      }
    />
  )
}

function EndFields(props: { form: Form }): ReactNode {
  const { form } = props
  const { draft, change } = form
  return (
    <>
      <FieldRow>
        <NumberField label="Warn before its end (d)" {...numberOf(form, 'warnDays')} />
        <NumberField label="Critical before its end (d)" {...numberOf(form, 'criticalDays')} />
      </FieldRow>
      <Choices<LoginDraft['onExpiry']>
        label="While it is proven expired, its services"
        value={draft.onExpiry}
        options={[
          { value: 'nothing', label: 'go on' },
          { value: 'stop', label: 'are stopped' },
          { value: 'disable', label: 'are stopped and disabled' },
        ]}
        onChange={onExpiry => change({ onExpiry })}
        help="They are started again once a renewal is proven."
      />
      {draft.kind === 'cookies' && draft.loginUrl !== null && (
        <>
          <CheckField
            label="Keep the login window’s session"
            help="So that you are still logged in there the next time."
            checked={draft.keepSession}
            onChange={event =>
              change({ keepSession: event.target.checked, ...(event.target.checked ? {} : { keepAliveHours: null }) })
            }
          />
          {draft.keepSession && (
            <CheckField
              label="Visit the site once a day with it"
              help="So that the session does not age; cookies that the site renews are written to the host."
              checked={draft.keepAliveHours !== null}
              onChange={event => change({ keepAliveHours: event.target.checked ? 24 : null })}
            />
          )}
        </>
      )}
    </>
  )
}

/** Keeps an empty last line while it is typed. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map(line => line.trim())
  return lines.length === 1 && lines[0] === '' ? [] : lines
}

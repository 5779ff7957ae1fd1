// How a login is proven for real: the request that only somebody who is logged in gets answered.
import type { ReactNode } from 'react'
import type { LoginDraft, LoginProbe } from '../../../shared/model/login.ts'
import { CheckField, Choices, FieldRow, TextArea, TextField } from '../../components/field.tsx'
import { type Entered, errorsWithin, textOf } from '../../data/use-draft-form.ts'

const fresh: LoginProbe = {
  url: '',
  expectedStatus: '2xx',
  headers: [],
  validText: '',
  loginPaths: ['/login', '/signin', '/i/flow/login', '/accounts/login'],
  challengeTexts: [],
  from: 'host',
}

export function ProbeFields(props: { form: Entered<LoginDraft> }): ReactNode {
  const { draft, errors, change } = props.form
  const { probe } = draft
  const set = (parts: Partial<LoginProbe>): void => {
    if (probe) change({ probe: { ...probe, ...parts } })
  }
  const asked: Entered<LoginProbe> = { draft: probe ?? fresh, errors: errorsWithin(errors, 'probe'), change: set }
  return (
    <>
      <CheckField
        label="Ask the site with it"
        help="Without that, only the file and its dates are looked at."
        checked={probe !== null}
        onChange={event => change({ probe: event.target.checked ? fresh : null })}
      />
      {probe && (
        <>
          <TextField
            label="Address that only answers when logged in"
            placeholder="https://example.org/account"
            autoComplete="off"
            spellCheck={false}
            {...textOf(asked, 'url')}
          />
          <FieldRow>
            <TextField label="Expected status" autoComplete="off" {...textOf(asked, 'expectedStatus')} />
            <TextField
              label="Text in the answer"
              help="Empty is any."
              autoComplete="off"
              {...textOf(asked, 'validText')}
            />
          </FieldRow>
          <Choices<LoginProbe['from']>
            label="Asked from"
            value={probe.from}
            options={[
              { value: 'host', label: 'The host' },
              { value: 'local', label: 'This computer' },
              { value: 'both', label: 'Both' },
            ]}
            onChange={from => set({ from })}
            help="Sites tie sessions to addresses: the host’s own is what counts for the bot."
          />
          <TextArea
            label="Headers"
            help="One per line, such as x-csrf-token: {ct0}, where {ct0} is the value of that cookie."
            rows={2}
            spellCheck={false}
            value={probe.headers.map(({ name, value }) => `${name}: ${value}`).join('\n')}
            error={errors['probe.headers']}
            onChange={event => set({ headers: headersOf(event.target.value) })}
          />
          <TextArea
            label="Being sent to one of these means logged out"
            rows={2}
            spellCheck={false}
            value={probe.loginPaths.join('\n')}
            onChange={event => set({ loginPaths: event.target.value.split('\n') })}
            onBlur={() => set({ loginPaths: probe.loginPaths.filter(line => line.trim() !== '') })}
          />
          <TextArea
            label="These texts mean a challenge"
            help="Such as captcha, or “unusual activity”."
            rows={2}
            spellCheck={false}
            value={probe.challengeTexts.join('\n')}
            onChange={event => set({ challengeTexts: event.target.value.split('\n') })}
            onBlur={() => set({ challengeTexts: probe.challengeTexts.filter(line => line.trim() !== '') })}
          />
        </>
      )}
    </>
  )
}

function headersOf(text: string): LoginProbe['headers'] {
  if (text === '') return []
  return text.split('\n').map(line => {
    const colon = line.indexOf(':')
    return colon < 0
      ? { name: line, value: '' }
      : { name: line.slice(0, colon), value: line.slice(colon + 1).trimStart() }
  })
}

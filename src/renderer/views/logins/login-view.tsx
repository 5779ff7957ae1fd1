// One login: how it stands, what is in its file, what was renewed when. Shows what the engine says, never a value, and decides nothing.
import { KeyRound, Pencil, ShieldQuestion, UserX } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Link, useParams } from 'react-router'
import type { LoginView } from '../../../shared/model/login.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { Columns, Fact, Facts, Page, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useHosts } from '../../data/hosts.ts'
import { useLogin, useSites } from '../../data/logins.ts'
import { useNow } from '../../data/now.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { formatWords } from '../../lib/cookie-formats.ts'
import { errorText } from '../../lib/error-text.ts'
import { formatBytes, unknownValue } from '../../lib/format.ts'
import { loginStatus, proofStatus } from '../../lib/login-status.ts'
import { checkPath, editLoginPath, hostPath, places, unitPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitKey } from '../../lib/unit-keys.ts'
import { CookieTable } from './cookie-table.tsx'
import { DriftNotice } from './drift-notice.tsx'
import { KeepAliveNotice } from './keep-alive-notice.tsx'
import css from './logins.module.css'
import { RemoveLogin } from './remove-login.tsx'
import { RenewDialog } from './renew-dialog.tsx'
import { RenewalsPanel } from './renewals-panel.tsx'

export function LoginPage(): ReactNode {
  const { loginId = '' } = useParams()
  const login = useLogin(loginId)
  if (login.data) return <Loaded key={loginId} view={login.data} />
  return (
    <Page title="Login">
      <QueryFaces query={login} failed="The login could not be read" loading="Reading login" missing={<NoSuchLogin />}>
        {() => null}
      </QueryFaces>
    </Page>
  )
}

function NoSuchLogin(): ReactNode {
  return (
    <EmptyState icon={UserX} title="There is no such login">
      <LinkButton to={places.logins}>Show all logins</LinkButton>
    </EmptyState>
  )
}

function Loaded(props: { view: LoginView }): ReactNode {
  const { view } = props
  const now = useNow(1000)
  const [renewing, setRenewing] = useState(false)
  return (
    <Page
      title={safeText(view.login.name)}
      aside={<Status status={loginStatus(view, now)} look="pill" />}
      actions={<Buttons view={view} onRenew={() => setRenewing(true)} />}
    >
      <Columns>
        <div>
          <DriftNotice view={view} />
          <KeepAliveNotice view={view} />
          <StatePanel view={view} />
          <Panel title={view.login.kind === 'cookies' ? 'Cookies in the file' : 'In the file'} flush>
            <CookieTable cookies={view.file?.cookies ?? []} required={view.login.required} />
          </Panel>
        </div>
        <div>
          <RenewalsPanel loginId={view.login.id} />
          <AboutPanel view={view} />
        </div>
      </Columns>
      <RenewDialog open={renewing} login={view.login} onClose={() => setRenewing(false)} />
    </Page>
  )
}

function Buttons(props: { view: LoginView; onRenew: () => void }): ReactNode {
  const { login } = props.view
  const prove = useEngineCommand('login.prove')
  return (
    <>
      {prove.error && <FieldError>{errorText(prove.error)}</FieldError>}
      <Button look="primary" icon={KeyRound} onClick={props.onRenew}>
        Renew
      </Button>
      <Button icon={ShieldQuestion} loading={prove.isPending} onClick={() => prove.mutate(login.id)}>
        Prove now
      </Button>
      <LinkButton to={editLoginPath(login.id)} icon={Pencil}>
        Edit
      </LinkButton>
      <RemoveLogin view={props.view} />
    </>
  )
}

function StatePanel(props: { view: LoginView }): ReactNode {
  const { login, proofs, file, fileAt, expiresAt, deactivated } = props.view
  return (
    <Panel title="How it stands">
      {deactivated && (
        <p>
          <Status status={{ tone: 'off', word: 'Its services are stopped until it is renewed' }} />
        </p>
      )}
      <Facts>
        {proofs.map(proof => (
          <Fact
            key={proof.from}
            name={proof.from === 'host' ? 'The site, asked from the host' : 'The site, asked from here'}
          >
            <Status status={proofStatus(proof)} /> <RelativeTime at={proof.at} className={css.pale} />
            <p className={css.pale}>{safeText(proof.message)}</p>
          </Fact>
        ))}
        {proofs.length === 0 && <Fact name="The site">was not asked yet</Fact>}
        <Fact name="Soonest end">
          {expiresAt !== null ? (
            <RelativeTime at={expiresAt} />
          ) : file ? (
            'with the session, or not known'
          ) : (
            'not known yet'
          )}
        </Fact>
        <Fact name="The file">
          {file ? (
            <>
              {!file.format ? 'not readable, ' : login.kind === 'cookies' ? `${formatWords[file.format]}, ` : ''}
              {formatBytes(file.bytes)}, {file.mode ?? unknownValue} of {safeText(file.owner ?? unknownValue)}
              {file.modifiedAt !== null && (
                <>
                  , changed <RelativeTime at={file.modifiedAt} />
                </>
              )}
              , looked at <RelativeTime at={fileAt} />
            </>
          ) : (
            'was not looked at yet'
          )}
        </Fact>
      </Facts>
      {file && file.problems.length > 0 && (
        <ul className={css.problems}>
          {file.problems.map(problem => (
            <li key={problem}>{safeText(problem)}</li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function AboutPanel(props: { view: LoginView }): ReactNode {
  const { login, pushedAt } = props.view
  const { data: hosts = [] } = useHosts()
  const { data: sites = [] } = useSites()
  const host = hosts.find(view => view.host.id === login.hostId)?.host
  return (
    <Panel title="What it is">
      <Facts>
        <Fact name="Site">{sites.find(site => site.id === login.site)?.title ?? safeText(login.site)}</Fact>
        <Fact name="Host">{host ? <Link to={hostPath(host.id)}>{safeText(host.name)}</Link> : login.hostId}</Fact>
        <Fact name="File">
          <code>{safeText(login.path)}</code>
        </Fact>
        <Fact name="Used by">
          {login.consumers.length === 0
            ? unknownValue
            : login.consumers.map(unit => (
                <div key={unitKey(unit)}>
                  <Link to={unitPath({ hostId: login.hostId, ...unit })}>{safeText(unit.name)}</Link>
                </div>
              ))}
        </Fact>
        <Fact name="While it is expired">{onExpiryWords[login.onExpiry]}</Fact>
        <Fact name="Warns">
          {login.warnDays} d before its end, critical {login.criticalDays} d before
        </Fact>
        <Fact name="Last written from here">
          <RelativeTime at={pushedAt} />
        </Fact>
        <Fact name="Alerts by">
          <Link to={checkPath(login.checkId)}>its check</Link>
        </Fact>
      </Facts>
    </Panel>
  )
}

const onExpiryWords = {
  nothing: 'its services go on',
  stop: 'its services are stopped',
  disable: 'its services are stopped and disabled',
} as const

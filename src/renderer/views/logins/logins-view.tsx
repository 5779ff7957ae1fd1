// All logins, trouble first, then by their end. Shows what the engine says and decides nothing.
import { Cookie, Plus } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import type { LoginView } from '../../../shared/model/login.ts'
import { LinkButton } from '../../components/button.tsx'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import type { Column } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FilterTable } from '../../components/filter-table.tsx'
import { Page } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useHosts } from '../../data/hosts.ts'
import { useLogins } from '../../data/logins.ts'
import { useNow } from '../../data/now.ts'
import { unknownValue } from '../../lib/format.ts'
import { loginPath, places } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { type LoginRow, loginRows, matchesLogin } from './logins-order.ts'

export function LoginsView(): ReactNode {
  const logins = useLogins()
  return (
    <Page
      title="Logins"
      body="fill"
      actions={
        <LinkButton to={places.addLogin} look="primary" icon={Plus}>
          Add login
        </LinkButton>
      }
    >
      <QueryFaces query={logins} failed="The logins could not be read" loading="Reading logins">
        {list => (list.length === 0 ? <NoLogins /> : <Logins logins={list} />)}
      </QueryFaces>
    </Page>
  )
}

function Logins(props: { logins: readonly LoginView[] }): ReactNode {
  const now = useNow(5000)
  const { data: hosts = [] } = useHosts()
  const rows = useMemo(() => loginRows(props.logins, hosts, now), [props.logins, hosts, now])
  return (
    <FilterTable<LoginRow>
      label="Logins"
      noun="login"
      rows={rows}
      matches={matchesLogin}
      rowKey={row => row.view.login.id}
      columns={columns}
      pathOf={row => loginPath(row.view.login.id)}
    />
  )
}

const end = (row: LoginRow): number => row.view.expiresAt ?? Number.POSITIVE_INFINITY

const columns: readonly Column<LoginRow>[] = [
  {
    id: 'login',
    header: 'Login',
    width: 'minmax(7.5rem, 1.4fr)',
    compare: (a, b) => a.view.login.name.localeCompare(b.view.login.name, 'en', { numeric: true }),
    cell: ({ view }) => (
      <TwoLines>
        <NameLink to={loginPath(view.login.id)}>{safeText(view.login.name)}</NameLink>
        <Pale>{safeShort(view.login.path, 80)}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(8.5rem, 1.8fr)',
    cell: ({ status, view }) => (
      <TwoLines>
        <Status status={status} />
        <Pale>
          {view.deactivated ? 'Its services are stopped until it is renewed' : safeShort(status.detail ?? '', 140)}
        </Pale>
      </TwoLines>
    ),
  },
  {
    id: 'ends',
    header: 'Ends',
    width: 'minmax(5.25rem, 0.6fr)',
    compare: (a, b) => end(a) - end(b),
    cell: ({ view }) =>
      view.expiresAt === null ? (
        <Pale>{view.file ? 'with the session' : unknownValue}</Pale>
      ) : (
        <RelativeTime at={view.expiresAt} />
      ),
  },
  {
    id: 'host',
    header: 'Host',
    width: 'minmax(5rem, 0.9fr)',
    compare: (a, b) => a.hostName.localeCompare(b.hostName, 'en', { numeric: true }),
    cell: ({ hostName }) => safeText(hostName),
  },
  {
    id: 'used-by',
    header: 'Used by',
    width: 'minmax(5rem, 1fr)',
    cell: ({ view }) => view.login.consumers.map(unit => safeText(unit.name)).join(', ') || unknownValue,
  },
  {
    id: 'proven',
    header: 'Last proof',
    width: '4.75rem',
    align: 'end',
    cell: ({ view }) => (
      <RelativeTime at={view.proofs.reduce<number | null>((at, proof) => Math.max(at ?? 0, proof.at), null)} />
    ),
  },
]

function NoLogins(): ReactNode {
  return (
    <EmptyState
      icon={Cookie}
      title="No login is watched yet"
      text="A login is a file of cookies, or a token, that a bot on a host lives on. It is watched, proven and renewed from here."
    >
      <LinkButton to={places.addLogin} look="primary" icon={Plus}>
        Add login
      </LinkButton>
    </EmptyState>
  )
}

// All logins, trouble first, then by their end. Shows what the engine says and decides nothing.
import { Cookie, Plus, SearchX } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { LoginView } from '../../../shared/model/login.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import { type Column, DataTable, readSort, writeSort } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FilterBar } from '../../components/filter-bar.tsx'
import { FilterInput, useRouteValue } from '../../components/filter-input.tsx'
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
  const navigate = useNavigate()
  const now = useNow(5000)
  const { data: hosts = [] } = useHosts()
  const [text, setText] = useRouteValue('q')
  const [sort, setSort] = useRouteValue('sort')
  const all = useMemo(() => loginRows(props.logins, hosts, now), [props.logins, hosts, now])
  const rows = text ? all.filter(row => matchesLogin(row, text)) : all
  return (
    <>
      <FilterBar>
        <FilterInput label="Filter logins" value={text} onChange={value => setText(value)} />
      </FilterBar>
      <DataTable<LoginRow>
        label="Logins"
        rows={rows}
        rowKey={row => row.view.login.id}
        rowRem={3.25}
        columns={columns}
        sort={readSort(sort)}
        onSort={next => setSort(writeSort(next), { push: true })}
        onOpen={row => void navigate(loginPath(row.view.login.id))}
        empty={
          <EmptyState icon={SearchX} title="No login matches the filter">
            <Button onClick={() => setText('')}>Show all logins</Button>
          </EmptyState>
        }
      />
    </>
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

// The screens on which a login is made or changed.
import { UserX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { localHostId } from '../../../shared/model/host.ts'
import { type LoginDraft, LoginDraft as Schema } from '../../../shared/model/login.ts'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Page } from '../../components/page.tsx'
import { useLogins, useSites } from '../../data/logins.ts'
import { places } from '../../lib/places.ts'
import { LoginForm } from './login-form.tsx'

/** `?host=…&path=…` fills in what is known already. */
export function NewLoginView(): ReactNode {
  const sites = useSites()
  const [params] = useSearchParams()
  return (
    <Page title="Add login" body="scroll">
      <QueryFaces query={sites} failed="The known sites could not be read">
        {list => <LoginForm login={null} draft={freshDraft(params)} sites={list} />}
      </QueryFaces>
    </Page>
  )
}

export function EditLoginView(): ReactNode {
  const { loginId = '' } = useParams()
  const sites = useSites()
  const logins = useLogins()
  return (
    <Page title="Edit login" body="scroll">
      <QueryFaces query={sites} failed="The known sites could not be read">
        {list => (
          <QueryFaces query={logins} failed="The login could not be read">
            {views => {
              const login = views.find(view => view.login.id === loginId)?.login
              if (!login)
                return (
                  <EmptyState icon={UserX} title="There is no such login">
                    <LinkButton to={places.logins}>Show all logins</LinkButton>
                  </EmptyState>
                )
              const { id: _, createdAt: __, checkId: ___, ...draft } = login
              return <LoginForm key={login.id} login={login} draft={draft} sites={list} />
            }}
          </QueryFaces>
        )}
      </QueryFaces>
    </Page>
  )
}

function freshDraft(params: URLSearchParams): LoginDraft {
  const path = params.get('path') ?? ''
  const known = Schema.parse({ name: 'Login', hostId: params.get('host') ?? localHostId, path: '/unknown' })
  return { ...known, path: path.startsWith('/') ? path : '/' }
}
